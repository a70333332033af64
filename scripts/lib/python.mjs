// The Python environment of the tests: the published client, as its users install it.

import fs from 'node:fs';
import path from 'node:path';
import { pythonEnvironment, pythonProgram, root } from './paths.mjs';
import { isInPath } from './programs.mjs';
import { hashOf, isStamped, stamp } from './stamps.mjs';
import { step } from './steps.mjs';

const REQUIREMENTS = path.join(root, 'tests', 'requirements.txt');

/** Makes the environment, or renews it when its requirements have changed. */
export async function installPythonEnvironment() {
  const file = path.join(pythonEnvironment, '.moustique-requirements');
  const wanted = hashOf([REQUIREMENTS], root);
  // The interpreter is a link that breaks when the system's Python is replaced.
  if (fs.existsSync(pythonProgram('python')) && isStamped(file, wanted)) return;
  const system = ['python3', 'python'].find(isInPath) ?? 'python3';
  await step('Creating the Python environment', system, [
    '-m',
    'venv',
    '--clear',
    pythonEnvironment,
  ]);
  await pipInstall('Installing the Python packages', ['-r', REQUIREMENTS]);
  stamp(file, wanted);
}

/** Installs into the environment. */
export async function pipInstall(title, args) {
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input'];
  await step(title, pythonProgram('python'), [...pip, ...args]);
}
