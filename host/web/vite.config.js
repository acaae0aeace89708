// Builds one application. Everything is loaded from its own origin, and nothing is inlined: the pages run under
// `default-src 'self'`.
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { compress } from './tools/compress.mjs';

export default defineConfig(({ mode }) => ({
  plugins: [svelte({ preprocess: vitePreprocess() }), compress()],
  build: {
    target: ['chrome125', 'edge125', 'firefox128', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  // Tests run the client side of Svelte, as the browser does.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  server: { port: 7172, proxy: { '/api': 'http://127.0.0.1:7171' } },
  test: { include: ['src/**/*.test.ts'] },
}));
