import assert from 'node:assert/strict';
import test from 'node:test';
import { installLine, missingIn } from '../lib/system-packages.mjs';

test('only what is fully installed counts as present', () => {
  const listing = [
    'build-essential install ok installed',
    'chromium deinstall ok config-files',
    'libxdo-dev hold ok installed',
    'xvfb install reinstreq half-installed',
    '',
  ].join('\n');
  assert.deepEqual(
    missingIn(listing, ['build-essential', 'chromium', 'libxdo-dev', 'xvfb', 'xauth']),
    ['chromium', 'xvfb', 'xauth'],
  );
});

test('a package of two architectures is present when one of them is', () => {
  const listing = 'libxdo-dev install ok installed\nlibxdo-dev deinstall ok config-files\n';
  assert.deepEqual(missingIn(listing, ['libxdo-dev']), []);
});

test('the line to run names every package', () => {
  assert.equal(
    installLine(['a', 'b']),
    'sudo apt-get update && sudo apt-get install --no-install-recommends a b',
  );
});
