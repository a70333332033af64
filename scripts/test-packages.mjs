// `npm run test:packages [-- -v]`: makes the packages for Linux, holds them to the
// rules, and takes them through their life in a Debian of its own. As root.

import { readArguments } from './lib/arguments.mjs';
import { makeBundles } from './lib/bundles.mjs';
import { buildRelease, DESKTOP, HEADLESS } from './lib/cargo.mjs';
import { runCommand } from './lib/failure.mjs';
import { outcomeOf } from './lib/outcomes.mjs';
import { checkLife, checkRpms, checkRules, ROOT_PACKAGES } from './lib/package-steps.mjs';
import { withRootFilesystem } from './lib/root-filesystem.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { report } from './lib/test-report.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

const USAGE = `usage: npm run test:packages -- [-v]
  -v  show the output of every step`;

await runCommand(async () => {
  const { verbose } = readArguments({ verbose: { type: 'boolean', short: 'v' } }, USAGE);
  if (verbose) streamEverything();
  let debs;
  let rpms;
  const steps = [
    ['Setting up', () => setUp('packages')],
    ['Building the user interface', buildUserInterface],
    ['Building the programs', () => buildRelease(HEADLESS, DESKTOP)],
    ['Making the debs', async () => void (debs = await makeBundles('deb'))],
    ['Making the rpms', async () => void (rpms = await makeBundles('rpm'))],
    ['Rules', () => checkRules(debs)],
    ['rpm', () => checkRpms(rpms, debs)],
    [
      'Install, start, upgrade, remove, purge',
      () => withRootFilesystem(ROOT_PACKAGES, (root) => checkLife(root, debs)),
    ],
  ];
  const outcomes = [];
  for (const [title, run] of steps) {
    const outcome = await outcomeOf(title, run);
    outcomes.push(outcome);
    if (outcome.failure) break;
  }
  console.log(`\n${report(outcomes).join('\n')}`);
  const { failure } = outcomes.at(-1);
  if (failure) throw failure;
});
