import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readEvents } from '../src/event-stream.js';

async function eventsOf(...chunks) {
  const encoder = new TextEncoder();
  const body = ReadableStream.from(chunks.map((chunk) => encoder.encode(chunk)));
  const events = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test('reads events, whichever line break ends their lines', async () => {
  assert.deepEqual(await eventsOf('event: next\ndata: 1\n\nevent:next\r\ndata:2\r\n\r\n'), [
    { event: 'next', data: '1' },
    { event: 'next', data: '2' },
  ]);
});

test('joins what the network cut, even within a line break', async () => {
  assert.deepEqual(await eventsOf('event: ne', 'xt\r', '\ndata: {"a"', ':1}\r\n\r', '\n'), [
    { event: 'next', data: '{"a":1}' },
  ]);
});

test('joins the data lines of one event', async () => {
  assert.deepEqual(await eventsOf('data: one\ndata: two\n\n'), [{ event: 'message', data: 'one\ntwo' }]);
});

test('skips comments, and events without data', async () => {
  assert.deepEqual(await eventsOf(': still here\n\nevent: complete\n\ndata\n\n'), [
    { event: 'message', data: '' },
  ]);
});

test('keeps line separators that JSON allows within a string', async () => {
  assert.deepEqual(await eventsOf('data: "\u2028"\n\n'), [{ event: 'message', data: '"\u2028"' }]);
});

test('drops an event that the end of the stream cut short', async () => {
  assert.deepEqual(await eventsOf('data: whole\n\ndata: half\n'), [{ event: 'message', data: 'whole' }]);
});
