import axe from 'axe-core';
import { describe, expect, test, vi } from 'vitest';
import { opening, topicRow } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, shown, text, type } from './test/page';

const password = () => one('login-password') as HTMLInputElement;

describe('a broker with a password', () => {
  test('shows a form, and nothing of what was there before', () => {
    const host = shown(new FakeHost(), ...opening([topicRow('/secret/topic')]));
    host.connection('locked');
    expect(text(document.body)).not.toContain('/secret/topic');
    expect(find('connection-lost')).toBeUndefined();
    expect(document.activeElement).toBe(password());
    expect(password().type).toBe('password');
    expect(password().autocomplete).toBe('current-password');
    expect(text(password().closest('label') ?? undefined)).toBe('Password');
  });

  test('opens with the right one', async () => {
    const host = shown(new FakeHost());
    host.connection('locked');
    type('login-password', 'secret');
    click(one('login-submit'));
    await vi.waitFor(() => expect(host.passwords).toEqual(['secret']));
    host.connection('open');
    host.send(...opening([topicRow('/a')]));
    expect(find('login-password')).toBeUndefined();
    expect(all('topic-row')).toHaveLength(1);
  });

  test('says what was wrong, where a reader hears it, and lets it be tried again', async () => {
    const host = shown(new FakeHost());
    host.connection('locked');
    host.admit = () => Promise.reject({ code: 'locked', detail: 'The password is not right.' });
    type('login-password', 'guess');
    click(one('login-submit'));
    await vi.waitFor(() => expect(text(one('login-refusal'))).toBe('The password is not right.'));
    expect(one('login-refusal').getAttribute('role')).toBe('alert');
    expect(password().getAttribute('aria-invalid')).toBe('true');
    expect(password().getAttribute('aria-describedby')).toBe('login-refusal');
    click(one('login-submit'));
    await vi.waitFor(() => expect(host.passwords).toEqual(['guess', 'guess']));
  });

  test('its form can be used by everyone', async () => {
    shown(new FakeHost()).connection('locked');
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});
