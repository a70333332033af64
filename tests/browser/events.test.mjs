// The browser's own EventSource, through the death of the broker.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Broker } from './broker.mjs';
import { startBrowser, startSite } from './page.mjs';

const ROUNDS = 3;
const MESSAGES = 40;

let browser, site, broker;

before(async () => {
  [browser, site] = await Promise.all([startBrowser(), startSite()]);
  broker = await Broker.start(`  allowed_origins: ["${site.origin('panel.example')}"]\n`);
});

after(async () => {
  await Promise.all([browser?.close(), site?.close(), broker?.dispose()]);
});

test('an EventSource resumes without a gap or a duplicate through kills', async () => {
  const page = await browser.newPage();
  await page.goto(site.origin('panel.example'));
  await page.evaluate((address) => {
    globalThis.seen = [];
    const source = new EventSource(`${address}/v1/stream?filter=/events/%23`);
    source.onmessage = ({ data }) => globalThis.seen.push(JSON.parse(data).message);
    source.addEventListener('gap', () => globalThis.seen.push('gap'));
    return new Promise((resolve) => (source.onopen = resolve));
  }, broker.address);
  const published = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let number = 0; number < MESSAGES; number++) {
      const message = `${round}-${number}`;
      await broker.publish(`/events/${number % 3}`, message);
      published.push(message);
    }
    await broker.kill();
    await broker.restart();
  }
  await broker.publish('/events/0', 'last');
  published.push('last');
  await page.waitForFunction(() => globalThis.seen.includes('last'), null, { timeout: 30_000 });
  assert.deepEqual(await page.evaluate(() => globalThis.seen), published);
});
