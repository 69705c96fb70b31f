import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readInitialRequest } from '../src/initial-request.js';

test('leaves the editors alone without parameters', () => {
  assert.deepEqual(readInitialRequest(''), {
    query: undefined,
    variables: undefined,
    operationName: undefined,
  });
});

test('takes the whole request from the address', () => {
  assert.deepEqual(readInitialRequest('?query=query+Q+%7Bx%7D&variables=%7B%7D&operationName=Q'), {
    query: 'query Q {x}',
    variables: '{}',
    operationName: 'Q',
  });
});

test('does not join a linked query with variables of an earlier visit', () => {
  assert.equal(readInitialRequest('?query=%7Bx%7D').variables, '');
});
