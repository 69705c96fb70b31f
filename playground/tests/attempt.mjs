// One operation, run in a gateway's playground as a person would run it.

import { missingFrom } from './subset.mjs';
import { launchBrowser, visit } from './visit.mjs';

/**
 * What goes wrong when `query` is run in the playground at `url`; empty when nothing does.
 *
 * The response's `data` must contain `expected`. A picture of the page is written to
 * `screenshot`, if that is given.
 */
export async function attempt(url, { query, expected = {}, screenshot }) {
  const browser = await launchBrowser();
  try {
    return await problemsOfVisit(await visit(browser, url), { query, expected, screenshot });
  } catch (error) {
    return [error.message];
  } finally {
    await browser.close();
  }
}

/** Prints the problems, and lets the process fail if there are any. */
export function report(problems) {
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function problemsOfVisit(playground, { query, expected, screenshot }) {
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
  if (screenshot) await playground.screenshot(screenshot);
  return playground.problems;
}
