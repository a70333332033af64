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

/**
 * Not as they are shipped: shown is that the programs compile, start and answer, for
 * which nobody should wait until three systems are optimised. Without what a debugger
 * reads they take a third of the room.
 */
const UNSHIPPED = ['-Cdebuginfo=0'];

const WINDOWS = {
  target: 'x86_64-pc-windows-gnu',
  flags: UNSHIPPED,
  variables: { LINKER: 'x86_64-w64-mingw32-gcc' },
};
const ARM = {
  target: 'aarch64-unknown-linux-gnu',
  flags: UNSHIPPED,
  variables: { LINKER: 'aarch64-linux-gnu-gcc' },
};
const MACOS = { target: 'aarch64-apple-darwin', flags: [], variables: {} };

/** Where Debian's cross compiler has its C library. */
const ARM_ROOT = '/usr/aarch64-linux-gnu';

/** Of the PyPI package: a C compiler with the headers of macOS. */
const ZIG = '0.15.2';

/** What it lacks of them. */
export const MACOS_HEADERS = path.join(root, 'scripts', 'platforms', 'macos');

/**
 * A file of the crate mac-notification-sys that needs the headers of Cocoa, which come
 * with Xcode alone. Nothing is linked, so that nobody misses what is in it.
 */
export const LEFT_OUT_ON_MACOS = 'objc/notify.m';

/** The rules, and the files, locks and clocks of Windows under them. */
const TESTED_ON_WINDOWS = ['moustique-core', 'moustique-store'];

/** Each with the system it is for, its title and what it does. */
export const PLATFORM_STEPS = [
  ['windows', 'Compiling the hooks of the installer', compileHooks],
  ['windows', 'Building for Windows', buildForWindows],
  ['windows', 'Serving under wine', serveUnderWine],
  ['windows', 'Serving from the desktop under wine', serveFromDesktopUnderWine],
  ['windows', 'Testing under wine', testUnderWine],
  ['arm', 'Building for ARM', (title) => build(title, ARM, HEADLESS)],
  ['arm', 'Serving under qemu', serveUnderQemu],
  ['macos', 'Checking the desktop for macOS', checkForMacos],
].map(([system, title, run]) => ({ system, title, run: () => run(title) }));

async function build(title, platform, ...names) {
  const environment = await environmentFor(platform);
  const packages = names.flatMap((name) => ['-p', name]);
  return step(title, ...cargo('build', '--target', platform.target, ...packages), { environment });
}

/**
 * Both programs at once: one after the other, what they share would be built twice.
 * With this toolchain the loader of the web engine is a library of its own.
 */
async function buildForWindows(title) {
  const output = await build(title, WINDOWS, HEADLESS, DESKTOP);
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
  // Not the examples in the documentation: rustdoc knows no other standard library.
  const output = await step(
    title,
    ...cargo('test', '--tests', '--target', WINDOWS.target, '--no-fail-fast', ...packages),
    { environment, stream: true },
  );
  console.log(`  ${testsRun(title, output, TESTED_ON_WINDOWS)}`);
  return output;
}

/** Of the signals that there are here, wine makes Ctrl-C of this one. */
async function serveUnderWine(title) {
  const environment = await wineEnvironment(folderOf(WINDOWS));
  const program = path.join(folderOf(WINDOWS), `${HEADLESS}.exe`);
  return expectServed(title, wine(), [program], { environment, endsOn: 'SIGINT' });
}

/** They are NSIS's own language, in which a warning is an error as a rule. */
function compileHooks(title) {
  const hooks = path.join(root, 'packaging', 'windows', 'hooks.nsh');
  const output = path.join(folderOf(WINDOWS), 'hooks.exe');
  fs.mkdirSync(path.dirname(output), { recursive: true });
  return step(title, 'makensis', [
    ...['-V2', '-WX', `-DHOOKS=${hooks}`, `-DOUTPUT=${output}`],
    path.join(root, 'scripts', 'platforms', 'hooks.nsi'),
  ]);
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
  return expectServed(title, 'qemu-aarch64', ['-L', ARM_ROOT, program], { endsOn: 'SIGTERM' });
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
  const check = cargo('check', '--target', MACOS.target, '-p', DESKTOP);
  const output = await step(title, ...check, { environment });
  console.log(`  not compiled: ${LEFT_OUT_ON_MACOS}, which needs headers of Xcode`);
  return output;
}

/** Writes a program of a few lines and gives its path. */
function script(name, text) {
  const file = path.join(cacheDirectory, name);
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

/** What the compiler and its linker need for a platform. */
async function environmentFor(platform) {
  const flags = [...(await standardLibraryFor(platform.target)), ...platform.flags];
  const named = Object.entries({ ...platform.variables, RUSTFLAGS: flags.join(' ') })
    .filter(([, value]) => value !== '')
    .map(([key, value]) => [variable(platform, key), value]);
  // Nothing here is built a second time after a change.
  return { CARGO_INCREMENTAL: '0', ...Object.fromEntries(named) };
}

/** The name of a variable of cargo's that holds for one target. */
export function variable({ target }, key) {
  return `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_${key}`;
}

/** Where the programs of a platform are built. */
function folderOf({ target }) {
  return path.join(targetDirectory, target, 'debug');
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
 * own way. What cannot be compiled becomes an object with nothing in it.
 */
export function zigCompiler(python) {
  return [
    '#!/bin/sh',
    'for argument do',
    '  shift',
    '  case "$argument" in',
    '    --target=* | -arch | arm64 | -mmacosx-version-min=* | -mmacos-version-min=*) ;;',
    `    ${LEFT_OUT_ON_MACOS}) set -- "$@" -x c /dev/null ;;`,
    '    *) set -- "$@" "$argument" ;;',
    '  esac',
    'done',
    `exec '${python}' -m ziglang cc -target aarch64-macos -idirafter '${MACOS_HEADERS}' "$@"`,
    '',
  ].join('\n');
}
