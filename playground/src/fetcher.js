import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';

import { subscribe } from './subscribe.js';

/** Sends GraphiQL's requests to `endpoint`, with the headers typed into its editor. */
export function createFetcher(endpoint) {
  // Understands single answers and the multipart ones of @defer and @stream.
  const execute = createGraphiQLFetcher({ url: endpoint });

  return (request, context) =>
    isSubscription(request, context)
      ? subscribe(endpoint, request, context.headers)
      : execute(request, context);
}

function isSubscription({ operationName }, context) {
  const document = context?.documentAST;
  return Boolean(document) && getOperationAST(document, operationName)?.operation === 'subscription';
}
