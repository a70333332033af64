// What `npm run test:platforms` does for each system, in order.

import fs from 'node:fs';
import path from 'node:path';
import { cargo, DESKTOP, HEADLESS } from './cargo.mjs';
import { Failure } from './failure.mjs';
import { testsRun } from './long-steps.mjs';
import { cacheDirectory, pythonProgram, root, targetDirectory } from './paths.mjs';
import { ask } from './programs.mjs';
import { installPythonEnvironment, pipInstall } from './python.mjs';
import { expectServed } from './served.mjs';
import { standardLibraryFor } from './standard-library.mjs';
import { step } from './steps.mjs';

/** The names that `--only` takes. */
export const SYSTEMS = ['windows', 'arm', 'macos'];

const WINDOWS = {
  target: 'x86_64-pc-windows-gnu',
  variables: { LINKER: 'x86_64-w64-mingw32-gcc' },
};
const ARM = {
  target: 'aarch64-unknown-linux-gnu',
  variables: { LINKER: 'aarch64-linux-gnu-gcc' },
};
const MACOS = { target: 'aarch64-apple-darwin', variables: {} };

/** Where Debian's cross compiler has its C library. */
const ARM_ROOT = '/usr/aarch64-linux-gnu';

/** Of the PyPI package: a C compiler with the headers of macOS. */
const ZIG = '0.15.2';

/** The crates that files, clocks and processes of Windows matter to. */
const TESTED_ON_WINDOWS = ['moustique-core', 'moustique-store', 'moustique-node', HEADLESS];

/** Each with the system it is for, its title and what it does. */
export const PLATFORM_STEPS = [
  ['windows', 'Building for Windows', (title) => build(title, WINDOWS, HEADLESS)],
  ['windows', 'Testing under wine', testUnderWine],
  ['windows', 'Serving under wine', (title) => serveUnderWine(title, HEADLESS)],
  ['windows', 'Building the desktop for Windows', buildDesktopForWindows],
  ['windows', 'Serving from the desktop under wine', serveFromDesktopUnderWine],
  ['arm', 'Building for ARM', (title) => build(title, ARM, HEADLESS)],
  ['arm', 'Serving under qemu', serveUnderQemu],
  ['macos', 'Checking the desktop for macOS', checkForMacos],
].map(([system, title, run]) => ({ system, title, run: () => run(title) }));

async function build(title, platform, name) {
  const environment = await environmentFor(platform);
  return step(title, ...cargo('build', '--release', '--target', platform.target, '-p', name), {
    environment,
  });
}

/** With this toolchain the loader of the web engine is a library of its own. */
async function buildDesktopForWindows(title) {
  const output = await build(title, WINDOWS, DESKTOP);
  const loader = path.join(folderOf(WINDOWS), 'WebView2Loader.dll');
  if (fs.existsSync(loader)) return output;
  throw new Failure(`${title}: ${loader} is missing, without which the program does not start.`);
}

async function testUnderWine(title) {
  const environment = {
    ...(await environmentFor(WINDOWS)),
    ...(await wineEnvironment(path.join(folderOf(WINDOWS), 'deps'))),
    [variable(WINDOWS, 'RUNNER')]: wine(),
  };
  const packages = TESTED_ON_WINDOWS.flatMap((name) => ['-p', name]);
  const output = await step(
    title,
    ...cargo('test', '--release', '--target', WINDOWS.target, '--no-fail-fast', ...packages),
    { environment, stream: true },
  );
  console.log(`  ${testsRun(title, output, TESTED_ON_WINDOWS)}`);
  return output;
}

async function serveUnderWine(title, name, options = {}) {
  const environment = await wineEnvironment(folderOf(WINDOWS));
  const program = path.join(folderOf(WINDOWS), `${name}.exe`);
  return expectServed(title, wine(), [program], { environment, ...options });
}

/** There is no web engine in wine: it must say so, and serve. */
async function serveFromDesktopUnderWine(title) {
  const environment = await wineEnvironment(folderOf(WINDOWS));
  const program = path.join(folderOf(WINDOWS), `${DESKTOP}.exe`);
  return expectServed(title, 'xvfb-run', ['--auto-servernum', wine(), program], {
    environment,
    says: 'this system has no web engine',
  });
}

function serveUnderQemu(title) {
  const program = path.join(folderOf(ARM), HEADLESS);
  return expectServed(title, 'qemu-aarch64', ['-L', ARM_ROOT, program]);
}

/** Compiled as far as goes without the libraries of macOS, which nobody may pass on. */
async function checkForMacos(title) {
  await installPythonEnvironment();
  const python = pythonProgram('python');
  if (ask(python, ['-m', 'ziglang', 'version']) !== ZIG) {
    await pipInstall('Installing zig', [`ziglang==${ZIG}`]);
  }
  const name = MACOS.target.replaceAll('-', '_');
  const environment = {
    ...(await environmentFor(MACOS)),
    [`CC_${name}`]: script('zig-cc', zigCompiler(python)),
    [`AR_${name}`]: script('zig-ar', `#!/bin/sh\nexec '${python}' -m ziglang ar "$@"\n`),
    // Where the libraries of macOS would be; without it xcrun would be asked.
    SDKROOT: cacheDirectory,
  };
  return step(title, ...cargo('check', '--target', MACOS.target, '-p', DESKTOP), { environment });
}

/** Writes a program of a few lines and gives its path. */
function script(name, text) {
  const file = path.join(cacheDirectory, name);
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

/** What the compiler and its linker need for a platform. */
async function environmentFor(platform) {
  const flags = await standardLibraryFor(platform.target);
  const named = Object.entries({ ...platform.variables, RUSTFLAGS: flags.join(' ') });
  return Object.fromEntries(
    named
      .filter(([, value]) => value !== '')
      .map(([key, value]) => [variable(platform, key), value]),
  );
}

/** The name of a variable of cargo's that holds for one target. */
export function variable({ target }, key) {
  return `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_${key}`;
}

/** Where the programs of a platform are built. */
function folderOf({ target }) {
  return path.join(targetDirectory, target, 'release');
}

/** Debian's package of the 64-bit wine has it in no folder of PATH. */
function wine() {
  return ['/usr/lib/wine/wine64'].find((file) => fs.existsSync(file)) ?? 'wine';
}

/** Has a Windows of its own, and beside the programs the library that wine 8 lacks. */
async function wineEnvironment(folder) {
  const source = path.join(root, 'scripts', 'platforms', 'bcryptprimitives.c');
  const library = path.join(folder, 'bcryptprimitives.dll');
  await step('Building the random numbers of wine', WINDOWS.variables.LINKER, [
    ...['-shared', '-O2', '-o', library, source, '-ladvapi32'],
  ]);
  const prefix = path.join(cacheDirectory, 'wine');
  fs.mkdirSync(prefix, { recursive: true });
  return {
    WINEPREFIX: prefix,
    // Without its own account of what it lacks, and without questions to the user.
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=;bcryptprimitives=n',
  };
}

/**
 * A C compiler that names its target as cc does for a Mac, which zig spells in its
 * own way.
 */
export function zigCompiler(python) {
  return [
    '#!/bin/sh',
    'for argument do',
    '  shift',
    '  case "$argument" in',
    '    --target=* | -arch | arm64 | -mmacosx-version-min=*) ;;',
    '    *) set -- "$@" "$argument" ;;',
    '  esac',
    'done',
    `exec '${python}' -m ziglang cc -target aarch64-macos "$@"`,
    '',
  ].join('\n');
}
