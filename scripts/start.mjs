// `npm start [-- arguments of the program]`: builds what is out of date and runs it.

import { exitCodeOf, start } from './lib/children.mjs';
import { buildRelease, DESKTOP, HEADLESS } from './lib/cargo.mjs';
import { hasDisplay } from './lib/display.mjs';
import { runCommand } from './lib/failure.mjs';
import { releaseProgram } from './lib/paths.mjs';
import { setUp } from './lib/setup.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

await runCommand(async () => {
  const desktop = hasDisplay();
  const program = desktop ? DESKTOP : HEADLESS;
  await setUp(desktop ? 'desktop' : 'headless');
  await buildUserInterface();
  await buildRelease(program);
  if (!desktop) console.log('No display: starting the headless broker. Stop it with Ctrl-C.');

  const child = start(releaseProgram(program), process.argv.slice(2), {
    // A relative path among the arguments is relative to where the user typed it.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    stdio: 'inherit',
    ownsShutdown: true,
  });
  process.exitCode = await exitCodeOf(child);
});
