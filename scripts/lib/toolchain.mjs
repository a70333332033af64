// Node and Rust: present, and new enough for what this repository is written in.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './paths.mjs';
import { ask } from './programs.mjs';
import { isAtLeast, parseVersion, rustVersionIn } from './versions.mjs';

/** Throws a Failure that says what was found, what is needed and where it comes from. */
export function checkToolchain({ forTests = false } = {}) {
  checkNode();
  checkRust();
  if (forTests) checkRustComponents();
}

function checkNode() {
  const required = readJson('package.json').engines.node.replace('>=', '');
  if (!isAtLeast(parseVersion(process.version), parseVersion(required))) {
    throw new Failure(
      `Node.js ${required} or newer is needed, this is ${process.version.slice(1)}: https://nodejs.org/`,
    );
  }
}

function checkRust() {
  const required = rustVersionIn(fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8'));
  const answer = ask('rustc', ['--version']);
  if (answer === null || ask('cargo', ['--version']) === null) {
    throw new Failure(
      `Rust ${required} or newer is needed and was not found (\`rustc --version\` and \`cargo --version\` must both answer): https://rustup.rs/`,
    );
  }
  const found = parseVersion(answer);
  if (!isAtLeast(found, parseVersion(required))) {
    throw new Failure(
      `Rust ${required} or newer is needed, this is ${found.join('.')}. With rustup: rustup update stable`,
    );
  }
}

function checkRustComponents() {
  const missing = [
    ['rustfmt', 'cargo-fmt'],
    ['clippy', 'cargo-clippy'],
  ].filter(([, program]) => ask(program, ['--version']) === null);
  if (missing.length > 0) {
    const names = missing.map(([component]) => component).join(' ');
    throw new Failure(`The tests need ${names}. With rustup: rustup component add ${names}`);
  }
}

function readJson(name) {
  return JSON.parse(fs.readFileSync(path.join(root, name), 'utf8'));
}
