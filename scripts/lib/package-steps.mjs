// What `npm run test:packages` does with the packages, in order.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DESKTOP, HEADLESS } from './cargo.mjs';
import { Failure } from './failure.mjs';
import { ask, query } from './programs.mjs';
import { runIn } from './root-filesystem.mjs';
import { hashOf } from './stamps.mjs';
import { announce, step } from './steps.mjs';

/** What the tests start the application with, besides what the packages bring along. */
export const ROOT_PACKAGES = [
  'curl',
  'dbus',
  'libglib2.0-bin',
  'procps',
  'x11-utils',
  'xauth',
  'xvfb',
];

const USER = 'tester';
const HOME = `/home/${USER}`;
const ENTRY = `/usr/share/applications/${DESKTOP}.desktop`;
const METAINFO = '/usr/share/metainfo/org.moustique.desktop.metainfo.xml';
const ORDINARY_PORT = 33334;
/** Set in the configuration, to see that an upgrade leaves it alone. */
const OTHER_PORT = 40404;

/** Holds the Debian packages and what is in them to the rules of Debian and freedesktop.org. */
export async function checkRules(debs) {
  for (const deb of debs) {
    await step(`Checking ${path.basename(deb)} with lintian`, 'lintian', [
      '--fail-on=error,warning',
      // Asks for the report in Debian's archive that wishes for the package.
      '--suppress-tags=initial-upload-closes-no-bugs',
      deb,
    ]);
  }
  await withFolder(async (folder) => {
    for (const deb of debs) await unpack(deb, folder);
    const [entry, metainfo] = [ENTRY, METAINFO].map((file) => path.join(folder, file));
    announce('Validating the desktop entry');
    const { status, stdout } = query('desktop-file-validate', [entry]);
    if (status === null) throw new Failure('desktop-file-validate was not found.');
    expectEqual('what is wrong with the desktop entry', complaintsIn(stdout), []);
    await step('Validating the metadata with appstreamcli', 'appstreamcli', [
      ...['validate', '--no-net', '--strict', metainfo],
    ]);
    await step('Validating the metadata with appstream-util', 'appstream-util', [
      ...['validate-relax', '--nonet', metainfo],
    ]);
  });
}

/**
 * What desktop-file-validate complains of. Before 0.27 it did not know the key that
 * version 1.5 of the specification has brought.
 */
export function complaintsIn(output) {
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.includes('error: file contains key "SingleMainWindow"'));
}

/**
 * Installs the RPM packages into a folder, holds them against the Debian ones and
 * removes them. That they start is shown for the Debian ones alone: the programs in
 * them are the same, the libraries of another distribution are not here.
 */
export async function checkRpms(rpms, debs) {
  await withFolder(async (folder) => {
    const inFolder = ['--root', folder, '--nodeps'];
    await step('Installing the rpms', 'rpm', [...inFolder, '--install', ...rpms]);
    for (const name of [HEADLESS, DESKTOP]) {
      await step(`Verifying the rpm of ${name}`, 'rpm', [
        ...['--root', folder, '--verify', '--nodeps', name],
      ]);
      const rpm = listed('rpm', ['--root', folder, '--query', '--list', name]);
      const deb = filesIn(debs.find((file) => path.basename(file).startsWith(`${name}_`)));
      expectEqual(
        `the files in the rpm of ${name}`,
        rpm,
        deb.filter((file) => !file.endsWith('/changelog.Debian.gz')),
      );
      const requires = listed('rpm', ['--root', folder, '--query', '--requires', name]);
      for (const library of librariesOf(path.join(folder, 'usr', 'bin', name))) {
        const isRequired = requires.some((line) => line.startsWith(`${library}(`));
        if (!isRequired) throw new Failure(`The rpm of ${name} does not require ${library}.`);
      }
    }
    await step('Removing the rpms', 'rpm', [...inFolder, '--erase', HEADLESS, DESKTOP]);
    const left = [HEADLESS, DESKTOP].filter((name) =>
      fs.existsSync(path.join(folder, 'usr', 'bin', name)),
    );
    expectEqual('the programs that the rpms leave behind', left, []);
  });
}

/** Installs, starts, upgrades, starts, removes and purges in a Debian of its own. */
export async function checkLife(root, debs) {
  const names = [HEADLESS, DESKTOP];
  const files = debs.flatMap((deb) => filesIn(deb));
  const data = () => hashOf([path.join(root, HOME)], root);
  await runIn(root, 'Installing the debs', installation(root, debs, 'first'), { network: true });
  await runIn(root, 'Making a user', `useradd --create-home --shell /bin/sh ${USER}`);
  expectEqual('the installed files', present(root, files), files);

  await runIn(root, 'Starting it from its desktop entry', session(ORDINARY_PORT, 'first'), {
    user: USER,
  });
  const settings = path.join(root, HOME, '.config', 'moustique');
  fs.mkdirSync(settings, { recursive: true });
  fs.writeFileSync(path.join(settings, 'config.yaml'), `server:\n  port: ${OTHER_PORT}\n`);
  const upgrades = [];
  for (const deb of debs) upgrades.push(await upgradeOf(deb, path.join(root, 'tmp')));
  const before = data();
  await runIn(root, 'Upgrading', installation(root, upgrades, 'upgrade'), { network: true });
  const versions = names.map((name) => versionIn(root, name));
  expectEqual(
    'the versions after the upgrade',
    versions,
    names.map(() => UPGRADE),
  );
  expectEqual('the data after the upgrade', data(), before);
  await runIn(root, 'Starting the upgraded one', session(OTHER_PORT, 'second', 'first'), {
    user: USER,
  });

  const used = data();
  const order = (verb) => `DEBIAN_FRONTEND=noninteractive apt-get ${verb} -y ${names.join(' ')}`;
  await runIn(root, 'Removing', order('remove'));
  expectEqual('the files that are left after the removal', present(root, files), []);
  expectEqual('the data after the removal', data(), used);
  await runIn(root, 'Installing once more', installation(root, upgrades, 'again'));
  await runIn(root, 'Purging', order('purge'));
  expectEqual('the files that are left after the purge', present(root, files), []);
  expectEqual('the data after the purge', data(), used);
  announce('The data and the settings of the user outlived the packages');
}

