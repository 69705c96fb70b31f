/**
 * What the page's address asks to be put into the editors:
 * `/?query=…&variables=…&operationName=…`, named as GraphQL over HTTP names them.
 *
 * Absent values are `undefined`, which leaves the choice to what the browser
 * remembers of the last visit. A link with a query is a whole request, though: it
 * must not be joined with the variables of some earlier one.
 */
export function readInitialRequest(search) {
  const parameters = new URLSearchParams(search);
  const query = parameters.get('query') ?? undefined;
  const variables = parameters.get('variables') ?? (query === undefined ? undefined : '');
  const operationName = parameters.get('operationName') ?? undefined;
  return { query, variables, operationName };
}
