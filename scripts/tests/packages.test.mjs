import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { checkSize, formatsFrom } from '../lib/bundles.mjs';
import { controlFile } from '../lib/debian-package.mjs';
import { Failure } from '../lib/failure.mjs';
import { layOut } from '../lib/package-contents.mjs';
import { packageVersion } from '../lib/product.mjs';
import { specFile } from '../lib/rpm-package.mjs';

const CONTENTS = {
  name: 'example',
  summary: 'example of a package',
  description: ['One paragraph.', '', 'Another.'],
  recommends: [],
  suggests: ['a', 'b'],
};

test('each system makes what is usual there', () => {
  assert.deepEqual(formatsFrom(undefined, 'linux'), ['deb', 'rpm']);
  assert.deepEqual(formatsFrom(undefined, 'win32'), ['nsis']);
  assert.deepEqual(formatsFrom(undefined, 'darwin'), ['app', 'dmg']);
  assert.deepEqual(formatsFrom('appimage,deb', 'linux'), ['appimage', 'deb']);
});

test('a format that cannot be made here is refused, with those that can', () => {
  for (const [asked, words] of [
    ['deb,dmg', '"dmg" cannot be made on this system; here there are deb, rpm, appimage.'],
    ['toString', '"toString" is no format that is known'],
    ['', '"" is no format that is known'],
  ]) {
    assert.throws(
      () => formatsFrom(asked, 'linux'),
      (error) => error instanceof Failure && error.message.includes(words),
    );
  }
});

test('the package of the desktop application alone has a limit', () => {
  const limit = 12 * 1024 * 1024;
  checkSize('/a/moustique-desktop_1.0.0-1_amd64.deb', limit);
  checkSize('/a/moustique_1.0.0-1_amd64.deb', limit + 1);
  const check = () => checkSize('/a/moustique-desktop_1.0.0-1_amd64.deb', limit + 1);
  assert.throws(check, /has 12582913 bytes; at most 12582912 are allowed/);
});

test('a version that comes before a release comes before it for packages, too', () => {
  assert.equal(packageVersion('1.0.0-rc.1'), '1.0.0~rc.1');
  assert.equal(packageVersion('1.0.0'), '1.0.0');
});

test('the control file leaves out what is empty and marks empty lines', () => {
  const control = controlFile(CONTENTS, {
    version: '1.0.0-1',
    architecture: 'arm64',
    installed: 7,
    depends: 'libc6',
  });
  for (const line of ['Version: 1.0.0-1', 'Depends: libc6', 'Suggests: a, b', ' .']) {
    assert.ok(control.split('\n').includes(line), line);
  }
  assert.ok(!control.includes('Recommends'));
  assert.ok(control.endsWith(' Another.\n'));
});

test('the specification lists every file, and the licence as what it is', () => {
  const files = [{ target: '/usr/bin/example' }, { target: '/usr/share/l', isLicence: true }];
  const specification = specFile(CONTENTS, files, '/a tree').split('\n');
  for (const line of [
    'Summary: Example of a package',
    "cp -a '/a tree/.' '%{buildroot}'",
    '/usr/bin/example',
    '%license /usr/share/l',
  ]) {
    assert.ok(specification.includes(line), line);
  }
});

test('what is laid out has the rights that it is installed with, whatever the umask', (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique scripts '));
  const umask = process.umask(0o077);
  context.after(() => {
    process.umask(umask);
    fs.rmSync(folder, { recursive: true });
  });
  layOut([{ target: '/usr/bin/example', content: 'x', mode: 0o755 }], folder);
  const modes = ['.', 'usr', 'usr/bin', 'usr/bin/example'].map(
    (name) => fs.statSync(path.join(folder, name)).mode & 0o777,
  );
  assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o755]);
});
