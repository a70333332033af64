// `npm run bundle [-- --formats=deb,rpm]`: the packages and installers that this
// system makes, of the programs as `npm run build` makes them.

import fs from 'node:fs';
import { readArguments } from './lib/arguments.mjs';
import { checkSize, formatsFrom, makeBundles } from './lib/bundles.mjs';
import { buildRelease, DESKTOP, HEADLESS } from './lib/cargo.mjs';
import { runCommand } from './lib/failure.mjs';
import { setUp } from './lib/setup.mjs';
import { streamEverything } from './lib/steps.mjs';
import { size, table } from './lib/text.mjs';
import { buildUserInterface } from './lib/user-interface.mjs';

const USAGE = `usage: npm run bundle -- [--formats=…] [-v]
  --formats  some of deb, rpm, appimage (Linux), nsis (Windows), app, dmg (macOS);
             appimage is made only when it is named, because it needs downloads
  -v         show the output of every step`;

await runCommand(async () => {
  const options = { formats: { type: 'string' }, verbose: { type: 'boolean', short: 'v' } };
  const given = readArguments(options, USAGE);
  const formats = formatsFrom(given.formats);
  if (given.verbose) streamEverything();
  await setUp('bundle');
  await buildUserInterface();
  await buildRelease(HEADLESS, DESKTOP);
  const files = [];
  for (const format of formats) files.push(...(await makeBundles(format)));
  const bundles = files.map((file) => ({ file, bytes: sizeOf(file) }));
  console.log(`\n${table(bundles.map(({ file, bytes }) => [file, size(bytes)])).join('\n')}`);
  for (const { file, bytes } of bundles) checkSize(file, bytes);
});

/** Of a file, or of everything in a folder, such as an application for macOS. */
function sizeOf(file) {
  const status = fs.statSync(file);
  if (!status.isDirectory()) return status.size;
  return fs
    .readdirSync(file)
    .map((name) => sizeOf(`${file}/${name}`))
    .reduce((sum, bytes) => sum + bytes, 0);
}
