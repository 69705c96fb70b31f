import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tokenlessStorage } from '../src/storage.js';

/** As much of `localStorage` as is used: items are properties, methods are not listed. */
function fakeLocalStorage(items) {
  const methods = {
    getItem(key) {
      return Object.hasOwn(this, key) ? this[key] : null;
    },
    setItem(key, value) {
      this[key] = value;
    },
    removeItem(key) {
      delete this[key];
    },
  };
  return Object.assign(Object.create(methods), items);
}

test('keeps request headers out of the history', () => {
  const local = fakeLocalStorage({});
  const entry = { query: '{ x }', variables: '{"headers":1}', headers: '{"Authorization":"secret"}' };

  tokenlessStorage(local).setItem('graphiql:queries', JSON.stringify({ queries: [entry] }));

  const { query, variables } = entry;
  assert.deepEqual(JSON.parse(local['graphiql:queries']), { queries: [{ query, variables }] });
});

test('stores anything else as it is', () => {
  const local = fakeLocalStorage({});
  const storage = tokenlessStorage(local);

  storage.setItem('graphiql:variables', '{ "headers": 1 }');

  assert.equal(storage.getItem('graphiql:variables'), '{ "headers": 1 }');
});

test('clears only what is its own', () => {
  const local = fakeLocalStorage({ 'graphiql:query': '{ x }', other: 'kept' });
  const storage = tokenlessStorage(local);
  assert.equal(storage.length, 1);

  storage.clear();

  assert.deepEqual({ ...local }, { other: 'kept' });
});
