import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';

import { DIST, MANIFEST } from '../scripts/bundle.mjs';

const { files } = JSON.parse(await readFile(join(DIST, MANIFEST), 'utf8'));
const page = brotliDecompressSync(await readFile(join(DIST, 'index.html.br'))).toString();

test('the page names its endpoint once, in the very words that the gateway replaces', () => {
  assert.equal(page.split('<meta name="pleach-endpoint" content="/graphql">').length, 2);
});

test('the page loads nothing but files of the bundle', () => {
  const addresses = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
  const served = new Set(files.map(({ path }) => `/playground/${path}`));

  assert.ok(addresses.length > 0);
  assert.deepEqual(addresses.filter((address) => !served.has(address)), []);
});

test('the page runs no script of its own, which its security policy would forbid', () => {
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(page, /\son[a-z]+=/);
});

test('every file but the page and the licences has a name that changes with its content', () => {
  const fixed = files.map(({ path }) => path).filter((path) => !path.startsWith('assets/'));

  assert.deepEqual(fixed, ['index.html', 'licenses-monaco.txt', 'licenses.md']);
});
