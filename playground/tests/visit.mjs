// A visit to the playground in a real browser, in the words of the person who makes it.

import { chromium } from 'playwright-core';

const TIMEOUT_MS = 60_000;
const HEADERS_PAUSE_MS = 1_000;

const BROWSER_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// How GraphiQL calls its editors, at the end of the path of each one's model.
const EDITORS = {
  query: 'operation.graphql',
  headers: 'request-headers.json',
  response: 'response.json',
};

/** Starts the browser named by `CHROMIUM`, or the one Debian installs. */
export function launchBrowser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: BROWSER_FLAGS, timeout: TIMEOUT_MS });
}

/** Opens `url` as someone who has never been there. */
export async function visit(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const playground = new Visit(page, new URL(url).origin);
  await page.goto(url);
  return playground;
}

class Visit {
  /** What a page in order never does: outside requests, errors, policy violations. */
  problems = [];
  #queryFields;

  constructor(page, origin) {
    this.page = page;
    this.#queryFields = introspectedQueryFields(page);
    // Only a visit that waits for the schema is to hear that there was none.
    this.#queryFields.catch(() => {});

    const noteAddress = (address) => {
      // blob: URLs have the origin that made them, and data: URLs are not asked of anyone.
      const url = new URL(address.replace(/^ws/, 'http'));
      if (url.origin !== origin && url.protocol !== 'data:') {
        this.problems.push(`request to another origin: ${address}`);
      }
    };
    page.on('request', (request) => noteAddress(request.url())); // those of its workers, too
    page.on('websocket', (socket) => noteAddress(socket.url()));
    page.on('console', (message) => {
      // Chromium reports a violated content security policy here as well.
      if (message.type() === 'error') this.problems.push(`console error: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.problems.push(`uncaught error: ${error.message}`));
  }

  /** Waits until the explorer offers every field of the query type, and returns their names. */
  async waitForSchema() {
    const names = await this.#queryFields;
    for (const name of names) {
      await this.page.locator(`.graphiql-explorer-root [data-field-name="${name}"]`).first().waitFor();
    }
    return names;
  }

  async writeQuery(text) {
    await this.#write(EDITORS.query, text);
    // GraphiQL reads what is typed after a pause, and remembers it in the same moment.
    await this.page.waitForFunction((query) => localStorage['graphiql:query'] === query, text);
  }

  async writeHeaders(headers) {
    await this.#write(EDITORS.headers, JSON.stringify(headers));
    // GraphiQL pauses before it reads these as well, and leaves no trace to wait for.
    await this.page.waitForTimeout(HEADERS_PAUSE_MS);
  }

  async readQuery() {
    const model = await this.#model(EDITORS.query);
    return model.evaluate((model) => model.getValue());
  }

  /** Presses the round button, which also stops an operation that goes on. */
  async run() {
    await this.page.locator('button.graphiql-execute-button').click();
  }

  /** Waits for the first answer, makes sure that a person could read it, and returns it parsed. */
  async readResponse() {
    const model = await this.#model(EDITORS.response);
    await this.page.waitForFunction((model) => model.getValue() !== '', model);
    const text = await model.evaluate((model) => model.getValue());

    const firstName = /".*?"/.exec(text)?.[0] ?? text;
    await this.page
      .locator('.graphiql-response .view-line')
      .filter({ hasText: firstName })
      .first()
      .waitFor();
    return JSON.parse(text);
  }

  /** Waits until the response reads as `expected`, whatever it was before. */
  async waitForResponse(expected) {
    const model = await this.#model(EDITORS.response);
    await this.page.waitForFunction(
      ([model, expected]) => model.getValue() === expected,
      [model, JSON.stringify(expected, null, 2)],
    );
  }

  async screenshot(path) {
    await this.page.screenshot({ path });
  }

  // Typing would have the editor close brackets and indent lines that are complete already.
  async #write(name, text) {
    const model = await this.#model(name);
    await model.evaluate((model, text) => model.setValue(text), text);
  }

  /** What an editor shows and changes, in Monaco's terms, once the editor is there. */
  #model(name) {
    return this.page.waitForFunction(
      (name) =>
        globalThis.__MONACO?.editor.getModels().find((model) => model.uri.path.endsWith(name)),
      name,
    );
  }
}

/** The names of the query type's fields, from the first introspection that `page` receives. */
async function introspectedQueryFields(page) {
  const response = await page.waitForResponse((response) =>
    response.request().postData()?.includes('__schema'),
  );
  const { __schema: schema } = (await response.json()).data;
  const queryType = schema.types.find(({ name }) => name === schema.queryType.name);
  return queryType.fields.map(({ name }) => name);
}
