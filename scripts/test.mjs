// `npm test [-- --only=lint|ui|rust|blackbox] [-v]`: everything that must hold
// before a change is committed. It stops at the first step that fails.

import { readArguments } from './lib/arguments.mjs';
import { Failure, runCommand } from './lib/failure.mjs';
import { outcomeOf } from './lib/outcomes.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { report } from './lib/test-report.mjs';
import { GROUPS, STEPS } from './lib/test-steps.mjs';

const USAGE = `usage: npm test -- [--only=${GROUPS.join('|')}] [-v]
  --only  run one group of the steps
  -v      show the output of every step`;

await runCommand(async () => {
  const options = {
    only: { type: 'string' },
    verbose: { type: 'boolean', short: 'v' },
  };
  const { only, verbose } = readArguments(options, USAGE);
  if (only !== undefined && !GROUPS.includes(only)) {
    const given = JSON.stringify(only);
    throw new Failure(`--only=${given} is none of the groups.\n${USAGE}`, { exitCode: 2 });
  }
  if (verbose) streamEverything();

  const setup = { title: 'Setting up', run: () => setUp(only === 'ui' ? 'headless' : 'tests') };
  const selected = STEPS.filter(({ groups }) => only === undefined || groups.includes(only));
  const outcomes = [];
  for (const { title, run } of [setup, ...selected]) {
    const outcome = await outcomeOf(title, run);
    outcomes.push(outcome);
    if (outcome.failure) break;
  }
  console.log(`\n${report(outcomes).join('\n')}`);
  const { failure } = outcomes.at(-1);
  if (failure) throw failure;
});
