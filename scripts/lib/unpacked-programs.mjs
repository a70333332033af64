// Programs that Debian has in packages of servers. To install such a package would
// start the server, on a port that may be in use, at every start of the machine; so
// the one file is taken out of it.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { interruption } from './children.mjs';
import { Failure } from './failure.mjs';
import { toolDirectory } from './paths.mjs';
import { isInPath } from './programs.mjs';
import { step } from './steps.mjs';
import { refreshPackageLists } from './system-packages.mjs';

const PROGRAMS = [
  { package: 'nginx', file: 'usr/sbin/nginx' },
  { package: 'prometheus', file: 'usr/bin/promtool' },
];

/** Where a program is put. */
function placeOf(file) {
  return path.join(toolDirectory, path.basename(file));
}

/** Gets the programs that are missing; where there is no apt, they must be in PATH. */
export async function unpackPrograms() {
  if (process.platform !== 'linux') return;
  const missing = PROGRAMS.filter(({ file }) => !fs.existsSync(placeOf(file)));
  if (missing.length === 0) return;
  if (!isInPath('apt-get') || !isInPath('dpkg-deb')) return checkForeignDistribution(missing);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-packages-'));
  try {
    await download(
      folder,
      missing.map((program) => program.package),
    );
    for (const archive of fs.readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await step(`Unpacking ${archive}`, 'dpkg-deb', ['--extract', archive, 'content'], {
        directory: folder,
      });
    }
    fs.mkdirSync(toolDirectory, { recursive: true });
    for (const { file } of missing) {
      fs.copyFileSync(path.join(folder, 'content', file), placeOf(file));
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function download(folder, packages) {
  const fetch = () =>
    step('Fetching the packages of test programs', 'apt-get', ['download', ...packages], {
      directory: folder,
    });
  try {
    await fetch();
  } catch (error) {
    if (!(error instanceof Failure) || interruption() !== null) throw error;
    // The lists may be missing, or name a version that is no longer there.
    await refreshPackageLists();
    await fetch();
  }
}

function checkForeignDistribution(missing) {
  const names = missing.map(({ file }) => path.basename(file));
  const absent = names.filter((name) => !isInPath(name));
  if (absent.length === 0) return;
  throw new Failure(
    `Not found: ${absent.join(', ')}. The tests run them. Install your distribution's packages for them, then try again.`,
  );
}
