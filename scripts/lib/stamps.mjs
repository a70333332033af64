// A stamp records what a folder was made from, so that an unchanged one is kept.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** A hash over the names and contents of files and of whole folders; what is absent counts as absent. */
export function hashOf(paths, base) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((name) => filesUnder(name)).sort()) {
    hash.update(`${path.relative(base, file).split(path.sep).join('/')}\0`);
    hash.update(createHash('sha256').update(fs.readFileSync(file)).digest());
  }
  return hash.digest('hex');
}

function filesUnder(name) {
  const status = fs.statSync(name, { throwIfNoEntry: false });
  if (!status) return [];
  if (!status.isDirectory()) return [name];
  return fs
    .readdirSync(name, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** Whether the stamp says exactly this. */
export function isStamped(file, content) {
  try {
    return fs.readFileSync(file, 'utf8') === content;
  } catch {
    return false;
  }
}

/** Writes a stamp: call it only when the thing stamped is whole. */
export function stamp(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}
