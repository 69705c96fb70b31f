/**
 * Where `actual` fails to contain `expected`, as paths with a reason; empty when it does.
 *
 * An object may have more members than expected. A list must have exactly the expected
 * elements, in their order: GraphQL promises both, so a surplus one is a difference.
 */
export function missingFrom(actual, expected, path = 'data') {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [differs(path, actual, expected)];
    if (actual.length !== expected.length) {
      return [`${path} has ${actual.length} elements, expected ${expected.length}`];
    }
    return expected.flatMap((element, index) =>
      missingFrom(actual[index], element, `${path}[${index}]`),
    );
  }

  if (isObject(expected)) {
    if (!isObject(actual)) return [differs(path, actual, expected)];
    return Object.entries(expected).flatMap(([name, value]) =>
      name in actual
        ? missingFrom(actual[name], value, `${path}.${name}`)
        : [`${path}.${name} is absent, expected ${JSON.stringify(value)}`],
    );
  }

  return actual === expected ? [] : [differs(path, actual, expected)];
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function differs(path, actual, expected) {
  return `${path} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
}
