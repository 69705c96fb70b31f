// Opens a running gateway's playground in a browser, runs one operation and compares the answer.
//
//     npm run test:browser -- URL --query FILE [--expect FILE] [--screenshot FILE]
//
// The operation may come from PLEACH_QUERY instead. FILE of --expect holds the JSON
// that the response's `data` must contain.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { missingFrom } from './subset.mjs';
import { launchBrowser, visit } from './visit.mjs';

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

const browser = await launchBrowser();
try {
  const problems = await problemsOfVisit().catch((error) => [error.message]);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await browser.close();
}

async function problemsOfVisit() {
  const playground = await visit(browser, url);
  try {
    const fields = await playground.waitForSchema();
    console.log(`the explorer lists ${fields.length} query fields`);
    await playground.writeQuery(query);
    await playground.run();
    const { data, errors } = await playground.readResponse();
    if (errors) playground.problems.push(`the response has errors: ${JSON.stringify(errors)}`);
    playground.problems.push(...missingFrom(data, expected));
  } catch (error) {
    playground.problems.push(error.message);
  }
  // A failed visit is the one whose picture is wanted most.
  if (options.screenshot) await playground.screenshot(options.screenshot);
  return playground.problems;
}
