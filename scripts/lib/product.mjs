// What every package says of the product, read from where it is written down.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './paths.mjs';
import { ask } from './programs.mjs';

const MANIFEST = readText('Cargo.toml');

export const PRODUCT = {
  version: manifestValue('version'),
  homepage: manifestValue('repository'),
  licence: manifestValue('license'),
  // A package must name somebody who can be written to.
  maintainer: 'The Moustique authors <moustique-broker@users.noreply.github.com>',
};

/** A file of the repository. */
export function readText(name) {
  return fs.readFileSync(path.join(root, name), 'utf8');
}

/**
 * The time that everything in a package bears, so that the same sources give the
 * same package: that of the last commit (https://reproducible-builds.org/specs/source-date-epoch/).
 */
export function sourceDate() {
  const seconds = process.env.SOURCE_DATE_EPOCH ?? ask('git', ['log', '-1', '--format=%ct']);
  if (seconds !== null && /^\d+$/.test(seconds)) return new Date(Number(seconds) * 1000);
  throw new Failure(
    'The time of the sources is not known: this is no clone made by git. Set SOURCE_DATE_EPOCH to it, in seconds since 1970.',
  );
}

/**
 * A version as Debian and RPM write it: with `~`, 1.0.0~rc.1 comes before 1.0.0;
 * with `-`, it would come after it.
 */
export function packageVersion(version = PRODUCT.version) {
  return version.replace('-', '~');
}

function manifestValue(key) {
  const value = new RegExp(`^${key} = "([^"]+)"$`, 'm').exec(MANIFEST)?.[1];
  if (value !== undefined) return value;
  throw new Failure(`Cargo.toml: expected a line \`${key} = "…"\` below [workspace.package].`);
}
