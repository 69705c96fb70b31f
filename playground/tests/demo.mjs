// Starts `pleach demo`, opens its playground in a browser, runs one operation that takes four
// systems to answer, and compares the answer with the demo's data.
//
//     npm run test:demo -- PROGRAM [--screenshot FILE]

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { attempt, report } from './attempt.mjs';
import { startDemo } from './demo/program.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { screenshot: { type: 'string' } },
});
const [program] = positionals;

if (!program) {
  console.error('usage: demo.mjs PROGRAM [--screenshot FILE]');
  process.exit(2);
}
const query = await read('four-systems.graphql');
const expected = JSON.parse(await read('four-systems.json'));

const demo = startDemo(program);
const problems = await problemsOfDemo().catch((error) => [error.message]);
problems.push(...(await demo.stop()));
if (problems.length > 0) console.error(demo.output);
report(problems);

async function problemsOfDemo() {
  const url = await demo.url();
  console.log(`the demo is at ${url}`);
  return attempt(url, { query, expected, screenshot: options.screenshot });
}

function read(name) {
  return readFile(new URL(`demo/${name}`, import.meta.url), 'utf8');
}
