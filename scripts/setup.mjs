// `npm run setup [-- --headless | --tests] [-v]`

import { readArguments } from './lib/arguments.mjs';
import { runCommand } from './lib/failure.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';

const USAGE = `usage: npm run setup -- [--headless | --tests] [-v]
  --headless  only what the headless program needs
  --tests     what the tests need as well
  -v          show the output of every step`;

await runCommand(async () => {
  const options = {
    headless: { type: 'boolean' },
    tests: { type: 'boolean' },
    verbose: { type: 'boolean', short: 'v' },
  };
  const { headless, tests, verbose } = readArguments(options, USAGE);
  if (verbose) streamEverything();
  await setUp(tests ? 'tests' : headless ? 'headless' : 'desktop');
  console.log('Everything is set up. Next: npm start, npm test or npm run build');
});
