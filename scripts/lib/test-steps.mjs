// What `npm test` runs, in order.

import fs from 'node:fs';
import path from 'node:path';
import { buildRelease, cargo, DESKTOP, HEADLESS, TEST_ENVIRONMENT } from './cargo.mjs';
import { cargoDeny } from './cargo-deny.mjs';
import { expectUnchangedTypes } from './generated-files.mjs';
import { root } from './paths.mjs';
import { npm } from './programs.mjs';
import { step } from './steps.mjs';
import { buildUserInterface } from './user-interface.mjs';

const BLACK_BOX = 'moustique-tests';

/** The names that `--only` takes. */
export const GROUPS = ['lint', 'ui', 'rust', 'blackbox'];

/** Each with its title, the groups it belongs to and what it does; that resolves to the output. */
export const STEPS = [
  quiet('Checking the Rust formatting', ['lint'], ['cargo', ['fmt', '--all', '--', '--check']]),
  quiet('Testing the scripts', ['lint'], nodeTest('scripts', 'tests')),
  quiet('Linting the user interface', ['lint', 'ui'], npm('run', 'lint', '--workspace', 'ui')),
  quiet(
    'Checking the types of the user interface',
    ['lint', 'ui'],
    npm('run', 'check', '--workspace', 'ui'),
  ),
  loud('Testing the user interface', ['ui'], npm('test', '--workspace', 'ui')),
  { title: 'Building the user interface', groups: GROUPS, run: buildUserInterface },
  quiet('Checking licences, bans and sources', ['lint'], cargoDeny('licenses', 'bans', 'sources')),
  // In the release profile, for which the procedural macros and build scripts
  // are compiled anyway: those of the desktop application take minutes.
  quiet(
    'Running Clippy',
    ['lint'],
    // The feature brings what only `npm run test:long` runs, and nothing else.
    cargo(
      'clippy',
      ...['--release', '--workspace', '--all-targets', '--features', 'moustique-tests/long'],
      ...['--', '-D', 'warnings'],
    ),
  ),
  {
    title: 'Building the programs',
    groups: ['rust', 'blackbox'],
    run: () => buildRelease(HEADLESS, DESKTOP),
  },
  typesUnchanged(
    cargoTest(
      'Testing the crates',
      ['rust'],
      '--workspace',
      ...excluding(HEADLESS, DESKTOP, BLACK_BOX),
    ),
  ),
  // In the release profile and together: what they depend on has just been
  // compiled for this very choice of packages, and hence of features.
  cargoTest('Testing the programs', ['rust'], '--release', '-p', HEADLESS, '-p', DESKTOP),
  cargoTest('Testing the running programs', ['blackbox'], '-p', BLACK_BOX),
  loud('Testing in a browser', ['blackbox'], nodeTest('tests', 'browser')),
];

function quiet(title, groups, command, options) {
  return { title, groups, run: () => step(title, ...command, options) };
}

/** For test runners: what they say is what the command is for. */
function loud(title, groups, command, options) {
  return quiet(title, groups, command, { ...options, stream: true });
}

function cargoTest(title, groups, ...selection) {
  return loud(title, groups, cargo('test', '--no-fail-fast', ...selection), {
    environment: TEST_ENVIRONMENT,
  });
}

function excluding(...packages) {
  return packages.flatMap((name) => ['--exclude', name]);
}

function typesUnchanged(tests) {
  return { ...tests, run: () => expectUnchangedTypes(tests.run) };
}

/** By name: what `node --test` makes of a folder changes from one version of Node to the next. */
function nodeTest(...names) {
  const folder = path.join(root, ...names);
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
  const paths = files.map((name) => path.join(folder, name));
  return [process.execPath, ['--test', '--test-reporter=spec', ...paths]];
}
