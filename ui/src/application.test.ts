import axe from 'axe-core';
import { type Component, flushSync, mount, unmount } from 'svelte';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AlertRule, Refusal } from './lib/api/monitor';
import AlertRules from './lib/components/settings/AlertRules.svelte';
import Notifications from './lib/components/settings/Notifications.svelte';
import OnClose from './lib/components/settings/OnClose.svelte';
import { deferred } from './test/deferred';
import { opening } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, press, shown, text, type, valueOf } from './test/page';

const REFUSAL: Refusal = { code: 'storage', detail: 'The disk is full.' };

/** Shows one component in a page of its own. */
// As `mount` has it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function show<P extends Record<string, any>>(component: Component<P>, props: NoInfer<P>): void {
  const page = mount(component, { target: document.body, props });
  flushSync();
  onTestFinished(async () => {
    await unmount(page);
    document.body.replaceChildren();
  });
}

async function accessible(): Promise<void> {
  flushSync();
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((violation) => violation.id)).toEqual([]);
}

const checked = (testid: string) => (one(testid) as HTMLInputElement).checked;

describe('what closing does', () => {
  test('is chosen, and shown before it holds', async () => {
    const answered = deferred<undefined>();
    const save = vi.fn(() => answered.promise);
    show(OnClose, { value: 'tray', hasTray: true, save });
    expect(checked('on-close-tray')).toBe(true);
    click(one('on-close-ask'));
    expect(save).toHaveBeenCalledExactlyOnceWith('ask');
    expect(checked('on-close-ask')).toBe(true);
    answered.resolve(undefined);
    expect(find('no-tray')).toBeUndefined();
    await accessible();
  });

  test('stays what it was when it is refused', async () => {
    show(OnClose, { value: 'tray', hasTray: false, save: () => Promise.reject(REFUSAL) });
    click(one('on-close-quit'));
    await vi.waitFor(() => expect(text(one('settings-refusal'))).toContain(REFUSAL.detail));
    expect(checked('on-close-tray')).toBe(true);
    expect(text(one('no-tray'))).toContain('no tray');
  });
});

describe('notifications', () => {
  const value = { failures: true, newDevices: true, alerts: false };

  test('are switched by kind, and paused', async () => {
    const save = vi.fn(() => Promise.resolve());
    show(Notifications, { value, paused: false, save });
    expect(checked('notify-failures')).toBe(true);
    expect(checked('notify-alerts')).toBe(false);
    click(one('notify-newDevices'));
    expect(save).toHaveBeenLastCalledWith({ ...value, newDevices: false }, false);
    await vi.waitFor(() => expect(checked('notify-newDevices')).toBe(true));
    click(one('notify-paused'));
    expect(save).toHaveBeenLastCalledWith(value, true);
    await accessible();
  });

  test('two quick changes are both kept', () => {
    const save = vi.fn(() => deferred<undefined>().promise);
    show(Notifications, { value, paused: false, save });
    click(one('notify-failures'));
    click(one('notify-alerts'));
    expect(save).toHaveBeenLastCalledWith({ ...value, failures: false, alerts: true }, false);
  });

  test('a refusal is shown', async () => {
    show(Notifications, { value, paused: false, save: () => Promise.reject(REFUSAL) });
    click(one('notify-alerts'));
    await vi.waitFor(() => expect(text(one('settings-refusal'))).toContain(REFUSAL.detail));
    expect(checked('notify-alerts')).toBe(false);
  });
});

