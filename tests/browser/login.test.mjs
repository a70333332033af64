// Logging in and out with a real browser's cookies, in the open and over TLS.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Broker, freePort } from './broker.mjs';
import { startBrowser } from './page.mjs';

let browser, broker, folder, urls;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-login-'));
  const password = path.join(folder, 'password');
  fs.writeFileSync(password, 'secret\n');
  const tlsPort = await freePort();
  [browser, broker] = await Promise.all([
    startBrowser(),
    Broker.start(`  password_file: ${password}\n`, `  tls:\n    port: ${tlsPort}\n`),
  ]);
  urls = { open: `${broker.address}/`, tls: `https://127.0.0.1:${tlsPort}/` };
});

after(async () => {
  await Promise.all([browser?.close(), broker?.dispose()]);
  fs.rmSync(folder, { recursive: true, force: true });
});

const part = (page, id) => page.getByTestId(id);

/** Resolves when the form says why it is there. */
const asked = (page, why) => part(page, 'login-why').filter({ hasText: why }).waitFor();

async function logIn(page) {
  await part(page, 'login-password').fill('secret');
  await part(page, 'login-submit').click();
  await part(page, 'logout').waitFor();
}

/** The cookies of a browser, by name, with what is asked of them. */
async function cookies(context) {
  const kept = await context.cookies([`${urls.open}v1/session`, `${urls.tls}v1/session`]);
  const facts = kept.map(({ name, httpOnly, secure, sameSite, path }) => [
    name,
    { httpOnly, secure, sameSite, path },
  ]);
  return Object.fromEntries(facts);
}

const PLAIN = { httpOnly: true, secure: false, sameSite: 'Strict', path: '/v1' };

test('each port has a session of its own, and each ends by its button', async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const [page, encrypted] = await Promise.all([context.newPage(), context.newPage()]);
  await encrypted.goto(urls.tls);
  await part(encrypted, 'login-password').fill('guess');
  await part(encrypted, 'login-submit').click();
  await part(encrypted, 'login-refusal').getByText('not right').waitFor();
  await logIn(encrypted);
  // What was named over TLS is not sent in the open: there it is asked for.
  await page.goto(urls.open);
  await logIn(page);
  assert.deepEqual(await cookies(context), {
    moustique_session: PLAIN,
    '__Secure-moustique_session': { ...PLAIN, secure: true },
  });
  await part(page, 'logout').click();
  await asked(page, 'You are logged out.');
  assert.deepEqual(Object.keys(await cookies(context)), ['__Secure-moustique_session']);
  await encrypted.reload();
  await part(encrypted, 'logout').click();
  await asked(encrypted, 'You are logged out.');
  assert.deepEqual(await cookies(context), {});
  await encrypted.reload();
  await part(encrypted, 'login-password').waitFor();
  await context.close();
});

test('what is typed outlasts a session that is ended in another window', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(urls.open);
  await logIn(page);
  await part(page, 'publish-message').fill('half a sentence');
  const other = await context.newPage();
  await other.goto(urls.open);
  await part(other, 'logout').click();
  await asked(page, 'Your session has ended.');
  await logIn(page);
  assert.equal(await part(page, 'publish-message').inputValue(), 'half a sentence');
  await context.close();
});
