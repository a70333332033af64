// The packages for Linux: what they are called, what they say and what is in them.

import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DESKTOP, HEADLESS } from './cargo.mjs';
import { Failure } from './failure.mjs';
import { releaseProgram, root } from './paths.mjs';
import { packageVersion, PRODUCT, readText, sourceDate } from './product.mjs';
import { query } from './programs.mjs';
import { appStreamReleases, debianChangelog, releasesWith } from './release-notes.mjs';
import { licencesOf } from './third-party.mjs';

/** Of the packages, for a program that has stayed the same. */
export const REVISION = '1';

const ICON_SIZES = [16, 22, 24, 32, 48, 64, 128, 256, 512];

const ABOUT = [
  'ESP32s, scripts, web pages and services publish and subscribe over plain',
  'HTTP, with topics like those of MQTT. What is acknowledged is on disk.',
];

/**
 * The headless program has a package of its own: a server has no use for the web
 * engine that the desktop application depends on, some 200 MB of packages.
 */
export const PACKAGES = [
  {
    name: HEADLESS,
    summary: 'message broker for everything on the network',
    description: [...ABOUT, '', 'This package has the broker as a program without a window.'],
    recommends: [],
    suggests: [],
    files: () => programFiles(HEADLESS).concat(headlessFiles()),
  },
  {
    name: DESKTOP,
    summary: 'message broker for everything on the network, with a window',
    description: [
      ...ABOUT,
      '',
      'This package has the broker as a desktop application: it runs in the tray, and',
      'a window shows every topic live.',
    ],
    // Opens the user's own browser and file manager.
    recommends: ['xdg-utils'],
    // GNOME shows no tray without it; on other desktops it would bring GNOME along.
    suggests: ['gnome-shell-extension-appindicator', HEADLESS],
    files: () => programFiles(DESKTOP).concat(desktopFiles()),
  },
];

function programFiles(name) {
  const documents = `/usr/share/doc/${name}`;
  const version = `${packageVersion()}-${REVISION}`;
  const changelog = debianChangelog(name, version, PRODUCT.maintainer, sourceDate());
  return [
    { target: `/usr/bin/${name}`, content: fs.readFileSync(releaseProgram(name)), mode: 0o755 },
    file(`/usr/share/man/man1/${name}.1.gz`, zipped(manual(name))),
    file(`${documents}/changelog.gz`, zipped(readText('CHANGELOG.md'))),
    { ...file(`${documents}/changelog.Debian.gz`, zipped(changelog)), isForDebian: true },
    { ...file(`${documents}/copyright`, copyright()), isLicence: true },
    { ...file(`${documents}/third-party.gz`, zipped(licencesOf(name))), isLicence: true },
  ];
}

function headlessFiles() {
  return [file(`/usr/share/doc/${HEADLESS}/examples/nginx.conf`, readText('docs/nginx.conf'))];
}

function desktopFiles() {
  const icons = '/usr/share/icons/hicolor';
  return [
    file(
      // By this name Wayland's compositors find the icon of the window.
      `/usr/share/applications/${DESKTOP}.desktop`,
      template(`${DESKTOP}.desktop`),
    ),
    file('/usr/share/metainfo/org.moustique.desktop.metainfo.xml', metainfo()),
    file(`${icons}/scalable/apps/${DESKTOP}.svg`, readText('icons/source/app.svg')),
    ...ICON_SIZES.map((size) =>
      file(
        `${icons}/${size}x${size}/apps/${DESKTOP}.png`,
        fs.readFileSync(path.join(root, 'icons', 'hicolor', `${size}.png`)),
      ),
    ),
  ];
}

function file(target, content) {
  return { target, content, mode: 0o644 };
}

/** Without the time, and as small as can be: lintian looks. */
function zipped(text) {
  return gzipSync(text, { level: 9 });
}

/** From `--help`, which is the one place where the options are described. */
function manual(name) {
  const { summary } = PACKAGES.find((one) => one.name === name);
  const { status, stdout } = query('help2man', [
    '--no-info',
    `--name=${summary}`,
    releaseProgram(name),
  ]);
  if (status === 0) return stdout;
  throw new Failure(`help2man could not make a manual page of \`${name} --help\`.`);
}

function metainfo() {
  const releases = releasesWith(PRODUCT.version, sourceDate(), readText('CHANGELOG.md'));
  return template('org.moustique.desktop.metainfo.xml', {
    HOMEPAGE: PRODUCT.homepage,
    RELEASES: appStreamReleases(releases),
  });
}

function copyright() {
  const [, holder, terms] = /^MIT License\s+Copyright \(c\) (.+)\n\n([\s\S]+)$/.exec(
    readText('LICENSE'),
  );
  return template('copyright', {
    HOMEPAGE: PRODUCT.homepage,
    HOLDER: holder,
    // In this form a line of a longer text begins with a space, an empty one has a dot.
    TERMS: terms
      .trimEnd()
      .split('\n')
      .map((line) => ` ${line || '.'}`)
      .join('\n'),
  });
}

/** A file of packaging/linux with each `@NAME@` replaced. */
function template(name, values = {}) {
  return readText(`packaging/linux/${name}`).replace(/@([A-Z]+)@/g, (_, key) => {
    if (Object.hasOwn(values, key)) return values[key];
    throw new Failure(`packaging/linux/${name}: there is no value for @${key}@.`);
  });
}

/** Writes files below a folder, with the rights they have when installed, whatever the umask. */
export function layOut(files, folder) {
  fs.mkdirSync(folder, { recursive: true });
  fs.chmodSync(folder, 0o755);
  for (const { target, content, mode } of files) {
    const written = path.join(folder, target);
    fs.mkdirSync(path.dirname(written), { recursive: true });
    fs.writeFileSync(written, content);
    fs.chmodSync(written, mode);
    for (let above = path.dirname(written); above !== folder; above = path.dirname(above)) {
      fs.chmodSync(above, 0o755);
    }
  }
}
