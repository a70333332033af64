// Everything that must be on the machine before something is built or tested.

import { installCargoDeny } from './cargo-deny.mjs';
import { installNodeModules } from './node-modules.mjs';
import { installPythonEnvironment } from './python.mjs';
import { installSystemPackages } from './system-packages.mjs';
import { checkToolchain } from './toolchain.mjs';
import { unpackPrograms } from './unpacked-programs.mjs';

/**
 * Sets up for one kind of work. Each part looks first and does nothing when
 * there is nothing to do.
 *
 * - `headless`: what the headless program needs.
 * - `desktop`: the desktop application as well.
 * - `bundle`: what makes packages of both.
 * - `packages`: what tests the packages as well.
 * - `platforms`: what builds for other systems.
 * - `tests`: the tests of both as well.
 * - `long`: the headless program and what tests it at length.
 */
export async function setUp(kind) {
  checkToolchain({ forTests: kind === 'tests' });
  await installSystemPackages(kind);
  await installNodeModules();
  if (kind === 'tests' || kind === 'long') await installPythonEnvironment();
  if (kind === 'tests') await installCargoDeny();
  if (kind === 'tests') await unpackPrograms();
}
