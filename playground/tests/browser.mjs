// Opens a running gateway's playground in a browser, runs one operation and compares the answer.
//
//     npm run test:browser -- URL --query FILE [--expect FILE] [--screenshot FILE]
//
// The operation may come from PLEACH_QUERY instead. FILE of --expect holds the JSON
// that the response's `data` must contain.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { attempt, report } from './attempt.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    query: { type: 'string' },
    expect: { type: 'string' },
    screenshot: { type: 'string' },
  },
});
const [url] = positionals;
const query = options.query ? await readFile(options.query, 'utf8') : process.env.PLEACH_QUERY;

if (!url || !query) {
  console.error('usage: browser.mjs URL --query FILE [--expect FILE] [--screenshot FILE]');
  process.exit(2);
}
const expected = options.expect ? JSON.parse(await readFile(options.expect, 'utf8')) : {};

report(await attempt(url, { query, expected, screenshot: options.screenshot }));
