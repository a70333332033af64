// The packages and installers, and which of them this system makes.

import fs from 'node:fs';
import path from 'node:path';
import { DESKTOP } from './cargo.mjs';
import { makeDebianPackage } from './debian-package.mjs';
import { Failure } from './failure.mjs';
import { PACKAGES } from './package-contents.mjs';
import { bundleDirectory } from './paths.mjs';
import { isInPath, npm } from './programs.mjs';
import { makeRpmPackage } from './rpm-package.mjs';
import { step } from './steps.mjs';

/** The most that the Debian package of the desktop application may take, in bytes. */
const DESKTOP_LIMIT = 12 * 1024 * 1024;

/** Of the line of the crate `tauri`. */
const TAURI_CLI = '2.12.5';

/** Each with the system that makes it, whether unasked, and how; that resolves to its files. */
const FORMATS = {
  deb: {
    system: 'linux',
    isUsual: true,
    needs: 'dpkg-shlibdeps',
    make: () => all(makeDebianPackage),
  },
  rpm: { system: 'linux', isUsual: true, needs: 'rpmbuild', make: () => all(makeRpmPackage) },
  appimage: {
    system: 'linux',
    notice:
      'An AppImage is put together by programs that Tauri downloads from GitHub: without a network this fails.',
    make: () => withTauri('appimage', '.AppImage'),
  },
  nsis: { system: 'win32', isUsual: true, make: () => withTauri('nsis', '.exe') },
  app: { system: 'darwin', isUsual: true, make: () => withTauri('app', '.app', 'macos') },
  dmg: { system: 'darwin', isUsual: true, make: () => withTauri('dmg', '.dmg') },
};

/** The formats asked for, `deb,rpm`; without a word those that are usual on this system. */
export function formatsFrom(asked, system = process.platform) {
  const here = Object.keys(FORMATS).filter((name) => FORMATS[name].system === system);
  if (asked === undefined) return here.filter((name) => FORMATS[name].isUsual);
  const names = asked.split(',');
  const wrong = names.find((name) => !here.includes(name));
  if (wrong === undefined) return names;
  const problem = Object.hasOwn(FORMATS, wrong)
    ? 'cannot be made on this system'
    : 'is no format that is known';
  throw new Failure(
    `--formats: ${JSON.stringify(wrong)} ${problem}; here there are ${here.join(', ')}.`,
    {
      exitCode: 2,
    },
  );
}

/** Makes the bundles of a format and resolves to their files. */
export async function makeBundles(format) {
  const { needs, notice, make } = FORMATS[format];
  if (needs !== undefined && !isInPath(needs)) {
    throw new Failure(
      `Not found: ${needs}, which makes the ${format}. Install it, or name other formats with --formats.`,
    );
  }
  if (notice !== undefined) console.log(notice);
  return make();
}

/** Throws a Failure where a file is larger than it may be. */
export function checkSize(file, bytes) {
  const isDesktop = path.basename(file).startsWith(`${DESKTOP}_`) && file.endsWith('.deb');
  if (!isDesktop || bytes <= DESKTOP_LIMIT) return;
  throw new Failure(
    `${path.basename(file)} has ${bytes} bytes; at most ${DESKTOP_LIMIT} are allowed. Find out what has grown.`,
  );
}

async function all(make) {
  const files = [];
  for (const contents of PACKAGES) files.push(await make(contents));
  return files;
}

/**
 * Tauri takes the program as it was built, and what these need besides. Its command
 * is fetched when it is needed, in the version that goes with the crate: everybody
 * else would download 30 MB with the packages of the user interface for nothing.
 */
async function withTauri(format, extension, folder = format) {
  const place = path.join(bundleDirectory, folder);
  fs.rmSync(place, { recursive: true, force: true });
  const tauri = npm('exec', '--yes', `--package=@tauri-apps/cli@${TAURI_CLI}`, '--', 'tauri');
  const [program, args] = tauri;
  await step(`Making the ${format}`, program, [...args, 'bundle', '--ci', '--bundles', format]);
  const names = fs.existsSync(place) ? fs.readdirSync(place) : [];
  const files = names.filter((name) => name.endsWith(extension));
  if (files.length > 0) return files.map((name) => path.join(place, name));
  throw new Failure(`Tauri made no ${format}: there is no file *${extension} in ${place}.`);
}
