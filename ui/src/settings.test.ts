import axe from 'axe-core';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { Application, Frame, Request, Setting, Settings } from './lib/api/monitor';
import { grouped } from './lib/settings/groups';
import { deferred } from './test/deferred';
import { runningStatus } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, press, shown, text, valueOf, visit } from './test/page';

const stopped: Frame = { ...runningStatus, kind: 'status', state: 'stopped', addresses: [] };

const plain = { kind: { kind: 'text' }, value: null, default: null } as const;

function setting(key: string, rest: Partial<Setting> = {}): Setting {
  return { key, meaning: `What ${key} means.`, ...plain, ...rest };
}

const settings: Settings = {
  file: '/home/me/.config/moustique/config.yaml',
  hasPassword: false,
  settings: [
    setting('server.port', { default: '33334' }),
    setting('server.announce', { kind: { kind: 'switch' }, default: 'true' }),
    setting('security.allowed_ips', { kind: { kind: 'list' }, value: ['10.0.0.0/8', '::1'] }),
    setting('security.password_file'),
    setting('database.durability', {
      kind: { kind: 'choice', choices: ['memory', 'process', 'power'] },
      default: 'process',
    }),
    setting('retention.policies', { kind: { kind: 'rules' } }),
    setting('limits.body_bytes', { default: '1 MiB', value: '2 MiB' }),
  ],
};

/** A host that has these settings and takes every change. */
async function opened(answer?: (request: Request) => unknown): Promise<FakeHost> {
  const host = new FakeHost(true);
  host.answer = (request) =>
    request.name === 'settings' ? settings : (answer?.(request) ?? { settings, applied: 'live' });
  // It is there to mend what keeps the broker from running.
  shown(host, stopped);
  await visit('#/settings');
  await vi.waitFor(() => expect(find('settings-file')).toBeDefined());
  return host;
}

function enter(testid: string, value: string): void {
  const field = one(testid) as HTMLInputElement;
  field.value = value;
  field.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
}

const changes = (host: FakeHost) => host.requests.filter(({ name }) => name !== 'settings');

describe('the settings', () => {
  test('show every key once, with its meaning and what holds', async () => {
    await opened();
    expect(valueOf('setting-server.port')).toBe('');
    expect((one('setting-server.port') as HTMLInputElement).placeholder).toBe('33334');
    expect((one('setting-server.announce') as HTMLInputElement).checked).toBe(true);
    expect(valueOf('setting-security.allowed_ips')).toBe('10.0.0.0/8\n::1');
    expect(valueOf('setting-database.durability')).toBe('process');
    expect(valueOf('setting-limits.body_bytes')).toBe('2 MiB');
    expect(text(one('setting-retention.policies'))).toContain('Change them in the file');
    expect(document.body.textContent).toContain('What server.port means.');
    expect(find('setting-security.password_file')).toBeUndefined();
    const keys = grouped(settings.settings).flatMap((group) =>
      group.settings.map(({ setting }) => setting.key),
    );
    expect([...keys].sort()).toEqual(
      settings.settings
        .map(({ key }) => key)
        .filter((key) => !key.endsWith('password_file'))
        .sort(),
    );
  });

  test('are changed one by one, and it is said how that holds', async () => {
    const host = await opened((request) => ({
      settings,
      applied: JSON.stringify(request).includes('port') ? 'restarted' : 'live',
    }));
    enter('setting-server.port', ' 8080 ');
    await vi.waitFor(() => expect(text(find('settings-said'))).toContain('started anew'));
    click(one('setting-server.announce'));
    await vi.waitFor(() => expect(text(find('settings-said'))).toContain('from now on'));
    enter('setting-security.allowed_ips', '\n 10.0.0.0/8 \n\n');
    enter('setting-database.durability', 'power');
    click(one('default-limits.body_bytes'));
    await vi.waitFor(() => expect(changes(host)).toHaveLength(5));
    const change = (key: string, value: unknown) => ({
      name: 'changeSettings',
      payload: [{ key, value }],
    });
    expect(changes(host)).toEqual([
      change('server.port', '8080'),
      change('server.announce', 'false'),
      change('security.allowed_ips', ['10.0.0.0/8']),
      change('database.durability', 'power'),
      change('limits.body_bytes', null),
    ]);
  });

  test('that are emptied stay what they were, but for lists', async () => {
    const host = await opened();
    enter('setting-limits.body_bytes', '');
    expect(valueOf('setting-limits.body_bytes')).toBe('2 MiB');
    enter('setting-security.allowed_ips', ' \n');
    await vi.waitFor(() => expect(changes(host)).toHaveLength(1));
    expect(changes(host)).toEqual([
      { name: 'changeSettings', payload: [{ key: 'security.allowed_ips', value: null }] },
    ]);
  });

  test('are changed in the order in which that is wanted, however long it takes', async () => {
    const first = deferred<unknown>();
    const host = await opened((request) =>
      JSON.stringify(request).includes('"1"') ? first.promise : undefined,
    );
    enter('setting-server.port', '1');
    enter('setting-server.port', '2');
    await vi.waitFor(() => expect(changes(host)).toHaveLength(1));
    expect(text(one('outcome-server.port'))).toBe('Saving…');
    first.resolve({ settings, applied: 'live' });
    await vi.waitFor(() => expect(changes(host)).toHaveLength(2));
    await vi.waitFor(() => expect(text(one('outcome-server.port'))).toBe(''));
  });

  test('that are refused say why at their field, and keep what was typed', async () => {
    const detail = 'Port 1 is in use by <b>cups</b>. What held before holds again.';
    const host = await opened(() => Promise.reject({ code: 'port_taken', detail }));
    enter('setting-server.port', '1');
    await vi.waitFor(() => expect(text(one('outcome-server.port'))).toBe(`Not changed. ${detail}`));
    expect(one('outcome-server.port').querySelector('b')).toBeNull();
    expect(valueOf('setting-server.port')).toBe('1');
    expect(one('setting-server.port').getAttribute('aria-invalid')).toBe('true');
    press(one('setting-server.port'), 'Escape');
    expect(valueOf('setting-server.port')).toBe('');
    click(one('setting-server.announce'));
    await vi.waitFor(() => expect(text(one('outcome-server.announce'))).toContain('Not changed'));
    expect((one('setting-server.announce') as HTMLInputElement).checked).toBe(true);
    expect(changes(host)).toHaveLength(2);
  });

  test('that cannot be read say why, and are read again', async () => {
    const host = new FakeHost(true);
    const detail = 'config.yaml, line 3: no YAML.';
    host.answer = () => Promise.reject({ code: 'configuration', detail });
    shown(host, stopped);
    await visit('#/settings');
    await vi.waitFor(() => expect(text(one('settings-unreadable'))).toContain(detail));
    host.answer = () => settings;
    click(one('settings-unreadable').querySelector('button') as HTMLElement);
    await vi.waitFor(() => expect(find('settings-unreadable')).toBeUndefined());
    expect(find('setting-server.port')).toBeDefined();
  });

  test('have a password that is set and removed', async () => {
    const host = await opened(() => ({
      settings: { ...settings, hasPassword: true },
      applied: 'live',
    }));
    expect(find('remove-password')).toBeUndefined();
    const field = one('new-password') as HTMLInputElement;
    field.value = 'open sesame';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    click(one('set-password'));
    await vi.waitFor(() => expect(find('remove-password')).toBeDefined());
    expect(valueOf('new-password')).toBe('');
    click(one('remove-password'));
    await vi.waitFor(() => expect(changes(host)).toHaveLength(2));
    expect(changes(host)).toEqual([
      { name: 'changePassword', payload: { password: 'open sesame' } },
      { name: 'changePassword', payload: { password: null } },
    ]);
  });

  test('are for the window alone', async () => {
    shown(new FakeHost(false), stopped);
    await visit('#/settings');
    expect(find('settings-file')).toBeUndefined();
    expect(all('page-title').map(text)).toEqual(['Settings']);
  });

  test('can be used by everyone', async () => {
    await opened();
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false } },
    });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});

