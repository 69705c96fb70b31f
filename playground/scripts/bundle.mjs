// What a built playground is made of, on disk and in its manifest.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DIST = join(ROOT, 'dist');
export const MANIFEST = 'manifest.json';
export const COMPRESSED = '.br';

// Whoever adds a kind of file says what it is; a guess would be served to browsers.
const CONTENT_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};

/** Every file below `directory`: its path, with forward slashes, to its bytes, in order of path. */
export async function readFiles(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

  const files = new Map();
  for (const path of paths) files.set(path, await readFile(join(directory, path)));
  return files;
}

/** The text of `manifest.json` for uncompressed `files`. */
export function manifestOf(files) {
  const entries = [...files].map(([path, bytes]) => ({
    path,
    content_type: contentType(path),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
  return `${JSON.stringify({ files: entries }, null, 2)}\n`;
}

function contentType(path) {
  const type = CONTENT_TYPES[extname(path)];
  if (!type) throw new Error(`${path}: name its content type in scripts/bundle.mjs`);
  return type;
}
