// A broker of its own for a test.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { releaseProgram } from '../../scripts/lib/paths.mjs';

const program = process.env.MOUSTIQUE_BIN_DIR
  ? path.join(process.env.MOUSTIQUE_BIN_DIR, 'moustique')
  : releaseProgram('moustique');

/** A broker whose data outlives its process. */
export class Broker {
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-browser-'));
  #child;

  /** Starts one on a free port, with more lines for the sections `security` and `server`. */
  static async start(security = '', server = '') {
    const broker = new Broker();
    broker.port = await freePort();
    fs.writeFileSync(
      path.join(broker.#folder, 'config.yaml'),
      `server:\n  host: 127.0.0.1\n  port: ${broker.port}\n${server}security:\n  tailscale_enabled: false\n${security}`,
    );
    await broker.restart();
    return broker;
  }

  /** Starts it again, on the same port. Resolves when it serves. */
  async restart() {
    this.#child = spawn(program, ['--data-dir', this.#folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = readline.createInterface({ input: this.#child.stderr });
    const said = [];
    for await (const line of lines) {
      said.push(line);
      if (line.includes('started:')) return void lines.on('line', () => {});
    }
    throw new Error(`the broker does not start: ${said.join('\n')}`);
  }

  /** Ends the process at once. */
  async kill() {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async dispose() {
    await this.kill();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  get address() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The file of the certificate that it made for itself. */
  get certificate() {
    return path.join(this.#folder, 'tls.pem');
  }

  async publish(topic, message) {
    const answer = await fetch(`${this.address}/v1/topics${topic}`, {
      method: 'PUT',
      body: message,
    });
    if (answer.status !== 204) throw new Error(`${answer.status}: ${await answer.text()}`);
  }

  /** A topic's value, or null. */
  async value(topic) {
    const answer = await fetch(`${this.address}/v1/topics${topic}`);
    return answer.status === 404 ? null : await answer.text();
  }
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
