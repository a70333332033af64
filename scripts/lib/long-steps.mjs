// What `npm run test:long` runs, in order.

import { buildRelease, cargo, DESKTOP, HEADLESS, TEST_ENVIRONMENT } from './cargo.mjs';
import { Failure } from './failure.mjs';
import { setUp } from './setup.mjs';
import { step } from './steps.mjs';
import { countTests } from './test-counts.mjs';
import { buildUserInterface } from './user-interface.mjs';

/** The names that `--only` takes. */
export const PARTS = ['kills', 'power', 'soak', 'faults', 'desktop', 'description'];

/** How much is done, and the variables that tell the tests. */
export const COUNTS = {
  kills: { variable: 'MOUSTIQUE_KILLS', ordinary: 1000 },
  cuts: { variable: 'MOUSTIQUE_CUTS', ordinary: 100 },
  minutes: { variable: 'MOUSTIQUE_MINUTES', ordinary: 30 },
  seeds: { variable: 'MOUSTIQUE_DAMAGE_SEEDS', ordinary: 1000 },
  calls: { variable: 'MOUSTIQUE_FAILING_CALLS', ordinary: 200 },
  examples: { variable: 'MOUSTIQUE_EXAMPLES', ordinary: 200 },
};

const IS_LINUX = process.platform === 'linux';
const IS_ROOT = IS_LINUX && process.getuid() === 0;

/** Each with its title and what it does; a part also with its name. */
export function longSteps(counts) {
  const test = (part, title, target, names, options) => ({
    part,
    title,
    run: () => runTests(title, target, names, counts, options),
  });
  return [
    { title: 'Building the user interface', run: buildUserInterface },
    { title: 'Building the program', run: () => buildRelease(HEADLESS) },
    test('kills', 'Killing the broker', 'crash', [
      'plain::nothing_acknowledged_is_lost',
      'leased::a_lease_brings_everything_acknowledged_at_least_once',
    ]),
    test('power', 'Cutting the power', 'long', ['power_cuts::'], {
      needs: [IS_ROOT, 'root on Linux, for a file system of its own whose power can be cut'],
      // Its mounts, and with them its loop devices, go with its last process.
      within: ['unshare', '--mount'],
    }),
    test('soak', 'Watching what the broker holds', 'long', ['soak::nothing_grows'], {
      needs: [IS_LINUX, 'Linux, which tells what a process holds'],
    }),
    test(
      'faults',
      'Damaging files and failing calls',
      'faults',
      ['damaged_files::', 'failing_calls::'],
      {
        needs: [IS_LINUX, 'Linux, where strace makes calls fail'],
      },
    ),
    test('desktop', 'Watching what the desktop application takes', 'desktop', ['figures::'], {
      needs: [IS_LINUX, 'Linux, which tells what a process takes'],
      // Nothing else here needs it, and it takes minutes.
      before: async () => {
        await setUp('tests');
        await buildRelease(DESKTOP);
      },
    }),
    test('description', 'Holding the plain API to its description', 'e2e', ['description::']),
  ];
}

/** The variables for these counts. */
export function variablesOf(counts) {
  const entries = Object.entries(COUNTS);
  return Object.fromEntries(entries.map(([name, { variable }]) => [variable, `${counts[name]}`]));
}

/** The lines in which tests say what they have measured. */
export function figuresIn(output) {
  return [...output.matchAll(/^figure: (.*)$/gm)].map(([, figure]) => figure.trimEnd());
}

async function runTests(
  title,
  target,
  names,
  counts,
  { needs = [true], within = [], before } = {},
) {
  const [isThere, what] = needs;
  if (!isThere) throw new Failure(`${title}: not possible here. It needs ${what}.`);
  await before?.();
  const [program, args] = cargo(
    'test',
    ...['-p', 'moustique-tests', '--features', 'long', '--test', target],
    ...['--', '--nocapture', ...names],
  );
  const [first, ...rest] = [...within, program, ...args];
  const environment = { ...TEST_ENVIRONMENT, ...variablesOf(counts) };
  const output = await step(title, first, rest, { stream: true, environment });
  console.log(`  ${testsRun(title, output, names)}`);
  return output;
}

/**
 * How many tests ran, in words; throws a Failure where there were fewer than
 * names: Cargo takes a name that no test has for a success.
 */
export function testsRun(title, output, names) {
  const { passed, failed } = countTests(output);
  const run = passed + failed;
  const words = `${run} ${run === 1 ? 'test' : 'tests'} ran`;
  if (run >= names.length) return words;
  const expected = `at least one for each of ${names.join(', ')}`;
  throw new Failure(`${title}: ${words}; expected ${expected}.`, { output });
}
