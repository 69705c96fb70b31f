import assert from 'node:assert/strict';
import { test } from 'node:test';

import { missingFrom } from './subset.mjs';

test('accepts members that were not asked about', () => {
  assert.deepEqual(missingFrom({ a: [{ b: 1, c: 2 }], d: null }, { a: [{ b: 1 }] }), []);
});

test('names the path of every difference', () => {
  assert.deepEqual(missingFrom({ a: [{ b: 1 }], d: null }, { a: [{ b: 2 }], d: {}, e: 3 }), [
    'data.a[0].b is 1, expected 2',
    'data.d is null, expected {}',
    'data.e is absent, expected 3',
  ]);
});

test('does not accept a list with a surplus element', () => {
  assert.deepEqual(missingFrom({ a: [1, 2] }, { a: [1] }), ['data.a has 2 elements, expected 1']);
});
