// Questions to other programs, answered at once.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/** `cargo metadata` says the most, some 4 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** What a program says on its standard output, or null when it is absent or fails. */
export function ask(command, args) {
  const { status, stdout } = query(command, args);
  return status === 0 ? stdout.trim() : null;
}

/** The same with the exit code, for programs that answer and complain at once. */
export function query(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: MAX_ANSWER_BYTES,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  return { status, stdout: stdout ?? '' };
}

/** Whether a program of this name stands in PATH. */
export function isInPath(name) {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((folder) => folder !== '' && names.some((file) => isProgram(path.join(folder, file))));
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** npm as a program and its first arguments: the very npm that runs this command, where there is one. */
export function npm(...args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return [process.execPath, [script, ...args]];
  // npm.cmd is not a program that Windows starts without a shell.
  if (process.platform === 'win32') return ['cmd.exe', ['/d', '/s', '/c', 'npm', ...args]];
  return ['npm', args];
}