describe('alert rules', () => {
  const hot: AlertRule = {
    name: 'Too hot',
    filter: '/home/+/temperature',
    comparison: 'above',
    value: '30',
    text: '',
  };
  const quiet: AlertRule = {
    name: 'Quiet',
    filter: '/home/door',
    comparison: 'silentFor',
    value: '10min',
    text: 'nobody at {topic}',
  };

  function fill(rule: Partial<AlertRule>) {
    for (const [field, value] of Object.entries(rule)) {
      if (field === 'comparison') {
        const select = one('rule-comparison') as HTMLSelectElement;
        select.value = value;
        select.dispatchEvent(new Event('change', { bubbles: true }));
        flushSync();
      } else {
        type(`rule-${field}`, value);
      }
    }
  }

  test('there are none at first, and one is added', async () => {
    const save = vi.fn(() => Promise.resolve());
    show(AlertRules, { rules: [], save });
    expect(text(one('no-rules'))).toContain('There are none');
    click(one('rule-add'));
    expect(document.activeElement).toBe(one('rule-name'));
    fill(quiet);
    await accessible();
    click(one('rule-save'));
    await vi.waitFor(() => expect(save).toHaveBeenCalledExactlyOnceWith([quiet]));
    await vi.waitFor(() => expect(document.activeElement).toBe(one('rule-add')));
    expect(find('rule-form')).toBeUndefined();
  });

  test('are listed, changed and deleted', async () => {
    const save = vi.fn(() => Promise.resolve());
    show(AlertRules, { rules: [hot, quiet], save });
    expect(all('rule').map(text)[0]).toContain('Too hot /home/+/temperature is above 30');
    click(all('rule-edit')[1] as HTMLElement);
    expect(valueOf('rule-value')).toBe('10min');
    fill({ value: '1h' });
    click(one('rule-save'));
    await vi.waitFor(() => expect(save).toHaveBeenLastCalledWith([hot, { ...quiet, value: '1h' }]));
    await vi.waitFor(() => expect(find('rule-form')).toBeUndefined());
    click(all('rule-delete')[0] as HTMLElement);
    expect(save).toHaveBeenLastCalledWith([quiet]);
    await vi.waitFor(() => expect(document.activeElement).toBe(one('rule-add')));
    await accessible();
  });

  test.each(['name', 'filter', 'value', 'text'] as const)(
    'a refusal stands at the field that is wrong: %s',
    async (field) => {
      const refusal: Refusal = { code: `rule_${field}`, detail: `The ${field} is wrong.` };
      show(AlertRules, { rules: [hot], save: () => Promise.reject(refusal) });
      click(one('rule-edit'));
      click(one('rule-save'));
      await vi.waitFor(() => expect(text(one('rule-wrong'))).toBe(refusal.detail));
      expect(one(`rule-${field}`).getAttribute('aria-invalid')).toBe('true');
      expect(one(`rule-${field}`).getAttribute('aria-describedby')).toBe(one('rule-wrong').id);
      expect(document.activeElement).toBe(one(`rule-${field}`));
      await accessible();
    },
  );

  test('another refusal is shown in the form, and of a deletion in the list', async () => {
    show(AlertRules, { rules: [hot], save: () => Promise.reject(REFUSAL) });
    click(one('rule-delete'));
    await vi.waitFor(() => expect(text(one('settings-refusal'))).toContain(REFUSAL.detail));
    click(one('rule-edit'));
    click(one('rule-save'));
    await vi.waitFor(() =>
      expect(all('settings-refusal').map(text).join()).toContain(REFUSAL.detail),
    );
    expect(find('rule-wrong')).toBeUndefined();
  });

  test('Escape leaves the form as it was', async () => {
    const save = vi.fn(() => Promise.resolve());
    show(AlertRules, { rules: [hot], save });
    click(one('rule-edit'));
    fill({ value: '99' });
    press(one('rule-value'), 'Escape');
    await vi.waitFor(() => expect(document.activeElement).toBe(one('rule-edit')));
    expect(text(one('rule'))).toContain('above 30');
    expect(save).not.toHaveBeenCalled();
  });

  test('hostile texts are shown as what they are', () => {
    show(AlertRules, {
      rules: [{ ...hot, name: '\u202Eevil<b>', value: '\u0007' }],
      save: () => Promise.resolve(),
    });
    expect(text(one('rule'))).toContain('[U+202E]evil<b>');
    expect(text(one('rule'))).toContain('[U+0007]');
  });
});

describe('the question when the window is closed', () => {
  const dialog = () => one('close-dialog') as HTMLDialogElement;

  function asked(canStay: boolean): FakeHost {
    const host = shown(new FakeHost(true), ...opening());
    host.askOnClose({ canStay });
    expect(dialog().open).toBe(true);
    return host;
  }

  test('is answered, and remembered where that is wanted', async () => {
    const host = asked(true);
    click(one('close-remember'));
    await accessible();
    click(one('close-keep'));
    expect(host.requests).toEqual([{ name: 'close', payload: { choice: 'keep', remember: true } }]);
    await vi.waitFor(() => expect(dialog().open).toBe(false));
  });

  test('without a tray it is to quit or to stay', async () => {
    const host = asked(false);
    expect(find('close-keep')).toBeUndefined();
    expect(find('close-remember')).toBeUndefined();
    click(one('close-quit'));
    expect(host.requests).toEqual([
      { name: 'close', payload: { choice: 'quit', remember: false } },
    ]);
    await vi.waitFor(() => expect(dialog().open).toBe(false));
  });

  test('is asked again after it was not answered with anything', async () => {
    const host = asked(true);
    dialog().dispatchEvent(new Event('cancel', { cancelable: true }));
    flushSync();
    await vi.waitFor(() => expect(dialog().open).toBe(false));
    expect(host.requests).toEqual([
      { name: 'close', payload: { choice: 'cancel', remember: false } },
    ]);
    host.askOnClose({ canStay: true });
    expect(dialog().open).toBe(true);
    host.answer = () => Promise.reject(REFUSAL);
    click(one('close-keep'));
    await vi.waitFor(() => expect(text(dialog())).toContain(REFUSAL.detail));
    expect(dialog().open).toBe(true);
  });
});
