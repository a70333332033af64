// A broker that is started to see whether it serves, and ended again.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { endLeftovers, exitCodeOf, start } from './children.mjs';
import { Failure } from './failure.mjs';
import { announce } from './steps.mjs';
import { duration, lastLines, withoutEscapes } from './text.mjs';

/** How long it may take until it serves: an emulator is slow. */
const LIMIT_MILLISECONDS = 120_000;
/** How long it may take to end: the broker drains for some seconds at most. */
const END_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 250;
const ENDED_WELL = endedWith(0);

/**
 * Starts a broker with a data folder of its own, `--data-dir` being added, and
 * publishes a message, which it must give back. `says` is what it must have written
 * to its log by then; after `endsOn`, a signal, it must end with 0. Throws a Failure
 * when any of that does not come about.
 */
export async function expectServed(
  title,
  program,
  args,
  { environment = {}, says = '', endsOn } = {},
) {
  announce(title);
  const began = performance.now();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-served-'));
  const port = await freePort();
  const settings = `server:\n  host: 127.0.0.1\n  port: ${port}\n  announce: false\n`;
  fs.writeFileSync(path.join(folder, 'config.yaml'), settings);

  const child = start(program, [...args, '--data-dir', folder], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (said += withoutEscapes(text)));
  }
  const ended = exitCodeOf(child).then(
    (code) => endedWith(code),
    (error) => error.message,
  );
  try {
    const url = `http://127.0.0.1:${port}/v1/topics/platform`;
    const value = 'served';
    await until(ended, async () => {
      const answer = await fetch(url, { method: 'POST', body: value });
      return answer.ok && (await (await fetch(url)).text()) === value;
    });
    await until(ended, () => said.includes(says));
    console.log(`  served after ${duration(performance.now() - began)}`);
    if (endsOn !== undefined) await expectEnd(child, ended, endsOn);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const output = lastLines(said, 40).join('\n');
    throw new Failure(`${output}\n\n${title}: ${error.message}`, { output: said });
  } finally {
    await endLeftovers(child);
    await ended;
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return said;
}

async function expectEnd(child, ended, signal) {
  child.kill(signal);
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, END_MILLISECONDS, 'it did not end');
  });
  const how = await Promise.race([ended, late]).finally(() => clearTimeout(timer));
  if (how !== ENDED_WELL) throw new Failure(`after ${signal} ${how}; expected: ${ENDED_WELL}.`);
}

function endedWith(code) {
  return `it ended with ${code}`;
}

async function until(ended, isSo) {
  const deadline = performance.now() + LIMIT_MILLISECONDS;
  let problem = '';
  let end;
  ended.then((how) => (end = how));
  while (performance.now() < deadline) {
    if (end !== undefined) throw new Failure(`${end} before it did what was expected.`);
    try {
      if (await isSo()) return;
    } catch (error) {
      // Not yet listening.
      problem = ` (${error.cause?.message ?? error.message})`;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  throw new Failure(`not within ${duration(LIMIT_MILLISECONDS)}${problem}.`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
