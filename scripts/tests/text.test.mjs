import assert from 'node:assert/strict';
import test from 'node:test';
import { count, duration, lastLines, size, slug, table, withoutEscapes } from '../lib/text.mjs';

test('a duration takes the unit a person would', () => {
  assert.equal(duration(0), '0 ms');
  assert.equal(duration(999), '999 ms');
  assert.equal(duration(1_000), '1.0 s');
  assert.equal(duration(59_940), '59.9 s');
  assert.equal(duration(59_960), '1 min 00 s');
  assert.equal(duration(245_000), '4 min 05 s');
});

test('a size takes binary units', () => {
  assert.equal(size(912), '912 B');
  assert.equal(size(1_536), '1.5 KiB');
  assert.equal(size(7 * 1024 * 1024), '7.0 MiB');
  assert.equal(size(5 * 1024 ** 4), '5120.0 GiB');
});

test('escape sequences leave no trace', () => {
  assert.equal(withoutEscapes('\u001b[1m\u001b[32mok\u001b[0m\u001b[K'), 'ok');
  assert.equal(withoutEscapes('\u001b]8;;http://a\u001b\\b\u001b]8;;\u0007'), 'b');
  assert.equal(withoutEscapes('\u001b(B\u001b[mc'), 'c');
});

test('a table aligns names to the left and figures to the right', () => {
  const rows = [
    ['a', '1.0 s'],
    ['long', '10.0 s', 'failed'],
  ];
  assert.deepEqual(table(rows), ['a      1.0 s', 'long  10.0 s  failed']);
  assert.deepEqual(table([]), []);
});

test('the last lines do not count the empty ones at the end', () => {
  assert.deepEqual(lastLines('a\nb\r\nc\n\n', 2), ['b', 'c']);
  assert.deepEqual(lastLines('', 2), ['']);
});

test('a noun follows its number', () => {
  assert.equal(count(1, 'package'), '1 package');
  assert.equal(count(0, 'package'), '0 packages');
});

test('a slug is a file name everywhere', () => {
  assert.equal(slug('Installing 9 system packages'), 'installing-9-system-packages');
  assert.equal(slug('Licences, bans & sources!'), 'licences-bans-sources');
});
