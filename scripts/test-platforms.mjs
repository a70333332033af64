// `npm run test:platforms [-- --only=windows|arm|macos] [-v]`: builds for the other
// systems from this one, and starts what can be started. A part that fails does not
// keep those of another system from running.

import { readArguments } from './lib/arguments.mjs';
import { interruption } from './lib/children.mjs';
import { Failure, runCommand } from './lib/failure.mjs';
import { outcomeOf } from './lib/outcomes.mjs';
import { PLATFORM_STEPS, SYSTEMS } from './lib/platform-steps.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { duration, table } from './lib/text.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

const USAGE = `usage: npm run test:platforms -- [--only=${SYSTEMS.join('|')}] [-v]
  --only  one system
  -v      show the output of every step`;

await runCommand(async () => {
  const options = { only: { type: 'string' }, verbose: { type: 'boolean', short: 'v' } };
  const { only, verbose } = readArguments(options, USAGE);
  if (only !== undefined && !SYSTEMS.includes(only)) {
    const given = JSON.stringify(only);
    throw new Failure(`--only=${given} is none of the systems.\n${USAGE}`, { exitCode: 2 });
  }
  if (process.platform !== 'linux') {
    throw new Failure('Not possible here: the other systems are built for from Linux.');
  }
  if (verbose) streamEverything();

  const setup = [
    { title: 'Setting up', run: () => setUp('platforms') },
    { title: 'Building the user interface', run: buildUserInterface },
  ];
  const selected = PLATFORM_STEPS.filter(({ system }) => only === undefined || system === only);
  const outcomes = [];
  const failed = new Set();
  for (const { system, title, run } of [...setup, ...selected]) {
    // What could not be built cannot be started.
    if (failed.has(system)) {
      outcomes.push({ title });
      continue;
    }
    const outcome = await outcomeOf(title, run);
    outcomes.push(outcome);
    if (!outcome.failure) continue;
    if (system === undefined || interruption() !== null) break;
    failed.add(system);
  }
  const rows = outcomes.map(({ title, failure, milliseconds }) =>
    milliseconds === undefined
      ? [title, 'not run', '']
      : [title, failure ? 'failed' : 'passed', duration(milliseconds)],
  );
  console.log(`\n${table(rows).join('\n')}`);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const defect = failures.find((failure) => !(failure instanceof Failure));
  if (defect) throw defect;
  if (failures.length > 0) throw new Failure(failures.map(({ message }) => message).join('\n'));
});
