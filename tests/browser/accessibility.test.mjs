// Every page of the monitor, for everyone: as axe-core judges it, on a narrow
// screen, by keyboard alone, and its QR code by a reader of another make.

import { Transformer } from '@napi-rs/image';
import axe from 'axe-core';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { Broker, freePort } from './broker.mjs';
import { startBrowser } from './page.mjs';
import { inWindow } from './window.mjs';

const LOOKS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
};

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 640 };

/** Where the broker says it is: this one is on loopback, those of users are not. */
const ON_A_NETWORK = '192.168.1.20';

let browser, broker;

before(async () => {
  const tlsPort = await freePort();
  [browser, broker] = await Promise.all([
    startBrowser(),
    Broker.start('', `  tls:\n    port: ${tlsPort}\n`),
  ]);
  await broker.publish('/home/kitchen/temperature', '21.5');
  await broker.publish(`/a/${'long/'.repeat(20)}topic`, 'a long value '.repeat(40));
  await fetch(`${broker.address}/SUBSCRIBE`, {
    method: 'POST',
    body: new URLSearchParams({ topic: '/home/#', client: 'panel' }),
  });
});

after(async () => {
  await Promise.all([browser?.close(), broker?.dispose()]);
});

const part = (page, id) => page.getByTestId(id);

/** The page at an address, when it shows what it knows; of a broker on a network. */
async function open(hash, options, surroundings = () => {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await surroundings(page);
  await page.addInitScript((address) => {
    const own = globalThis.EventSource;
    globalThis.EventSource = class extends own {
      set onmessage(take) {
        super.onmessage = ({ data }) =>
          take({ data: data.replaceAll(/(https?:\/\/)127\.0\.0\.1/g, `$1${address}`) });
      }
    };
  }, ON_A_NETWORK);
  await page.goto(`${broker.address}/${hash}`);
  await part(page, 'state').waitFor();
  await part(page, 'address').getByText(ON_A_NETWORK).waitFor();
  return page;
}

/** The addresses of all pages, which the window has, and one that leads nowhere. */
async function addresses() {
  const page = await open('', { viewport: WIDE }, inWindow);
  const links = await part(page, 'page-link').all();
  const hashes = await Promise.all(links.map((link) => link.getAttribute('href')));
  await page.context().close();
  for (const known of ['#/', '#/connect', '#/settings']) assert.ok(hashes.includes(known), known);
  return [...hashes, '#/nowhere'];
}

/** What axe-core finds, each with the elements that it is about. */
async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
}

for (const [look, options] of Object.entries(LOOKS)) {
  test(`in ${look} axe-core finds nothing on any page, wide or narrow`, async () => {
    for (const hash of await addresses()) {
      for (const viewport of [WIDE, NARROW]) {
        const page = await open(hash, { ...options, viewport }, inWindow);
        await page.getByText('Reading the settings…').waitFor({ state: 'detached' });
        // What is folded is part of the page.
        await page.evaluate(() =>
          document.querySelectorAll('main details').forEach((details) => (details.open = true)),
        );
        assert.deepEqual(await violations(page), [], `${hash}, ${viewport.width} px`);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= viewport.width, `${hash} is ${width} px wide on ${viewport.width}`);
        await page.context().close();
      }
    }
  });

  test(`in ${look} the QR code is read by a camera's program`, async () => {
    const page = await open('#/connect', { ...options, viewport: NARROW });
    const image = new Transformer(await part(page, 'phone-code').screenshot());
    const { width, height } = await image.metadata();
    const read = decodeQR({ width, height, data: await image.rawPixels() });
    assert.equal(read, `http://${ON_A_NETWORK}:${broker.port}/`);
    await page.context().close();
  });
}

/** Goes on by the key Tab until something has the focus, and shows it. */
async function tabTo(page, id) {
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press('Tab');
    const [focused, outlined] = await page.evaluate(() => {
      const element = document.activeElement;
      // The outline of a radio button that is drawn anew is on what is drawn.
      const drawn = element.matches('.visually-hidden') ? element.nextElementSibling : element;
      return [element.dataset.testid, drawn ? getComputedStyle(drawn).outlineStyle : 'none'];
    });
    if (focused !== id) continue;
    assert.notEqual(outlined, 'none', `nothing shows that ${id} has the focus`);
    return;
  }
  assert.fail(`the key Tab does not lead to ${id}`);
}

test('the keyboard alone goes to a page, chooses, types and publishes', async () => {
  const page = await open('', { viewport: WIDE });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  assert.equal(new URL(page.url()).hash, '', 'the way past the navigation is no page');

  await page.reload();
  await part(page, 'address').getByText(ON_A_NETWORK).waitFor();
  await tabTo(page, 'page-link');
  await tabTo(page, 'page-link');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.dataset.testid === 'page-title');
  assert.equal(await page.title(), 'Connect · Moustique');

  await tabTo(page, 'connect-address');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'example-topic');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('/typed');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('by keyboard');
  await tabTo(page, 'try-it');
  await page.keyboard.press('Enter');
  await part(page, 'try-result').getByText('Arrived: /typed is by keyboard.').waitFor();
  assert.equal(await broker.value('/typed'), 'by keyboard');
  await tabTo(page, 'language');
  await page.keyboard.press('ArrowRight');
  const [publish] = await part(page, 'snippet').allTextContents();
  assert.match(publish, /fetch\("https:\/\/192\.168\.1\.20:\d+\/v1\/topics\/typed"/);

  await page.goBack();
  await part(page, 'topic-row').first().waitFor();
  await page.goForward();
  assert.equal(await part(page, 'example-topic').inputValue(), '/typed');
  await page.context().close();
});
