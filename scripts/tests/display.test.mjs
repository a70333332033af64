import assert from 'node:assert/strict';
import test from 'node:test';
import { hasDisplay } from '../lib/display.mjs';

test('on Linux a display is one that the environment names', () => {
  assert.ok(hasDisplay({ DISPLAY: ':0' }, 'linux'));
  assert.ok(hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux'));
  assert.ok(!hasDisplay({}, 'linux'));
  assert.ok(!hasDisplay({ DISPLAY: '' }, 'linux'));
});

test('macOS and Windows have one without saying so', () => {
  assert.ok(hasDisplay({}, 'darwin'));
  assert.ok(hasDisplay({}, 'win32'));
});
