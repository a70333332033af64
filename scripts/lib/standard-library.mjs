// Rust's standard library for a system other than this one.
//
// rustup downloads it. The compilers of distributions come with that of their own
// system alone; from its sources, which are a package, it is built for another one.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { cacheDirectory } from './paths.mjs';
import { ask, isInPath } from './programs.mjs';
import { isStamped, stamp } from './stamps.mjs';
import { step } from './steps.mjs';

/** Has the library there; resolves to what the compiler has to be told besides the target. */
export async function standardLibraryFor(target) {
  if (isInPath('rustup') && ask('rustup', ['show', 'active-toolchain']) !== null) {
    await step(`Fetching the standard library of ${target}`, 'rustup', ['target', 'add', target]);
    return [];
  }
  const root = path.join(cacheDirectory, 'sysroots', compilerVersion(), target);
  const finished = path.join(root, 'finished');
  if (!isStamped(finished, target)) {
    await build(target, root);
    stamp(finished, target);
  }
  return [`--sysroot=${root}`];
}

/** Where the compiler has its sources, if they are installed. */
export function librarySource() {
  const root = ask('rustc', ['--print', 'sysroot']) ?? '';
  return path.join(root, 'lib', 'rustlib', 'src', 'rust', 'library');
}

async function build(target, root) {
  if (!fs.existsSync(librarySource())) {
    throw new Failure(
      `There is no standard library for ${target}, and none can be built: its sources are not in ${librarySource()}. Install the package of your distribution that has them, or use rustup.`,
    );
  }
  const work = path.join(cacheDirectory, 'standard-library');
  fs.mkdirSync(path.join(work, 'src'), { recursive: true });
  fs.writeFileSync(
    path.join(work, 'Cargo.toml'),
    '[package]\nname = "nothing"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n',
  );
  // A crate of nothing, which cargo builds together with the library.
  fs.writeFileSync(path.join(work, 'src', 'lib.rs'), '#![no_std]\n');
  const parts = 'std,panic_abort,test,proc_macro';
  const built = path.join(work, 'target');
  await step(
    `Building the standard library of ${target}`,
    'cargo',
    ['build', '--release', '-Z', `build-std=${parts}`, '--target', target],
    {
      directory: work,
      // A stable compiler refuses options that are not; the library is made of them.
      environment: { RUSTC_BOOTSTRAP: '1', CARGO_TARGET_DIR: built },
    },
  );
  const from = path.join(built, target, 'release', 'deps');
  const into = path.join(root, 'lib', 'rustlib', target, 'lib');
  fs.mkdirSync(into, { recursive: true });
  for (const name of fs.readdirSync(from)) {
    if (!name.endsWith('.rlib') || name.startsWith('libnothing-')) continue;
    fs.copyFileSync(path.join(from, name), path.join(into, name));
  }
  fs.rmSync(path.join(built, target), { recursive: true });
}

/** A library is good for the very compiler that built it. */
function compilerVersion() {
  const [, release] = /^release: (.+)$/m.exec(ask('rustc', ['-vV']) ?? '') ?? [];
  if (release !== undefined) return release;
  throw new Failure('`rustc -vV` did not say which release it is.');
}
