// `npm run bench [-- arguments of the benchmark]`: builds it as it is shipped and runs it.
// With `--guards` the broker is also measured against itself without its guards.

import fs from 'node:fs';
import { exitCodeOf, start } from './lib/children.mjs';
import { buildRelease, cargo, HEADLESS } from './lib/cargo.mjs';
import { runCommand } from './lib/failure.mjs';
import { releaseProgram } from './lib/paths.mjs';
import { setUp } from './lib/setup.mjs';
import { step } from './lib/steps.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

const BENCHMARK = 'moustique-bench';
const UNGUARDED = 'moustique-unguarded';
const GUARDS = '--guards';

await runCommand(async () => {
  const given = process.argv.slice(2);
  const rest = given.filter((argument) => argument !== GUARDS);
  await setUp('headless');
  await buildUserInterface();
  if (rest.length < given.length) {
    rest.push('--unguarded', await buildUnguarded());
  }
  await buildRelease(HEADLESS, BENCHMARK);
  const child = start(releaseProgram(BENCHMARK), rest, { stdio: 'inherit' });
  process.exitCode = await exitCodeOf(child);
});

/** Builds the broker that lets everybody in, beside the one that is shipped. */
async function buildUnguarded() {
  const build = ['build', '--release', '-p', HEADLESS, '--features', `${HEADLESS}/unguarded`];
  await step('Building the broker without its guards', ...cargo(...build));
  const program = releaseProgram(UNGUARDED);
  // The next build takes its place.
  fs.copyFileSync(releaseProgram(HEADLESS), program);
  return program;
}
