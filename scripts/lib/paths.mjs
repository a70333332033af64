// Where things are, whatever folder a command was typed in.

import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top level of the repository. */
export const root = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/**
 * The folder Cargo builds into. Cargo reads a relative CARGO_TARGET_DIR against
 * the folder it runs in, which is the top level for every command here.
 */
export const targetDirectory = path.resolve(root, process.env.CARGO_TARGET_DIR || 'target');

/** One file for each step, overwritten by the next run of that step. */
export const logDirectory = path.join(targetDirectory, 'logs');

/** Packages and installers, in a folder for each kind: also where Tauri puts its own. */
export const bundleDirectory = path.join(targetDirectory, 'release', 'bundle');

/** The Python environment of the tests. */
export const pythonEnvironment = path.join(root, '.venv');

/** What takes long to make and is the same for every clone. */
export const cacheDirectory = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'moustique',
);

/** Programs that the tests run, and that are not installed. */
export const toolDirectory = path.join(root, '.tools');

/** A program built with the release profile. */
export function releaseProgram(name) {
  return path.join(targetDirectory, 'release', executable(name));
}

/** A program installed into the Python environment. */
export function pythonProgram(name) {
  const folder = process.platform === 'win32' ? 'Scripts' : 'bin';
  return path.join(pythonEnvironment, folder, executable(name));
}

function executable(name) {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
