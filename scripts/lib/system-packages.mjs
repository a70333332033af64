// The Debian packages that compiling and testing need, and how to get them.

import { interruption } from './children.mjs';
import { Failure } from './failure.mjs';
import { ask, isInPath, query } from './programs.mjs';
import { step } from './steps.mjs';
import { count } from './text.mjs';

/**
 * For each package a probe that answers on distributions without dpkg: a program
 * in PATH or a pkg-config module.
 */
const PACKAGES = {
  headless: [{ name: 'build-essential', program: 'cc' }],
  desktop: [
    { name: 'pkg-config', program: 'pkg-config' },
    { name: 'libwebkit2gtk-4.1-dev', module: 'webkit2gtk-4.1' },
    { name: 'libayatana-appindicator3-dev', module: 'ayatana-appindicator3-0.1' },
    { name: 'librsvg2-dev', module: 'librsvg-2.0' },
    { name: 'libxdo-dev', module: 'libxdo' },
  ],
  tests: [
    { name: 'webkit2gtk-driver', program: 'WebKitWebDriver' },
    { name: 'xvfb', program: 'Xvfb' },
    { name: 'xauth', program: 'xauth' },
    { name: 'dbus', program: 'dbus-daemon' },
    { name: 'chromium', program: 'chromium' },
    { name: 'curl', program: 'curl' },
    { name: 'perl', program: 'perl' },
    { name: 'strace', program: 'strace' },
    { name: 'faketime', program: 'faketime' },
    { name: 'iproute2', program: 'ip' },
    { name: 'python3', program: 'python3' },
    { name: 'python3-venv', program: 'python3' },
  ],
  bundle: [
    { name: 'dpkg-dev', program: 'dpkg-shlibdeps' },
    { name: 'rpm', program: 'rpmbuild' },
    { name: 'help2man', program: 'help2man' },
  ],
  packages: [
    { name: 'lintian', program: 'lintian' },
    { name: 'desktop-file-utils', program: 'desktop-file-validate' },
    { name: 'appstream', program: 'appstreamcli' },
    { name: 'appstream-util', program: 'appstream-util' },
    { name: 'debootstrap', program: 'debootstrap' },
    { name: 'iproute2', program: 'ip' },
    { name: 'mount', program: 'mount' },
  ],
  platforms: [
    { name: 'gcc-mingw-w64-x86-64', program: 'x86_64-w64-mingw32-gcc' },
    { name: 'g++-mingw-w64-x86-64', program: 'x86_64-w64-mingw32-g++' },
    { name: 'gcc-aarch64-linux-gnu', program: 'aarch64-linux-gnu-gcc' },
    { name: 'g++-aarch64-linux-gnu', program: 'aarch64-linux-gnu-g++' },
    { name: 'qemu-user', program: 'qemu-aarch64' },
    { name: 'wine64', program: 'wine' },
    { name: 'nsis', program: 'makensis' },
    { name: 'xvfb', program: 'Xvfb' },
    { name: 'xauth', program: 'xauth' },
    { name: 'python3', program: 'python3' },
    { name: 'python3-venv', program: 'python3' },
  ],
  long: [
    { name: 'strace', program: 'strace' },
    { name: 'mount', program: 'mount' },
    { name: 'e2fsprogs', program: 'mkfs.ext4' },
    { name: 'xfsprogs', program: 'xfs_io' },
    { name: 'python3', program: 'python3' },
    { name: 'python3-venv', program: 'python3' },
  ],
};

/** What each kind of set-up needs. */
const NEEDED = {
  headless: PACKAGES.headless,
  desktop: [...PACKAGES.headless, ...PACKAGES.desktop],
  tests: [...PACKAGES.headless, ...PACKAGES.desktop, ...PACKAGES.tests],
  bundle: [...PACKAGES.headless, ...PACKAGES.desktop, ...PACKAGES.bundle],
  packages: [...PACKAGES.headless, ...PACKAGES.desktop, ...PACKAGES.bundle, ...PACKAGES.packages],
  platforms: [...PACKAGES.headless, ...PACKAGES.platforms],
  long: [...PACKAGES.headless, ...PACKAGES.long],
};

