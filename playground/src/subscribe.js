import { readEvents } from './event-stream.js';

// The second and third are for the error that a refused subscription is answered with.
const ACCEPT = 'text/event-stream, application/graphql-response+json;q=0.9, application/json;q=0.8';

/**
 * The results of one subscription, received as server-sent events.
 *
 * Events rather than a WebSocket, because they are an ordinary request: the
 * Authorization header goes where every other operation has it.
 */
export function subscribe(endpoint, request, headers) {
  const cancellation = new AbortController();
  const results = receive(endpoint, request, headers, cancellation.signal);

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => results.next(),
    // A generator's own `return` waits for the pending result, which may never come.
    return() {
      cancellation.abort();
      return results.return();
    },
  };
}

async function* receive(endpoint, request, headers, signal) {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: ACCEPT, ...headers },
      body: JSON.stringify(request),
      signal,
    });

    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      yield await response.json();
      return;
    }

    for await (const { event, data } of readEvents(response.body)) {
      if (event === 'next') yield JSON.parse(data);
      if (event === 'complete') return;
    }
  } catch (error) {
    // Stopping is what the person asked for, not a failure to report.
    if (!signal.aborted) throw error;
  }
}
