// Turns what Vite wrote to dist/ into what is committed: each file as NAME.br, and the manifest.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

import { COMPRESSED, DIST, MANIFEST, manifestOf, readFiles } from './bundle.mjs';

const files = await readFiles(DIST);
await writeFile(join(DIST, MANIFEST), manifestOf(files));

let compressedSize = 0;
for (const [path, bytes] of files) {
  const compressed = compress(bytes);
  compressedSize += compressed.length;
  await writeFile(join(DIST, path + COMPRESSED), compressed);
  await rm(join(DIST, path));
}

const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(`${files.size} files, ${kilobytes(size)}, compressed to ${kilobytes(compressedSize)}`);

function compress(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

function kilobytes(count) {
  return `${(count / 1000).toFixed(0)} kB`;
}
