import { readFile } from 'node:fs/promises';
import { defineConfig } from 'vite';

export default defineConfig({
  // The page itself is served at `/`; everything it loads lives under this prefix.
  base: '/playground/',
  plugins: [monacoNotices()],
  build: {
    // Files, never data: URLs, so that the page runs under a strict content security policy.
    assetsInlineLimit: 0,
    // Every browser that runs the rest of this bundle knows modulepreload.
    modulePreload: { polyfill: false },
    // The bundle copies other people's work, so their notices travel with it.
    license: { fileName: 'licenses.md' },
    // Monaco is one large chunk, and is meant to be.
    chunkSizeWarningLimit: 4096,
    reportCompressedSize: false,
    // Libraries mark their modules "use client" for servers that render React; none does here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  worker: { format: 'es' },
  server: {
    // `npm run dev` edits the page against a gateway that runs on its default port.
    proxy: { '/graphql': 'http://localhost:4000' },
  },
});

/** Monaco carries the work of others inside its own package, where `license` does not look. */
function monacoNotices() {
  const notices = new URL('node_modules/monaco-editor/ThirdPartyNotices.txt', import.meta.url);
  return {
    name: 'monaco-notices',
    apply: 'build',
    async generateBundle() {
      const source = await readFile(notices);
      this.emitFile({ type: 'asset', fileName: 'licenses-monaco.txt', source });
    },
  };
}
