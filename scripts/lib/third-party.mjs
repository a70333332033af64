// The licences of what is compiled into the programs: most of them ask that their
// text goes along with it.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './paths.mjs';
import { ask } from './programs.mjs';

/** What the built user interface holds besides our own. */
const IN_THE_PAGES = ['svelte', '@tauri-apps/api'];

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense)([._-].*)?$/i;
const RULE = `\n${'-'.repeat(80)}\n\n`;

/** One text with the licences of everything that a program is made of. */
export function licencesOf(name) {
  const target = /^host: (.+)$/m.exec(ask('rustc', ['-vV']) ?? '')?.[1];
  const options = ['--format-version=1', `--filter-platform=${target}`];
  const answer = ask('cargo', ['metadata', '--locked', ...options]);
  if (answer === null) throw new Failure('`cargo metadata --locked` failed.');
  const crates = linkedInto(name, JSON.parse(answer)).map((crate) => ({
    name: `${crate.name} ${crate.version}`,
    licence: crate.license ?? 'see its file',
    folder: path.dirname(crate.manifest_path),
  }));
  const modules = IN_THE_PAGES.map((module) => {
    const folder = path.join(root, 'node_modules', module);
    const { version, license } = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    return { name: `${module} ${version}`, licence: license, folder };
  });
  return asText([...crates, ...modules]);
}

/** The packages of other people that a package of ours is linked with. */
export function linkedInto(name, { packages, resolve }) {
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const start = packages.find((one) => one.name === name && one.source === null);
  const seen = new Set([start.id]);
  // A set is gone through in the order in which it grows, also while it does.
  for (const id of seen) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      // What only builds or tests is in no program.
      if (dep_kinds.some(({ kind }) => kind === null)) seen.add(pkg);
    }
  }
  return [...seen]
    .map((id) => byId.get(id))
    .filter(({ source }) => source !== null)
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Each text once, below the names of all that come under it. */
function asText(parts) {
  const users = new Map();
  for (const { name, folder } of parts) {
    const files = fs.readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
    for (const file of files.filter((file) => fs.statSync(path.join(folder, file)).isFile())) {
      const text = fs.readFileSync(path.join(folder, file), 'utf8').trim();
      users.set(text, [...(users.get(text) ?? []), name]);
    }
  }
  const list = parts.map(({ name, licence }) => `${name}: ${licence}`).join('\n');
  const texts = [...users].map(([text, names]) => `${names.join(', ')}:\n\n${text}\n`);
  return [`What this program is made of, and its licences.\n\n${list}\n`, ...texts].join(RULE);
}
