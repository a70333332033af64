import axe from 'axe-core';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { BrokerStatus, Frame } from './lib/api/monitor';
import { opening, runningStatus, tls, topicRow, topicRows } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, shown, text, type, valueOf, visit } from './test/page';

/** The page of a broker, which runs unless said otherwise. */
function connect(status: Partial<BrokerStatus> = {}, ...more: Frame[]): FakeHost {
  location.hash = '#/connect';
  return shown(new FakeHost(true), ...opening([], [], status), ...more);
}

const addresses = () => all('connect-address') as HTMLInputElement[];
const snippets = () => all('snippet').map((snippet) => snippet.textContent ?? '');

function choose(radio: HTMLElement | undefined) {
  (radio as HTMLInputElement).checked = true;
  radio?.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
}

const chooseLanguage = (id: string) =>
  choose(all('language').find((radio) => (radio as HTMLInputElement).value === id));

describe('the addresses', () => {
  test('are all there, the best one chosen', () => {
    connect({ tls: tls(300) });
    expect(addresses().map(({ value, checked }) => [value, checked])).toEqual([
      ['http://192.168.1.20:33334', true],
      ['http://10.0.0.7:33334', false],
      ['https://192.168.1.20:33335', false],
      ['https://10.0.0.7:33335', false],
    ]);
    expect(find('trust')).toBeUndefined();
  });

  test('the chosen one stands in everything below', () => {
    connect({ tls: tls(300) });
    choose(addresses()[2]);
    expect(one('phone-code').getAttribute('aria-label')).toBe(
      'QR code of https://192.168.1.20:33335/',
    );
    for (const snippet of snippets()) expect(snippet).toContain('https://192.168.1.20:33335/v1/');
    expect(text(one('firewall'))).toContain('33335');
    expect(find('trust')).toBeDefined();
    const main = document.querySelector('main');
    expect(text(main ?? undefined)).toContain(tls(300).certificate.fingerprint);
  });

  test('follow the network, and the choice holds while it can', () => {
    const host = connect();
    choose(addresses()[1]);
    const follow = (...urls: string[]) =>
      host.send({ kind: 'status', ...runningStatus, addresses: urls });
    follow('http://192.168.9.9:33334', 'http://10.0.0.7:33334');
    expect(addresses().map(({ checked }) => checked)).toEqual([false, true]);
    follow('http://192.168.9.9:33334');
    expect(addresses().map(({ value, checked }) => [value, checked])).toEqual([
      ['http://192.168.9.9:33334', true],
    ]);
  });

  test('of the machine alone: what that means, no code, and no firewall', () => {
    connect({ addresses: ['http://127.0.0.1:33334'] });
    expect(text(one('machine-only'))).toContain('server.host');
    expect(find('no-phone-code')).toBeDefined();
    expect(find('phone-code')).toBeUndefined();
    expect(find('firewall')).toBeUndefined();
    expect(snippets()[0]).toContain('http://127.0.0.1:33334/');
  });

  test('none: the page says so until there is one', () => {
    const host = connect({ addresses: [] });
    expect(text(one('no-address'))).toContain('server.host');
    expect(find('snippet')).toBeUndefined();
    host.send({ kind: 'status', ...runningStatus });
    expect(find('no-address')).toBeUndefined();
    expect(addresses()).toHaveLength(2);
  });
});

describe('without a broker that runs', () => {
  test('it is stopped: the way to start it', () => {
    const host = connect({ state: 'stopped', addresses: [] });
    click(one('start'));
    expect(host.requests).toEqual([{ name: 'start' }]);
    expect(find('snippet')).toBeUndefined();
  });

  test('it failed: why', () => {
    const problem = { code: 'port_taken', what: 'Port 33334 is taken.', remedy: 'Free it.' };
    connect({ state: 'failed', addresses: [], problem });
    expect(text(one('problem'))).toContain('Port 33334 is taken.');
  });
});

describe('the programs', () => {
  test('hold what is typed, quoted for their language', () => {
    connect();
    type('example-topic', '/it is');
    type('example-message', `it's "$5"`);
    expect(snippets()).toEqual([
      `curl --data-raw 'it'\\''s "$5"' http://192.168.1.20:33334/v1/topics/it%20is`,
      `curl -N -H 'Accept: application/x-ndjson' 'http://192.168.1.20:33334/v1/stream?filter=%2Fit%20is'`,
      `curl http://192.168.1.20:33334/v1/topics/it%20is`,
    ]);
    chooseLanguage('perl');
    expect(snippets()[0]).toContain(`"it's \\"\\$5\\""`);
    chooseLanguage('javascript');
    expect(snippets()[0]).toContain(`"it's \\"$5\\""`);
  });

  test('are copied whole', async () => {
    const copied = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText: copied } });
    connect();
    chooseLanguage('go');
    for (const snippet of all('snippet')) {
      const button = snippet.parentElement?.querySelector('button');
      if (button) click(button);
      await vi.waitFor(() => expect(copied).toHaveBeenLastCalledWith(snippet.textContent));
    }
    expect(copied).toHaveBeenCalledTimes(3);
    vi.unstubAllGlobals();
  });

  test('outlast a visit to another page', async () => {
    connect();
    type('example-topic', '/kept');
    chooseLanguage('python');
    choose(addresses()[1]);
    await visit('#/');
    await visit('#/connect');
    expect(valueOf('example-topic')).toBe('/kept');
    expect(snippets()[0]).toContain('"http://10.0.0.7:33334/v1/topics/kept"');
  });
});

describe('"Try it"', () => {
  test('publishes, and shows that the message arrived', async () => {
    const host = connect();
    type('example-topic', '/a');
    type('example-message', 'hello');
    click(one('try-it'));
    await vi.waitFor(() => expect(one('try-result').dataset['outcome']).toBe('accepted'));
    expect(host.requests).toEqual([
      { name: 'publish', payload: { topic: '/a', message: 'hello', from: 'connect' } },
    ]);
    host.send({ kind: 'changes', ...topicRows([topicRow('/a', { value: 'hello' })]) });
    expect(one('try-result').dataset['outcome']).toBe('arrived');
    expect(text(one('try-result'))).toBe('Arrived: /a is hello.');
  });

  test('shows in full why it was refused', async () => {
    const host = connect();
    host.answer = () => Promise.reject({ code: 'invalid', detail: 'A topic holds no "+".' });
    type('example-topic', '/+');
    click(one('try-it'));
    await vi.waitFor(() => expect(text(one('try-result'))).toContain('A topic holds no "+".'));
  });
});

test('the firewall help is folded, and names the port', () => {
  connect();
  const help = one('firewall') as HTMLDetailsElement;
  expect(help.open).toBe(false);
  expect(all('firewall-command').map(text)).toEqual([
    'sudo ufw allow 33334/tcp',
    'sudo firewall-cmd --permanent --add-port=33334/tcp && sudo firewall-cmd --reload',
    'netsh advfirewall firewall add rule name="Moustique 33334" dir=in action=allow protocol=TCP localport=33334 profile=private',
  ]);
});

test('the page can be read by everyone', async () => {
  connect({ tls: tls(300) });
  choose(addresses()[2]);
  (one('firewall') as HTMLDetailsElement).open = true;
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false } },
  });
  expect(violations.map((violation) => violation.id)).toEqual([]);
});
