// A package for Debian and its relatives, made with Debian's own tools.
//
// Tauri makes such packages, too. But what they depend on has to be listed by hand,
// where dpkg-shlibdeps reads it from the program; and they break rules that lintian
// checks, with no way to mend that: no changelog where Debian looks for it, a desktop
// entry named after the product. The headless program it does not package at all.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { layOut, REVISION } from './package-contents.mjs';
import { bundleDirectory, releaseProgram } from './paths.mjs';
import { packageVersion, PRODUCT, sourceDate } from './product.mjs';
import { ask } from './programs.mjs';
import { step } from './steps.mjs';

/** Makes the package and resolves to its path. */
export async function makeDebianPackage(contents) {
  const { name } = contents;
  const architecture = ask('dpkg', ['--print-architecture']);
  const version = `${packageVersion()}-${REVISION}`;
  const folder = path.join(bundleDirectory, 'deb');
  const tree = path.join(folder, name);
  const file = path.join(folder, `${name}_${version}_${architecture}.deb`);
  fs.rmSync(tree, { recursive: true, force: true });

  const files = contents.files();
  layOut([...files, sums(files)], tree);
  const control = controlFile(contents, {
    version,
    architecture,
    installed: files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0),
    depends: await dependencies(name, folder),
  });
  fs.writeFileSync(path.join(tree, 'DEBIAN', 'control'), control);
  await step(
    `Making ${path.basename(file)}`,
    'dpkg-deb',
    // xz, because dpkg of Debian 11 does not know zstd, which Ubuntu's chooses.
    ['--root-owner-group', '-Zxz', '--build', tree, file],
    { environment: { SOURCE_DATE_EPOCH: `${sourceDate().getTime() / 1000}` } },
  );
  fs.rmSync(tree, { recursive: true });
  return file;
}

/** The control file of a package. */
export function controlFile(contents, { version, architecture, installed, depends }) {
  const lists = [
    ['Depends', depends],
    ['Recommends', contents.recommends.join(', ')],
    ['Suggests', contents.suggests.join(', ')],
  ].filter(([, list]) => list !== '');
  return [
    `Package: ${contents.name}`,
    'Source: moustique',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${PRODUCT.maintainer}`,
    `Installed-Size: ${installed}`,
    ...lists.map(([field, list]) => `${field}: ${list}`),
    'Section: net',
    'Priority: optional',
    `Homepage: ${PRODUCT.homepage}`,
    `Description: ${contents.summary}`,
    ...contents.description.map((line) => ` ${line || '.'}`),
    '',
  ].join('\n');
}

/** By which `dpkg --verify` finds what was changed since. */
function sums(files) {
  const lines = files.map(({ target, content }) => {
    const sum = createHash('md5').update(content).digest('hex');
    return `${sum}  ${target.slice(1)}\n`;
  });
  return { target: '/DEBIAN/md5sums', content: lines.join(''), mode: 0o644 };
}

/** What the program is linked to, in the packages and versions that have it. */
async function dependencies(name, folder) {
  // It reads this file where it runs, and nothing in it.
  fs.mkdirSync(path.join(folder, 'debian'), { recursive: true });
  fs.writeFileSync(
    path.join(folder, 'debian', 'control'),
    `Source: ${name}\n\nPackage: ${name}\nArchitecture: any\n`,
  );
  const output = await step(
    `Reading what ${name} depends on`,
    'dpkg-shlibdeps',
    ['-O', '--warnings=0', releaseProgram(name)],
    { directory: folder },
  );
  fs.rmSync(path.join(folder, 'debian'), { recursive: true });
  const depends = /^shlibs:Depends=(.+)$/m.exec(output)?.[1];
  if (depends !== undefined) return depends;
  throw new Failure(`dpkg-shlibdeps did not say what ${name} depends on:\n${output}`);
}
