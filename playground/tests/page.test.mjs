import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { startFakeServer } from './fake-server.mjs';
import { launchBrowser, visit } from './visit.mjs';

let browser;
let server;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.close());

test('runs a query against the endpoint that the page names', async () => {
  const playground = await visit(browser, server.url);

  assert.deepEqual((await playground.waitForSchema()).sort(), ['authorization', 'greeting']);
  await playground.writeQuery('{ greeting(name: "you") }');
  await playground.run();

  assert.deepEqual(await playground.readResponse(), { data: { greeting: 'Hello, you' } });
  assert.equal(await playground.page.title(), 'Pleach');
  assert.deepEqual(playground.problems, []);
});

test('greets a first visitor with what to do, and a query that runs anywhere', async () => {
  const playground = await visit(browser, server.url);
  await playground.waitForSchema();

  assert.match(await playground.readQuery(), /^# Pick fields/);
  await playground.run();
  assert.deepEqual(await playground.readResponse(), { data: { __typename: 'Query' } });
  assert.deepEqual(playground.problems, []);
});

test('sends the headers in the editor, and keeps them nowhere', async () => {
  const playground = await visit(browser, server.url);
  await playground.waitForSchema();
  await playground.writeQuery('{ authorization }');
  await playground.writeHeaders({ Authorization: 'Bearer secret' });
  await playground.run();

  assert.deepEqual(await playground.readResponse(), { data: { authorization: 'Bearer secret' } });
  await playground.page.waitForFunction(() => localStorage['graphiql:queries']);
  const stored = await playground.page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.doesNotMatch(stored, /secret/);
  assert.deepEqual(playground.problems, []);
});

test('starts with the request that a link carries', async () => {
  const link = new URL(server.url);
  const query = 'query First { __typename }\nquery Second($name: String) { greeting(name: $name) }';
  link.searchParams.set('query', query);
  link.searchParams.set('variables', '{ "name": "link" }');
  link.searchParams.set('operationName', 'Second');
  const playground = await visit(browser, link.href);
  await playground.waitForSchema();

  assert.equal(await playground.readQuery(), query);
  await playground.page.locator('.graphiql-tab-button', { hasText: 'Second' }).waitFor();
  await playground.page.locator('.graphiql-query-editor .monaco-editor textarea').focus();
  await playground.page.keyboard.press('Control+Enter');

  assert.deepEqual(await playground.readResponse(), { data: { greeting: 'Hello, link' } });
  assert.deepEqual(playground.problems, []);
});

test('shows the results of a subscription until it is stopped', async () => {
  const playground = await visit(browser, server.url);
  await playground.waitForSchema();
  await playground.writeQuery('subscription { countdown(from: 3) }');
  await playground.run();
  await playground.waitForResponse({ data: { countdown: 1 } });
  assert.equal(server.state.stoppedSubscriptions, 0);

  await playground.run();
  while (server.state.stoppedSubscriptions === 0) await pause(20);

  await playground.waitForResponse({ data: { countdown: 1 } });
  assert.deepEqual(playground.problems, []);
});

test('prettifies the editors', async () => {
  const playground = await visit(browser, server.url);
  await playground.waitForSchema();
  await playground.writeQuery('{greeting}');
  await playground.page.getByRole('button', { name: /^Prettify/ }).click();

  await playground.page.waitForFunction(() => localStorage['graphiql:query'] === '{\n  greeting\n}\n');
  assert.deepEqual(playground.problems, []);
});
