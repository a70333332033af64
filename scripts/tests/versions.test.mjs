import assert from 'node:assert/strict';
import test from 'node:test';
import { isAtLeast, parseVersion, rustVersionIn } from '../lib/versions.mjs';

test('a version is found in what a program prints', () => {
  assert.deepEqual(parseVersion('rustc 1.95.0 (59807616e 2026-04-14)'), [1, 95, 0]);
  assert.deepEqual(parseVersion('v20.19.4'), [20, 19, 4]);
  assert.deepEqual(parseVersion('20.19'), [20, 19, 0]);
  assert.equal(parseVersion('nightly'), null);
  assert.equal(parseVersion(null), null);
});

test('versions are compared as numbers, the first part first', () => {
  assert.ok(isAtLeast([20, 19, 0], [20, 19, 0]));
  assert.ok(isAtLeast([22, 0, 0], [20, 19, 0]));
  assert.ok(isAtLeast([1, 100, 0], [1, 90, 0]));
  assert.ok(!isAtLeast([20, 9, 9], [20, 19, 0]));
  assert.ok(!isAtLeast([18, 20, 0], [20, 19, 0]));
});

test('the required Rust version is read from a manifest', () => {
  assert.equal(rustVersionIn('[workspace.package]\nrust-version = "1.90"\n'), '1.90');
  assert.equal(rustVersionIn('rust-version.workspace = true\n'), null);
});