describe('the application around the broker', () => {
  const application: Application = {
    preferences: {
      onClose: 'tray',
      notifications: { failures: true, newDevices: true, alerts: true },
      paused: false,
      alerts: [],
    },
    startsAtLogin: false,
    hasTray: true,
    folders: { configuration: '/home/me/.config', data: '/home/me/data', logs: '/home/me/logs' },
    crash: null,
  };

  test('is set up on the same page', async () => {
    const host = new FakeHost(true);
    host.application = application;
    host.answer = (request) => {
      if (request.name === 'setPreferences') {
        host.application = { ...application, preferences: request.payload };
      }
      return request.name === 'settings' ? settings : undefined;
    };
    shown(host, stopped);
    await visit('#/settings');
    await vi.waitFor(() => expect(find('start-at-login')).toBeDefined());
    click(one('start-at-login'));
    click(one('on-close-quit'));
    click(one('notify-newDevices'));
    click(one('open-logs'));
    await vi.waitFor(() => expect(changes(host)).toHaveLength(4));
    const { preferences } = application;
    const notifications = { failures: true, newDevices: false, alerts: true };
    const orders = [
      { name: 'setStartAtLogin', payload: true },
      { name: 'openFolder', payload: 'logs' },
      { name: 'setPreferences', payload: { ...preferences, onClose: 'quit' } },
      // What was changed a moment before stays changed.
      { name: 'setPreferences', payload: { ...preferences, onClose: 'quit', notifications } },
    ];
    expect(changes(host)).toEqual(expect.arrayContaining(orders));
  });

  test('tells once how the run before ended', async () => {
    const host = new FakeHost(true);
    const crash = { beganAt: Date.UTC(2026, 10, 22), report: '/home/me/logs/crash-<b>.txt' };
    host.application = { ...application, crash };
    shown(host, stopped);
    await vi.waitFor(() => expect(text(find('crash'))).toContain('ended without being told to'));
    expect(text(one('crash'))).toContain('/home/me/logs/crash-<b>.txt');
    host.application = application;
    click(one('crash-dismiss'));
    await vi.waitFor(() => expect(find('crash')).toBeUndefined());
    expect(host.requests).toEqual([{ name: 'forgetCrash' }]);
  });

  test('is no matter of a page in a browser', () => {
    const host = new FakeHost(false);
    host.application = { ...application, crash: { beganAt: 0, report: null } };
    shown(host, stopped);
    expect(find('crash')).toBeUndefined();
  });
});

describe('a broker that cannot run', () => {
  const failed = (code: string, retriesAt: number | null = null): Frame => ({
    ...stopped,
    state: 'failed',
    problem: { code, what: 'Port 1 is in use.', remedy: 'Stop that program.' },
    retriesAt,
  });

  test('may listen on a free port from now on', () => {
    const host = shown(new FakeHost(true), failed('port_taken'));
    click(one('free-port'));
    expect(host.requests).toEqual([{ name: 'useFreePort' }]);
  });

  test('is tried again by itself where that may help, and says when', () => {
    shown(new FakeHost(true), failed('address_missing', Date.now() + 7_500));
    expect(text(one('retries'))).toBe('It is tried again by itself in 8 s.');
    expect(find('free-port')).toBeUndefined();
  });
});
