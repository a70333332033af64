// `npm run build [-- -v]`: the user interface and both programs, as they are shipped.

import { readArguments } from './lib/arguments.mjs';
import { buildRelease, builtProgram, DESKTOP, HEADLESS } from './lib/cargo.mjs';
import { runCommand } from './lib/failure.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { size, table } from './lib/text.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

const USAGE = `usage: npm run build -- [-v]
  -v  show the output of every step`;

await runCommand(async () => {
  const { verbose } = readArguments({ verbose: { type: 'boolean', short: 'v' } }, USAGE);
  if (verbose) streamEverything();
  await setUp('desktop');
  await buildUserInterface();
  await buildRelease(HEADLESS, DESKTOP);
  const programs = [HEADLESS, DESKTOP].map(builtProgram);
  console.log(`\n${table(programs.map(({ file, bytes }) => [file, size(bytes)])).join('\n')}`);
});
