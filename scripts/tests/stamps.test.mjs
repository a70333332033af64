import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { hashOf, isStamped, stamp } from '../lib/stamps.mjs';

test('a hash follows names and contents, not times', (context) => {
  const base = temporaryFolder(context);
  const nested = path.join(base, 'a folder', 'deeper');
  fs.mkdirSync(nested, { recursive: true });
  const file = path.join(nested, 'file.txt');
  fs.writeFileSync(file, 'one');
  const first = hashOf([base], base);

  fs.utimesSync(file, 1, 1);
  assert.equal(hashOf([base], base), first);

  fs.writeFileSync(file, 'two');
  assert.notEqual(hashOf([base], base), first);

  fs.writeFileSync(file, 'one');
  fs.renameSync(file, path.join(nested, 'other.txt'));
  assert.notEqual(hashOf([base], base), first);
});

test('a hash is the same wherever the folder stands', (context) => {
  const [one, two] = [temporaryFolder(context), temporaryFolder(context)];
  for (const base of [one, two]) fs.writeFileSync(path.join(base, 'file.txt'), 'same');
  assert.equal(hashOf([one], one), hashOf([two], two));
});

test('what is absent is not an error', (context) => {
  const base = temporaryFolder(context);
  assert.equal(hashOf([path.join(base, 'none')], base), hashOf([], base));
});

test('a stamp holds until its content changes', (context) => {
  const file = path.join(temporaryFolder(context), 'new', 'stamp');
  assert.ok(!isStamped(file, 'one'));
  stamp(file, 'one');
  assert.ok(isStamped(file, 'one'));
  assert.ok(!isStamped(file, 'two'));
});

function temporaryFolder(context) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique scripts '));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}
