// actionlint and zizmor, which look at the workflows: the one for what does not
// work, the other for what lets somebody else in.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { pythonProgram, root, toolDirectory } from './paths.mjs';
import { ask, isInPath } from './programs.mjs';
import { installPythonEnvironment, pipInstall } from './python.mjs';
import { step } from './steps.mjs';

const ACTIONLINT = '1.7.12';
const ZIZMOR = '1.32.0';
const WORKFLOWS = path.join(root, '.github', 'workflows');

/** Runs both. */
export async function lintWorkflows() {
  const files = fs.readdirSync(WORKFLOWS).map((name) => path.join(WORKFLOWS, name));
  await step('Linting the workflows with actionlint', await actionlint(), files);
  // Offline: it would ask GitHub for what the hashes stand for.
  const quiet = ['--offline', '--quiet', '--no-progress'];
  await step('Linting the workflows with zizmor', await zizmor(), [...quiet, ...files]);
}

/** No registry that is used here has it ready-made, so it is compiled. */
async function actionlint() {
  const program = path.join(toolDirectory, 'actionlint');
  if (ask(program, ['-version'])?.startsWith(`v${ACTIONLINT}`)) return program;
  if (!isInPath('go')) {
    throw new Failure('actionlint has to be compiled, which needs Go: https://go.dev/');
  }
  await step(
    'Installing actionlint',
    'go',
    ['install', `github.com/rhysd/actionlint/cmd/actionlint@v${ACTIONLINT}`],
    { environment: { GOBIN: toolDirectory } },
  );
  return program;
}

async function zizmor() {
  const program = pythonProgram('zizmor');
  if (ask(program, ['--version']) === `zizmor ${ZIZMOR}`) return program;
  await installPythonEnvironment();
  await pipInstall('Installing zizmor', ['--only-binary=:all:', `zizmor==${ZIZMOR}`]);
  return program;
}
