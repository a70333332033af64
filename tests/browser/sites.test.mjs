// What pages of other sites can do to a broker through the browser of somebody
// who may use it: nothing, unless the configuration names them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Broker } from './broker.mjs';
import { startBrowser, startSite } from './page.mjs';

let browser, site, broker;

before(async () => {
  [browser, site] = await Promise.all([startBrowser(), startSite()]);
  broker = await Broker.start(`  allowed_origins: ["${site.origin('panel.example')}"]\n`);
  await broker.publish('/guarded', 'before');
});

after(async () => {
  await Promise.all([browser?.close(), site?.close(), broker?.dispose()]);
});

/** A page of that site. */
async function open(name) {
  const page = await browser.newPage();
  await page.goto(site.origin(name));
  return page;
}

/** What a page may do with a broker, in words; runs in the page. */
async function attempt(address) {
  const outcome = async (work) => {
    try {
      return await work();
    } catch (error) {
      return error.name;
    }
  };
  const send = (path, options) =>
    outcome(async () => (await fetch(address + path, options)).status);
  const form = (mode) =>
    send('/POST', {
      method: 'POST',
      mode,
      body: new URLSearchParams({ topic: '/guarded', message: mode }),
    });
  const socket = () =>
    new Promise((resolve) => {
      const opened = new WebSocket(`${address.replace('http', 'ws')}/v1/ws`);
      opened.onopen = () => resolve('open');
      opened.onerror = () => resolve('error');
    });
  return {
    read: await outcome(async () => (await fetch(`${address}/v1/topics/guarded`)).text()),
    simple: await form('cors'),
    opaque: await form('no-cors'),
    preflighted: await send('/v1/topics/guarded', { method: 'PUT', body: 'put' }),
    socket: await socket(),
  };
}

test('a page of another site reads nothing and changes nothing', async () => {
  const page = await open('evil.example');
  const { read, simple, preflighted, socket } = await page.evaluate(attempt, broker.address);
  assert.deepEqual(
    { read, simple, preflighted, socket },
    { read: 'TypeError', simple: 'TypeError', preflighted: 'TypeError', socket: 'error' },
  );
  assert.equal(await broker.value('/guarded'), 'before');
});

test('a form of another site is refused', async () => {
  const page = await open('evil.example');
  const answered = page.waitForResponse((answer) => answer.url() === `${broker.address}/POST`);
  await page.evaluate((address) => {
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: `${address}/POST` });
    form.append(
      ...['topic', 'message'].map((name) =>
        Object.assign(document.createElement('input'), { name, value: '/guarded' }),
      ),
    );
    document.body.append(form);
    form.submit();
  }, broker.address);
  assert.equal((await answered).status(), 403);
  assert.equal(await broker.value('/guarded'), 'before');
});

test('a name of somebody else that leads to the broker is not its own', async () => {
  const page = await browser.newPage();
  const rebound = `http://rebound.example:${broker.port}`;
  assert.equal((await page.goto(`${rebound}/`)).status(), 421);
  // The page that was answered is of the same origin as what it asks for.
  const status = await page.evaluate(async () => {
    const body = new URLSearchParams({ topic: '/guarded', message: 'rebound' });
    try {
      return (await fetch('/POST', { method: 'POST', body })).status;
    } catch (error) {
      return error.name;
    }
  });
  assert.ok(status === 421 || status === 'TypeError', `${status}`);
  assert.equal(await broker.value('/guarded'), 'before');
});

test('a page of an allowed origin may do all of it', async () => {
  const page = await open('panel.example');
  const done = await page.evaluate(attempt, broker.address);
  assert.deepEqual(done, {
    read: 'before',
    simple: 200,
    opaque: 0,
    preflighted: 204,
    socket: 'open',
  });
  assert.equal(await broker.value('/guarded'), 'put');
});