const UPGRADE = '9.9.9-1';

/** The same package in a version that is higher than any. */
async function upgradeOf(deb, folder) {
  const name = path.basename(deb);
  const tree = path.join(folder, `${name}.tree`);
  await step(`Taking ${name} apart`, 'dpkg-deb', ['--raw-extract', deb, tree]);
  const control = path.join(tree, 'DEBIAN', 'control');
  const text = fs.readFileSync(control, 'utf8');
  fs.writeFileSync(control, text.replace(/^Version: .*$/m, `Version: ${UPGRADE}`));
  const upgrade = path.join(folder, `upgrade-${name}`);
  await step(`Putting a higher version of ${name} together`, 'dpkg-deb', [
    // Fast: it is installed once.
    ...['--root-owner-group', '-Zgzip', '-z1', '--build', tree, upgrade],
  ]);
  return upgrade;
}

function installation(root, debs, folder) {
  const place = path.join(root, 'packages', folder);
  fs.mkdirSync(place, { recursive: true });
  for (const deb of debs) fs.copyFileSync(deb, path.join(place, path.basename(deb)));
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    `apt-get install -y --no-install-recommends /packages/${folder}/*.deb`,
  ].join('\n');
}

/**
 * A session with a screen and a bus, in which a file manager opens the desktop entry:
 * it serves, shows the window that the entry says it has, and ends in good order.
 * `kept` is what an earlier session published.
 */
function session(port, message, kept) {
  const url = `http://127.0.0.1:${port}/v1/topics/packages`;
  const retry = '--silent --show-error --fail --retry 60 --retry-delay 1 --retry-connrefused';
  const inSession = [
    'set -eu',
    `gio launch ${ENTRY}`,
    `curl ${retry} --output /dev/null http://127.0.0.1:${port}/VERSION`,
    ...(kept === undefined ? [] : [`test "$(curl ${retry} ${url}/${kept})" = "${kept}"`]),
    `curl ${retry} --data ${message} ${url}/${message}`,
    `test "$(curl ${retry} ${url}/${message})" = "${message}"`,
    `class=$(sed --quiet "s/^StartupWMClass=//p" ${ENTRY})`,
    'for _ in $(seq 120); do',
    '  shown=$(xprop -name Moustique WM_CLASS 2>/dev/null || true)',
    '  test -z "$shown" || break',
    '  sleep 0.5',
    'done',
    'echo "The window is of: $shown"',
    'case "$shown" in *"\\"$class\\""*) ;; *) exit 3;; esac',
    // The name of a process has 15 characters.
    'process=$(pidof moustique-desktop)',
    'kill -TERM "$process"',
    'for _ in $(seq 60); do',
    '  test -e "/proc/$process" || exit 0',
    '  sleep 0.5',
    'done',
    'echo "It did not end."',
    'exit 4',
  ].join('\n');
  return [
    'cat > session.sh <<"END"',
    inSession,
    'END',
    'dbus-run-session -- xvfb-run --auto-servernum sh session.sh',
  ].join('\n');
}

/** Everything in a Debian package that is no folder. */
function filesIn(deb) {
  return listed('dpkg-deb', ['--contents', deb])
    .filter((line) => !line.startsWith('d'))
    .map((line) => line.split(/\s+/)[5].slice(1))
    .sort();
}

function librariesOf(program) {
  const dynamic = listed('readelf', ['--dynamic', '--wide', program]);
  return dynamic.flatMap((line) => /\(NEEDED\).*\[(.+)\]/.exec(line)?.[1] ?? []);
}

function versionIn(root, name) {
  const folder = path.join(root, 'var', 'lib', 'dpkg');
  return ask('dpkg-query', ['--admindir', folder, '-W', '-f=${Version}', name]);
}

function present(root, files) {
  return files.filter((file) => fs.existsSync(path.join(root, file)));
}

function unpack(deb, folder) {
  return step(`Unpacking ${path.basename(deb)}`, 'dpkg-deb', ['--extract', deb, folder]);
}

/** The lines that a program answers with, sorted; there is always one. */
function listed(program, args) {
  const answer = ask(program, args);
  if (answer) return answer.split('\n').sort();
  throw new Failure(`\`${[program, ...args].join(' ')}\` answered nothing.`);
}

/** Throws a Failure that names both. */
export function expectEqual(what, found, expected) {
  const [is, shouldBe] = [found, expected].map((value) => JSON.stringify(value, null, 1));
  if (is !== shouldBe) throw new Failure(`Expected ${what} to be ${shouldBe}, found ${is}.`);
}

async function withFolder(use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-packages-'));
  try {
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
