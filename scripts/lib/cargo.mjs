// Cargo as this repository calls it.

import fs from 'node:fs';
import path from 'node:path';
import { pythonProgram, releaseProgram, targetDirectory } from './paths.mjs';
import { step } from './steps.mjs';

/** Where a stale Cargo.lock must be an error and not an edit. */
export const LOCKED = process.env.CI ? ['--locked'] : [];

/** The packages of the two programs. */
export const HEADLESS = 'moustique';
export const DESKTOP = 'moustique-desktop';

/** Where the black-box tests find what they test, and what they test it with. */
export const TEST_ENVIRONMENT = {
  MOUSTIQUE_BIN_DIR: path.join(targetDirectory, 'release'),
  MOUSTIQUE_PYTHON: pythonProgram('python'),
};

/** A Cargo command line: `cargo('test', '--workspace')`. */
export function cargo(command, ...args) {
  return ['cargo', [command, ...LOCKED, ...args]];
}

/** Builds these programs as they are shipped. */
export async function buildRelease(...packages) {
  const selected = packages.flatMap((name) => ['-p', name]);
  await step(`Building ${packages.join(' and ')}`, ...cargo('build', '--release', ...selected));
}

/** A built program with its size in bytes. */
export function builtProgram(name) {
  const file = releaseProgram(name);
  return { file, bytes: fs.statSync(file).size };
}
