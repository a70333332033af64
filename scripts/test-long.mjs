// `npm run test:long [-- --only=kills|power|soak|faults|desktop|description] [--kills=1000] …`:
// the promises at length. A part that fails does not keep the others from running.

import { readArguments } from './lib/arguments.mjs';
import { interruption } from './lib/children.mjs';
import { Failure, runCommand } from './lib/failure.mjs';
import { COUNTS, figuresIn, longSteps, PARTS } from './lib/long-steps.mjs';
import { outcomeOf } from './lib/outcomes.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { report } from './lib/test-report.mjs';

const USAGE = `usage: npm run test:long -- [--only=${PARTS.join('|')}] [counts] [-v]
  --only     run one part
  --kills    how often the broker is killed (${COUNTS.kills.ordinary})
  --cuts     how often its power is cut, for each durability (${COUNTS.cuts.ordinary}); needs root
  --minutes  how long it is watched (${COUNTS.minutes.ordinary}; 20 at least)
  --seeds    how often each of its two files is damaged (${COUNTS.seeds.ordinary})
  --calls    up to which call the system fails it (${COUNTS.calls.ordinary})
  --examples how many requests are made up for each call of the plain API (${COUNTS.examples.ordinary})
  -v         show the output of every step`;

await runCommand(async () => {
  const names = Object.keys(COUNTS);
  const { only, verbose, ...given } = readArguments(
    {
      only: { type: 'string' },
      verbose: { type: 'boolean', short: 'v' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    },
    USAGE,
  );
  if (only !== undefined && !PARTS.includes(only)) {
    const wrong = JSON.stringify(only);
    throw new Failure(`--only=${wrong} is none of the parts.\n${USAGE}`, { exitCode: 2 });
  }
  const counts = Object.fromEntries(names.map((name) => [name, countOf(name, given[name])]));
  if (verbose) streamEverything();

  const setup = { title: 'Setting up', run: () => setUp('long') };
  const steps = [setup, ...longSteps(counts)];
  const outcomes = [];
  for (const { part, title, run } of steps) {
    if (part !== undefined && only !== undefined && part !== only) continue;
    const outcome = await outcomeOf(title, run);
    outcomes.push(outcome);
    const { failure } = outcome;
    // Without the program there is nothing to test.
    if (failure && (part === undefined || interruption() !== null)) break;
  }
  const figures = outcomes.flatMap(({ output }) => figuresIn(output ?? ''));
  console.log(`\n${[...figures, '', ...report(outcomes)].join('\n')}`);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const defect = failures.find((failure) => !(failure instanceof Failure));
  if (defect) throw defect;
  if (failures.length === 0) return;
  const sentences = failures.map(({ message }) => message);
  throw new Failure(sentences.join('\n'), { exitCode: failures.at(-1).exitCode });
});

function countOf(name, text = `${COUNTS[name].ordinary}`) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Failure(`--${name}=${JSON.stringify(text)} is no number above 0.\n${USAGE}`, {
    exitCode: 2,
  });
}
