// The programs of the page Connect, run as they are copied, against a broker.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isInPath } from '../../scripts/lib/programs.mjs';
import { Broker, freePort } from './broker.mjs';
import { loadLanguages } from './languages.mjs';

const run = promisify(execFile);

/** Under which name a program is saved, what runs it, and whether the set-up promises that. */
const TOOLS = {
  curl: { file: 'program.sh', command: ['sh'], promised: true },
  javascript: { file: 'program.mjs', command: [process.execPath], promised: true },
  python: { file: 'program.py', command: ['python3'], promised: true },
  perl: { file: 'program.pl', command: ['perl'], promised: true },
  go: { file: 'program.go', command: ['go', 'run'], promised: false },
  java: { file: 'Program.java', command: ['java'], promised: false },
};

/** No proxy, texts in UTF-8, and no tool that fetches anything. */
const ENVIRONMENT = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name))),
  LC_ALL: 'C.UTF-8',
  GOTOOLCHAIN: 'local',
  GOPROXY: 'off',
  GO111MODULE: 'off',
};

/** How long a program may take that has to be compiled first, on a busy machine. */
const PATIENCE_MS = 180_000;

let broker, folder, languages, HOSTILE, programs;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-snippets-'));
  programs = 0;
  const tlsPort = await freePort();
  [broker, { languages, HOSTILE }] = await Promise.all([
    Broker.start('', `  tls:\n    port: ${tlsPort}\n`),
    loadLanguages(path.join(folder, 'built')),
  ]);
  broker.encrypted = `https://127.0.0.1:${tlsPort}`;
});

after(async () => {
  await broker?.dispose();
  fs.rmSync(folder, { recursive: true, force: true });
});

const language = (id) => languages.find((one) => one.id === id);

/** The command that runs a snippet, saved in a folder of its own. */
function saved(id, task, example) {
  const { file, command } = TOOLS[id];
  programs += 1;
  const program = path.join(folder, `${programs}`, file);
  fs.mkdirSync(path.dirname(program));
  fs.writeFileSync(program, language(id).snippet[task]({ base: broker.address, ...example }));
  const [name, ...rest] = command;
  return [name, [...rest, program]];
}

/** What a snippet writes, without the end of its last line. */
async function output(id, task, example, environment = {}) {
  const { stdout } = await run(...saved(id, task, example), {
    env: { ...ENVIRONMENT, ...environment },
    timeout: PATIENCE_MS,
  });
  return stdout;
}

/** Runs a snippet that follows until it has told of what is published meanwhile. */
async function followed(id, topic) {
  const child = spawn(...saved(id, 'follow', { topic, message: '' }), {
    env: ENVIRONMENT,
    // A group of its own: what 'go run' starts has to end, too.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const said = [];
  readline.createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const deadline = Date.now() + PATIENCE_MS;
  let heard = null;
  readline.createInterface({ input: child.stdout }).on('line', (line) => (heard ??= line || null));
  try {
    // When it has begun to listen is not to be seen from outside: so there is
    // something to hear until it does.
    while (heard === null) {
      assert.ok(child.exitCode === null, `it ended: ${said.join('\n')}`);
      assert.ok(Date.now() < deadline, `it told of nothing: ${said.join('\n')}`);
      await broker.publish(topic, 'é "heard" \\');
      await delay(100);
    }
    return heard;
  } finally {
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
}

/** A topic with whatever a topic may hold. */
const hostileTopic = () => `/hostile/${HOSTILE.join(' ').replace(/[\p{Cc}#+]/gu, '')}`;

for (const [id, { command, promised }] of Object.entries(TOOLS)) {
  const missing = !isInPath(command[0]);
  const reason = `${command[0]} is not installed here, and the set-up does not promise it`;
  test(
    `${id}: the programs do what they say`,
    { skip: missing && !promised && reason },
    async () => {
      const plain = { topic: `/home/${id}`, message: '21.5' };
      await output(id, 'publish', plain);
      assert.equal(await broker.value(plain.topic), '21.5');

      const hostile = { topic: hostileTopic(), message: HOSTILE.join('|') };
      await output(id, 'publish', hostile);
      assert.equal(
        await broker.value('?' + new URLSearchParams({ topic: hostile.topic })),
        hostile.message,
      );
      const value = await output(id, 'value', hostile);
      assert.equal(value.replace(/\n$/, ''), hostile.message);

      const line = await followed(id, `/followed/${id}`);
      const message = line.startsWith('{') ? JSON.parse(line).message : line;
      assert.equal(message, 'é "heard" \\');
    },
  );
}

// All in one above, and here each alone where that makes a difference: a word of
// a shell may look like an option, or like the name of a file.
for (const id of ['curl', 'perl']) {
  test(`${id}: each hostile text arrives as it is`, async () => {
    for (const message of HOSTILE) {
      await output(id, 'publish', { topic: '/each', message });
      assert.equal(await broker.value('/each'), message);
    }
  });
}

for (const id of ['curl', 'javascript', 'python', 'perl']) {
  test(`${id}: a topic that is no path arrives as it is`, async () => {
    for (const topic of ['no/slash', '/a/../b//']) {
      const example = { topic, message: `${id} was here` };
      await output(id, 'publish', example);
      assert.equal(await broker.value('?' + new URLSearchParams({ topic })), example.message);
      assert.equal((await output(id, 'value', example)).replace(/\n$/, ''), example.message);
    }
  });
}

for (const [id, variable] of [
  ['curl', 'CURL_CA_BUNDLE'],
  ['python', 'SSL_CERT_FILE'],
  ['javascript', 'NODE_EXTRA_CA_CERTS'],
]) {
  test(`${id}: over TLS with ${variable}, and not without`, async () => {
    const example = { base: broker.encrypted, topic: '/tls', message: id };
    await output(id, 'publish', example, { [variable]: broker.certificate });
    assert.equal(await broker.value('/tls'), id);
    await assert.rejects(output(id, 'publish', { ...example, message: 'not trusted' }));
    assert.equal(await broker.value('/tls'), id);
  });
}

test('esp32: the sketches compile, and ask for what they should', async () => {
  const sources = path.join(import.meta.dirname, 'arduino');
  const example = { base: broker.address, topic: hostileTopic(), message: HOSTILE.join('|') };
  const asked = {};
  for (const task of ['publish', 'follow', 'value']) {
    const sketch = path.join(folder, `${task}.ino.h`);
    const program = path.join(folder, `${task}-sketch`);
    fs.writeFileSync(sketch, language('esp32').snippet[task](example));
    await run('c++', [
      ...['-std=c++17', '-Wall', '-Wextra', '-Werror', '-trigraphs', `-DSKETCH="${sketch}"`],
      ...['-I', sources, path.join(sources, 'main.cpp'), '-o', program],
    ]);
    asked[task] = (await run(program)).stdout;
  }
  const [, url, payload] = /^PUT (.*)\n([^]*)\n$/.exec(asked.publish);
  assert.equal(payload, example.message);
  await fetch(url, { method: 'PUT', body: payload });
  assert.equal(asked.value, `GET ${url}\n\nthe value\n`);
  assert.equal(await (await fetch(url)).text(), example.message);

  const [, accept, stream] = /^Accept: (.*)\nGET (.*)\n\n$/.exec(asked.follow);
  assert.equal(accept, 'application/x-ndjson');
  const stop = new AbortController();
  const { status } = await fetch(stream, { headers: { Accept: accept }, signal: stop.signal });
  stop.abort();
  assert.equal(status, 200);
  assert.equal(new URL(stream).searchParams.get('filter'), example.topic);
});
