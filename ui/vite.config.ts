import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // The broker may serve the page under a sub-path, and the window from a
  // scheme of its own: every address in the page is relative to it.
  base: './',
  build: {
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The content security policy refuses inlined files and inlined scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Under test, Svelte must resolve to the code that mounts into a document.
  ...(mode === 'test' ? { resolve: { conditions: [...defaultClientConditions] } } : {}),
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
  },
}));
