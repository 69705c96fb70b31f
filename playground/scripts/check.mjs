// Proves that dist/ is what the sources build, by building them once more elsewhere.
//
// Contents are compared uncompressed: two versions of brotli may pack the same bytes
// differently, and neither is wrong.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { build } from 'vite';

import { COMPRESSED, DIST, MANIFEST, manifestOf, readFiles, ROOT } from './bundle.mjs';

const built = await buildFiles();
built.set(MANIFEST, Buffer.from(manifestOf(built)));

const committed = await committedFiles();
const differences = compare(built, committed);

for (const difference of differences) console.error(difference);
if (differences.length > 0) {
  console.error('\ndist/ is not what the sources build. Run `npm ci && npm run build` and commit dist/.');
  process.exitCode = 1;
} else {
  console.log(`dist/ is what the sources build: ${committed.size} files compared`);
}

async function buildFiles() {
  const outDir = await mkdtemp(join(tmpdir(), 'pleach-playground-'));
  try {
    await build({ root: ROOT, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
    return await readFiles(outDir);
  } finally {
    await rm(outDir, { recursive: true });
  }
}

/** The files in dist/, decompressed. What should not be there keeps its name, and so shows up. */
async function committedFiles() {
  const files = new Map();
  for (const [path, bytes] of await readFiles(DIST)) {
    if (path.endsWith(COMPRESSED)) {
      files.set(path.slice(0, -COMPRESSED.length), decompress(path, bytes));
    } else {
      files.set(path === MANIFEST ? path : `${path} (not compressed)`, bytes);
    }
  }
  return files;
}

function decompress(path, bytes) {
  try {
    return brotliDecompressSync(bytes);
  } catch (cause) {
    throw new Error(`dist/${path} is not brotli`, { cause });
  }
}

function compare(expected, actual) {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return paths.flatMap((path) => {
    const [want, have] = [expected.get(path), actual.get(path)];
    if (!have) return `missing   ${path}`;
    if (!want) return `surplus   ${path}`;
    if (!want.equals(have)) return `different ${path} (${have.length} bytes, built ${want.length})`;
    return [];
  });
}
