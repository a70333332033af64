import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { complaintsIn, expectEqual } from '../lib/package-steps.mjs';
import {
  LEFT_OUT_ON_MACOS,
  MACOS_HEADERS,
  PLATFORM_STEPS,
  SYSTEMS,
  variable,
  zigCompiler,
} from '../lib/platform-steps.mjs';

test('every system has its steps', () => {
  const systems = new Set(PLATFORM_STEPS.map(({ system }) => system));
  assert.deepEqual([...systems], SYSTEMS);
});

test('a variable of cargo names its target', () => {
  assert.equal(
    variable({ target: 'x86_64-pc-windows-gnu' }, 'LINKER'),
    'CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER',
  );
});

test(
  'what a C compiler for a Mac is told of its target is not passed on to zig',
  { skip: process.platform === 'win32' },
  (context) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique scripts '));
    context.after(() => fs.rmSync(folder, { recursive: true }));
    const [python, compiler] = ['python', 'cc'].map((name) => path.join(folder, name));
    fs.writeFileSync(python, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    fs.writeFileSync(compiler, zigCompiler(python), { mode: 0o755 });
    const given = ['-O3', '-arch', 'arm64', '--target=arm64-apple-macosx', '-c'];
    for (const [file, compiled] of [
      ['a file.c', ['a file.c']],
      [LEFT_OUT_ON_MACOS, ['-x', 'c', '/dev/null']],
    ]) {
      const { stdout } = spawnSync(compiler, [...given, file], { encoding: 'utf8' });
      assert.deepEqual(stdout.trimEnd().split('\n'), [
        ...['-m', 'ziglang', 'cc', '-target', 'aarch64-macos', '-idirafter', MACOS_HEADERS],
        ...['-O3', '-c', ...compiled],
      ]);
    }
  },
);

test('one key alone is not complained of', () => {
  const known =
    'a.desktop: error: file contains key "SingleMainWindow" in group "Desktop Entry", but keys extending the format should start with "X-"\n';
  const other = 'a.desktop: error: value "Nework;" for key "Categories" is wrong\n';
  assert.deepEqual(complaintsIn(known), []);
  assert.deepEqual(complaintsIn(known + other), [other.trimEnd()]);
});

test('what differs is named with what was expected', () => {
  expectEqual('the files', ['/a'], ['/a']);
  assert.throws(() => expectEqual('the files', ['/a'], []), /Expected the files to be \[\], found/);
});
