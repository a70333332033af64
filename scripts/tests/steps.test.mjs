import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const FIXTURE = fileURLToPath(new URL('fixtures/run-step.mjs', import.meta.url));
const onUnix = { skip: process.platform === 'win32' && 'process groups are a Unix thing' };
/** A background process that prints its own id and would live on for minutes. */
const BACKGROUND = 'sleep 300 & echo "background $!"';

test('a step ends with 0 and says how long it took', onUnix, async (context) => {
  const { code, lines } = await finished(runStep(context, 'echo hello'));
  assert.equal(code, 0);
  assert.equal(lines[0], 'A step of a test …');
  assert.equal(lines[1], 'hello');
  assert.match(lines[2], /^ {2}done in \d/);
});

test(
  'a quiet step that fails shows the last 40 lines and names the log',
  onUnix,
  async (context) => {
    const run = runStep(context, 'seq 1 100; exit 3', 'quiet');
    const { code, lines } = await finished(run);
    assert.equal(code, 1);
    assert.deepEqual(
      lines.filter((line) => /^\d+$/.test(line)),
      Array.from({ length: 40 }, (_, index) => String(61 + index)),
    );
    assert.ok(lines.some((line) => line.includes('(exit code 3)')));
    const log = lines.find((line) => line.startsWith('The whole output: ')).slice(18);
    assert.match(fs.readFileSync(log, 'utf8'), /^\$ sh -c .*\n1\n2\n/);
  },
);

test('a background process left behind does not hold the step open', onUnix, async (context) => {
  const { code, lines } = await finished(runStep(context, BACKGROUND));
  assert.equal(code, 0);
  assert.ok(!isAlive(backgroundId(lines)));
});

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  test(`${signal} ends everything the step has started`, onUnix, async (context) => {
    const run = runStep(context, 'sh -c \'echo "grandchild $$"; exec sleep 300\'; true');
    const id = await run.lineStartingWith('grandchild ');
    run.child.kill(signal);
    const { code } = await finished(run);
    assert.equal(code, expected);
    assert.ok(!isAlive(Number(id)));
  });
}

test('a second signal kills what ignores the first', onUnix, async (context) => {
  const run = runStep(
    context,
    'trap "echo ignored" INT; echo "ready $$"; while :; do sleep 1; done',
  );
  const id = await run.lineStartingWith('ready ');
  run.child.kill('SIGINT');
  await run.lineStartingWith('ignored');
  run.child.kill('SIGTERM');
  const { code } = await finished(run);
  assert.equal(code, 143);
  assert.ok(!isAlive(Number(id)));
});

function runStep(context, script, ...more) {
  const target = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique scripts '));
  const child = spawn(process.execPath, [FIXTURE, script, ...more], {
    env: { ...process.env, CARGO_TARGET_DIR: target, CI: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => fs.rmSync(target, { recursive: true }));

  const lines = [];
  const waiting = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of [...waiting]) look(line);
    });
  }
  const lineStartingWith = (prefix) =>
    new Promise((resolve) => {
      const look = (line) => line.startsWith(prefix) && resolve(line.slice(prefix.length));
      waiting.push(look);
      lines.forEach(look);
    });
  return { child, lines, lineStartingWith };
}

async function finished({ child, lines }) {
  const [code] = await once(child, 'close');
  return { code, lines };
}

function backgroundId(lines) {
  return Number(lines.find((line) => line.startsWith('background ')).split(' ')[1]);
}

function isAlive(id) {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
