import axe from 'axe-core';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import { opening, topicRow } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, shown, text, type, valueOf } from './test/page';

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
    expect(text(one('login-why'))).toContain('to those who know its password');
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

  test('is left by a button, where there is a session', async () => {
    const host = new FakeHost();
    host.session = true;
    shown(host, ...opening([topicRow('/a')]));
    await vi.waitFor(() => expect(text(one('logout'))).toBe('Log out'));
    type('publish-message', 'typed');
    host.release = () => Promise.reject({ code: 'unreachable', detail: 'No answer.' });
    click(one('logout'));
    await vi.waitFor(() => expect(text(one('order-refusal'))).toContain('No answer.'));
    expect(all('topic-row')).toHaveLength(1);
    host.release = () => undefined;
    click(one('logout'));
    await vi.waitFor(() => expect(text(one('login-why'))).toBe('You are logged out.'));
    expect(host.logouts).toBe(2);
    expect(find('logout')).toBeUndefined();
    expect(find('order-refusal')).toBeUndefined();
    host.connection('open');
    flushSync();
    expect(valueOf('publish-message')).toBe('');
  });

  test('without a session there is nothing to leave', async () => {
    const host = shown(new FakeHost(), ...opening());
    await host.hasSession();
    flushSync();
    expect(find('logout')).toBeUndefined();
  });

  test('a session that ended is said to have, and what was typed is kept', async () => {
    const host = new FakeHost();
    host.session = true;
    shown(host, ...opening([topicRow('/secret/topic')]));
    await vi.waitFor(() => expect(find('logout')).toBeDefined());
    type('publish-topic', '/half');
    type('publish-message', 'typed');
    host.connection('lost');
    host.connection('locked');
    expect(text(one('login-why'))).toContain('Your session has ended.');
    // Hidden and shown again, nothing of what was there comes through.
    host.connection('connecting');
    host.connection('lost');
    expect(text(document.body)).not.toContain('/secret/topic');
    host.connection('locked');
    expect(text(one('login-why'))).toContain('Your session has ended.');
    host.connection('open');
    expect([valueOf('publish-topic'), valueOf('publish-message')]).toEqual(['/half', 'typed']);
  });

  test('its form can be used by everyone', async () => {
    shown(new FakeHost()).connection('locked');
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});
