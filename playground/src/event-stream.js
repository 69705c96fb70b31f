/**
 * The events of a `text/event-stream` body, as `{ event, data }`.
 *
 * Comments, `id` and `retry` are skipped: a subscription is never resumed.
 * See https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export async function* readEvents(body) {
  let event = '';
  let data = [];

  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
}

async function* readLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';

  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // A lone carriage return at the end may be the first half of a line break.
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}
