// A package for Fedora, openSUSE and their relatives, made with rpmbuild: it reads
// from the program which libraries it needs, by names that all of them know.

import fs from 'node:fs';
import path from 'node:path';
import { layOut, REVISION } from './package-contents.mjs';
import { bundleDirectory } from './paths.mjs';
import { packageVersion, PRODUCT, sourceDate } from './product.mjs';
import { step } from './steps.mjs';

/** Makes the package and resolves to its path. */
export async function makeRpmPackage(contents) {
  const { name } = contents;
  const folder = path.join(bundleDirectory, 'rpm');
  const work = path.join(folder, name);
  fs.rmSync(work, { recursive: true, force: true });
  const files = contents.files().filter(({ isForDebian }) => !isForDebian);
  const tree = path.join(work, 'tree');
  layOut(files, tree);
  const specification = path.join(work, `${name}.spec`);
  fs.writeFileSync(specification, specFile(contents, files, tree));

  const made = path.join(work, 'RPMS');
  await step(
    `Making the rpm of ${name}`,
    'rpmbuild',
    ['-bb', '--define', `_topdir ${work}`, '--define', `_rpmdir ${made}`, specification],
    { environment: { SOURCE_DATE_EPOCH: `${sourceDate().getTime() / 1000}` } },
  );
  // In a folder named after the architecture, whose name is rpm's own affair.
  const [relative] = fs
    .readdirSync(made, { recursive: true })
    .filter((one) => one.endsWith('.rpm'));
  const file = path.join(folder, path.basename(relative));
  fs.renameSync(path.join(made, relative), file);
  fs.rmSync(work, { recursive: true });
  return file;
}

/** The specification of a package whose files stand below a folder already. */
export function specFile(contents, files, tree) {
  const { summary } = contents;
  return [
    // As they are: stripped already, without debugging symbols to be packed.
    '%global __os_install_post %{nil}',
    '%global debug_package %{nil}',
    '%global _build_id_links none',
    // rpm 4.14, of openSUSE Leap 15, does not know zstd.
    '%global _binary_payload w6.xzdio',
    // The same sources give the same package.
    '%global use_source_date_epoch_as_buildtime 1',
    '%global clamp_mtime_to_source_date_epoch 1',
    '%global _buildhost localhost',
    '',
    `Name: ${contents.name}`,
    `Version: ${packageVersion()}`,
    `Release: ${REVISION}`,
    `Summary: ${summary.charAt(0).toUpperCase()}${summary.slice(1)}`,
    `License: ${PRODUCT.licence}`,
    `URL: ${PRODUCT.homepage}`,
    `Packager: ${PRODUCT.maintainer}`,
    // Debian's extension of GNOME has another name on each of them.
    ...contents.recommends.map((other) => `Recommends: ${other}`),
    '',
    '%description',
    ...contents.description,
    '',
    '%install',
    `cp -a '${tree}/.' '%{buildroot}'`,
    '',
    '%files',
    '%defattr(-,root,root,-)',
    ...files.map(({ target, isLicence }) => (isLicence ? `%license ${target}` : target)),
    '',
  ].join('\n');
}
