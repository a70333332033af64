import assert from 'node:assert/strict';
import test from 'node:test';
import {
  appStreamReleases,
  debianChangelog,
  releasesIn,
  releasesWith,
} from '../lib/release-notes.mjs';

const CHANGELOG = [
  '# Changelog',
  '## Unreleased',
  '### Added',
  '## [1.2.0-rc.1] - 2026-11-23',
  '- ## 9.9.9 - 2026-01-01 within a line',
  '## 1.1.0 - 2026-10-01',
].join('\n');

const DATE = new Date('2026-12-24T06:07:08Z');

test('a release is a heading with a version and a day', () => {
  assert.deepEqual(releasesIn(CHANGELOG), [
    { version: '1.2.0-rc.1', date: '2026-11-23' },
    { version: '1.1.0', date: '2026-10-01' },
  ]);
});

test('a version without a heading is one under development', () => {
  assert.deepEqual(releasesWith('1.1.0', DATE, CHANGELOG), releasesIn(CHANGELOG));
  assert.equal(
    appStreamReleases(releasesWith('1.3.0', DATE, CHANGELOG).slice(0, 2)),
    '    <release type="development" version="1.3.0" date="2026-12-24"/>\n' +
      '    <release type="stable" version="1.2.0-rc.1" date="2026-11-23"/>',
  );
});

test("Debian's changelog has the date in the form of mail", () => {
  const lines = debianChangelog('moustique', '1.3.0-1', 'A <a@b.example>', DATE).split('\n');
  assert.equal(lines[0], 'moustique (1.3.0-1) unstable; urgency=medium');
  assert.equal(lines[4], ' -- A <a@b.example>  Thu, 24 Dec 2026 06:07:08 +0000');
});
