// The built user interface, which both programs carry inside them.

import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { npm } from './programs.mjs';
import { hashOf, isStamped, stamp } from './stamps.mjs';
import { step } from './steps.mjs';

const FOLDER = path.join(root, 'ui');
const INDEX = path.join(FOLDER, 'dist', 'index.html');
const STAMP = path.join(root, 'node_modules', '.cache', 'moustique', 'user-interface');
/** What a build writes, installs or only tests: no input of it. */
const NOT_INPUT = new Set(['dist', 'node_modules', 'coverage', 'tests']);

/** Builds it unless the one there was built from these very sources. */
export async function buildUserInterface() {
  const sources = hashOf(inputs(), root);
  if (isStamped(STAMP, stampFor(sources))) return;
  await step('Building the user interface', ...npm('run', 'build', '--workspace', 'ui'));
  stamp(STAMP, stampFor(sources));
}

function inputs() {
  const own = fs
    .readdirSync(FOLDER)
    .filter((name) => !NOT_INPUT.has(name) && !name.startsWith('.'))
    .map((name) => path.join(FOLDER, name));
  return [...own, path.join(root, 'package-lock.json')];
}

/** Names the build too, by its time: one made by hand since then is not the one stamped. */
function stampFor(sources) {
  const built = fs.statSync(INDEX, { throwIfNoEntry: false })?.mtimeMs ?? 'missing';
  return `${sources} ${built}`;
}
