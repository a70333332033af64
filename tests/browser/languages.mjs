// The snippets of the page, out of the sources of the user interface.

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { root } from '../../scripts/lib/paths.mjs';

const SOURCES = path.join(root, 'ui', 'src');

/** The languages, and the texts that break what is quoted by half; built in this folder. */
export async function loadLanguages(folder) {
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir: folder,
      lib: {
        entry: {
          languages: path.join(SOURCES, 'lib', 'connect', 'languages', 'index.ts'),
          hostile: path.join(SOURCES, 'test', 'hostile.ts'),
        },
        formats: ['es'],
        fileName: (_, name) => `${name}.mjs`,
      },
    },
  });
  const load = (name) => import(pathToFileURL(path.join(folder, name)));
  const [{ languages }, { HOSTILE }] = await Promise.all([
    load('languages.mjs'),
    load('hostile.mjs'),
  ]);
  return { languages, HOSTILE };
}
