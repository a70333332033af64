// Draws every icon file from the SVG sources in icons/source.
// Run from anywhere: node scripts/icons.mjs

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { losslessCompressPngSync } from '@napi-rs/image';
import { Resvg } from '@resvg/resvg-js';
import { IconIcns, IconIco } from '@shockpkg/icon-encoder';

const icons = join(dirname(fileURLToPath(import.meta.url)), '..', 'icons');

// Up to this width, in pixels, the detailed drawing blurs and the simplified one is used.
const SMALL_LIMIT = 32;

const HICOLOR_SIZES = [16, 22, 24, 32, 48, 64, 128, 256, 512];

// The first entry is the one Tauri decodes for the window icon on Windows.
const ICO_SIZES = [32, 16, 24, 48, 64, 256];

// Entry types in the order of Apple's iconutil, with the width in pixels of each.
const ICNS_ENTRIES = [
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic04', 16],
  ['ic14', 512],
  ['ic09', 512],
  ['ic05', 32],
  ['ic10', 1024],
  ['ic11', 32],
];

// macOS draws icons on a grid whose ground is 824 of 1024; the ground of app.svg is 928 of 1024.
const MACOS_VIEW = (1024 * 928) / 824;
const MACOS_VIEW_BOX = [
  (1024 - MACOS_VIEW) / 2,
  (1024 - MACOS_VIEW) / 2,
  MACOS_VIEW,
  MACOS_VIEW,
].join(' ');

const TRAY_STATES = ['running', 'stopped', 'draining', 'error'];

// Width in pixels of a tray picture at scale 1; the unmarked file is for scale 2.
const TRAY_SIZE = 22;

async function source(name) {
  return readFile(join(icons, 'source', `${name}.svg`), 'utf8');
}

// Tauri accepts nothing but 8-bit RGBA, also where fewer colours would make a smaller file.
const KEEP_RGBA = {
  bitDepthReduction: false,
  colorTypeReduction: false,
  grayscaleReduction: false,
  paletteReduction: false,
};

// No system font is loaded: the result must not depend on the machine.
function rasterise(svg, width) {
  const picture = new Resvg(svg, {
    fitTo: { mode: 'width', value: width },
    font: { loadSystemFonts: false },
  });
  return losslessCompressPngSync(picture.render().asPng(), KEEP_RGBA);
}

async function save(path, bytes) {
  const file = join(icons, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

function widenViewBox(svg, viewBox) {
  const widened = svg.replace('viewBox="0 0 1024 1024"', `viewBox="${viewBox}"`);
  if (widened === svg) {
    throw new Error(
      'app.svg: expected viewBox="0 0 1024 1024", found another one; adjust MACOS_VIEW_BOX with it',
    );
  }
  return widened;
}

const detailed = await source('app');
const simplified = await source('app-small');
const application = (width) => rasterise(width <= SMALL_LIMIT ? simplified : detailed, width);

async function drawPngs() {
  await save('32x32.png', application(32));
  await save('128x128.png', application(128));
  await save('128x128@2x.png', application(256));
  await save('icon.png', application(512));
  for (const size of HICOLOR_SIZES) {
    await save(`hicolor/${size}.png`, application(size));
  }
}

// The encoder stores 64 px and up as PNG and the rest as bitmaps, which every supported Windows reads.
async function drawIco() {
  const ico = new IconIco();
  for (const size of ICO_SIZES) {
    await ico.addFromPng(application(size), null, true);
  }
  await save('icon.ico', ico.encode());
}

async function drawIcns() {
  const padded = widenViewBox(detailed, MACOS_VIEW_BOX);
  const icns = new IconIcns();
  for (const [type, size] of ICNS_ENTRIES) {
    await icns.addFromPng(rasterise(size <= SMALL_LIMIT ? simplified : padded, size), [type], true);
  }
  await save('icon.icns', icns.encode());
}

async function drawTray() {
  for (const state of TRAY_STATES) {
    const coloured = await source(`tray-${state}`);
    await save(`tray/${state}.png`, rasterise(coloured, 2 * TRAY_SIZE));
    await save(`tray/${state}@1x.png`, rasterise(coloured, TRAY_SIZE));
    await save(
      `tray/template-${state}.png`,
      rasterise(await source(`tray-template-${state}`), 2 * TRAY_SIZE),
    );
  }
}

await drawPngs();
await drawIco();
await drawIcns();
await drawTray();
