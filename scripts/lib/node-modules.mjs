// The packages of the user interface, exactly as package-lock.json pins them.

import path from 'node:path';
import { root } from './paths.mjs';
import { npm } from './programs.mjs';
import { hashOf, isStamped, stamp } from './stamps.mjs';
import { step } from './steps.mjs';

/** Runs `npm ci` unless it was run for this very lock file. */
export async function installNodeModules() {
  // `npm ci` begins by removing the folder, the stamp with it.
  const file = path.join(root, 'node_modules', '.moustique-lock');
  const wanted = hashOf([path.join(root, 'package-lock.json')], root);
  if (isStamped(file, wanted)) return;
  await step('Installing the Node packages', ...npm('ci', '--no-audit', '--no-fund'));
  stamp(file, wanted);
}
