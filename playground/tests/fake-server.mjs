// A stand-in for the gateway: the committed page, served as the gateway serves it, and
// a GraphQL endpoint just large enough to try the page on.
//
//     node tests/fake-server.mjs [PORT]

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { buildSchema, graphql, parse, subscribe } from 'graphql';

import { COMPRESSED, DIST, MANIFEST } from '../scripts/bundle.mjs';

// Not the address in index.html, so that a page which ignores what it is told is found out.
const ENDPOINT = '/api/graphql';

// What the page needs, and nothing more. Monaco builds its style sheets as it runs, and
// underlines mistakes with images that are data: URLs.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const SCHEMA = buildSchema(`
  type Query {
    greeting(name: String = "world"): String!
    "The Authorization header that the request came with."
    authorization: String
  }

  type Subscription {
    "Counts down to one, then waits for ever."
    countdown(from: Int!): Int!
  }
`);

const ROOT_VALUE = {
  greeting: ({ name }) => `Hello, ${name}`,
  authorization: (_, { authorization }) => authorization,
  countdown,
};

/** Listens on `port` of the loopback address; 0 lets the system choose one. */
export async function startFakeServer(port = 0) {
  const files = await listFiles();
  const state = { stoppedSubscriptions: 0 };
  const server = createServer((request, response) => {
    handle(files, state, request, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    state,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listFiles() {
  const manifest = JSON.parse(await readFile(join(DIST, MANIFEST), 'utf8'));
  return new Map(manifest.files.map((file) => [`/playground/${file.path}`, file]));
}

async function handle(files, state, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') return servePage(response);
  if (pathname === ENDPOINT) return serveGraphql(state, request, response);

  const file = files.get(pathname);
  if (!file) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': file.content_type, 'content-encoding': 'br' });
  createReadStream(join(DIST, file.path + COMPRESSED)).pipe(response);
}

async function servePage(response) {
  const page = brotliDecompressSync(await readFile(join(DIST, 'index.html' + COMPRESSED)));
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
  });
  response.end(page.toString().replace('content="/graphql"', `content="${ENDPOINT}"`));
}

async function serveGraphql(state, request, response) {
  const { query, variables, operationName } = JSON.parse(await readBody(request));
  const parameters = {
    schema: SCHEMA,
    rootValue: ROOT_VALUE,
    contextValue: request.headers,
    variableValues: variables,
    operationName,
  };

  if (request.headers.accept.includes('text/event-stream')) {
    const results = await subscribe({ ...parameters, document: parse(query) });
    return serveEvents(state, results, response);
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(await graphql({ ...parameters, source: query })));
}

async function serveEvents(state, results, response) {
  response.on('close', () => state.stoppedSubscriptions++);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for await (const result of results) {
    response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
  }
}

async function* countdown({ from }) {
  for (let count = from; count > 0; count--) yield { countdown: count };
  await new Promise(() => {});
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startFakeServer(Number(process.argv[2] ?? 4000));
  console.log(`The playground is at ${url}`);
}