/** Installs what is missing for a kind of set-up, or says in one line how to. */
export async function installSystemPackages(kind) {
  if (process.platform !== 'linux') return;
  const needed = [...NEEDED[kind], ...(kind === 'platforms' ? compilerSources() : [])];
  if (!isInPath('dpkg-query')) return checkForeignDistribution(needed);

  const names = needed.map(({ name }) => name);
  const missing = missingIn(queryInstalled(names), names);
  if (missing.length === 0) return;
  const prefix = administratorPrefix();
  if (prefix === null || !isInPath('apt-get')) {
    throw new Failure(
      `${count(missing.length, 'system package')} missing. Run this line, then try again:\n${installLine(missing)}`,
    );
  }
  await refreshLists(prefix);
  await step(
    `Installing ${count(missing.length, 'system package')}`,
    ...aptGet(prefix, ['install', '-y', '--no-install-recommends', ...missing]),
    { sudo: prefix.length > 0, advice: `By hand: ${installLine(missing)}` },
  );
}

/** Debian's compilers have the sources of the standard library in a package beside them. */
function compilerSources() {
  if (isInPath('rustup')) return [];
  const file = ask('sh', ['-c', 'readlink --canonicalize "$(command -v rustc)"']);
  // `rustc-web: /usr/bin/rustc`
  const compiler = ask('dpkg-query', ['--search', `${file}`])?.split(':')[0];
  if (!compiler?.startsWith('rustc')) return [];
  return [{ name: `${compiler.replace('rustc', 'rust')}-src`, program: 'rustc' }];
}

/** The names that a dpkg-query listing does not report as installed. */
export function missingIn(listing, names) {
  const installed = new Set(
    listing
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , ...state]) => state.join(' ') === 'ok installed')
      .map(([name]) => name),
  );
  return names.filter((name) => !installed.has(name));
}

/** The one line for a person with the password. */
export function installLine(names) {
  return `sudo apt-get update && sudo apt-get install --no-install-recommends ${names.join(' ')}`;
}

function queryInstalled(names) {
  // It ends with 1 as soon as one name is unknown to it, and lists the others.
  return query('dpkg-query', ['-W', '-f=${Package} ${Status}\\n', ...names]).stdout;
}

/** What turns a command into one with the right to install, or null when nothing does. */
function administratorPrefix() {
  if (process.getuid() === 0) return [];
  return ask('sudo', ['-n', 'true']) === null ? null : ['sudo', '-n'];
}

/** Has the package lists read again, where that is possible. */
export async function refreshPackageLists() {
  const prefix = administratorPrefix();
  if (prefix !== null) await refreshLists(prefix);
}

function aptGet(prefix, args) {
  const [command, ...rest] = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    // Another installation may be running: wait for it rather than fail.
    '-o',
    'DPkg::Lock::Timeout=600',
    ...args,
  ];
  return [command, rest];
}

async function refreshLists(prefix) {
  try {
    await step('Refreshing the package lists', ...aptGet(prefix, ['update']), {
      sudo: prefix.length > 0,
    });
  } catch (error) {
    if (!(error instanceof Failure) || interruption() !== null) throw error;
    // One unreachable third-party source must not stop what the others carry.
    console.log(`${error.message}\nTrying with the lists there are.`);
  }
}

function checkForeignDistribution(needed) {
  const missing = needed.filter((entry) => !isPresent(entry)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new Failure(
    `Not found: what Debian calls ${missing.join(', ')}. Install your distribution's packages for them (https://v2.tauri.app/start/prerequisites/ lists the names), then try again.`,
  );
}

function isPresent({ program, module }) {
  return program ? isInPath(program) : ask('pkg-config', ['--exists', module]) !== null;
}
