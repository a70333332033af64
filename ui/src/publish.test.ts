import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Refusal } from './lib/api/monitor';
import { deferred } from './test/deferred';
import { opening } from './test/frames';
import { FakeHost } from './test/host';
import { click, one, press, shown, text, type, valueOf } from './test/page';

describe('publishing', () => {
  beforeEach(() => localStorage.clear());

  function fill(topic: string, message: string) {
    type('publish-topic', topic);
    type('publish-message', message);
  }

  test('is confirmed, and ready for the next message', async () => {
    const host = shown(new FakeHost(), ...opening());
    expect(valueOf('publish-from')).toBe('monitor');
    type('publish-from', 'me');
    fill('/a/b', '21.5');
    click(one('publish-submit'));
    await vi.waitFor(() => expect(text(one('publish-result'))).toBe('Published to /a/b'));
    expect(host.requests).toEqual([
      { name: 'publish', payload: { topic: '/a/b', message: '21.5', from: 'me' } },
    ]);
    expect(valueOf('publish-topic')).toBe('/a/b');
    expect(valueOf('publish-message')).toBe('');
    expect(localStorage.getItem('moustique.publish.from')).toBe('me');
  });

  test('Ctrl+Enter publishes from within the message', async () => {
    const host = shown(new FakeHost(), ...opening());
    fill('/a', 'x');
    press(one('publish-message'), 'Enter', { ctrlKey: true });
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
  });

  test('a refusal is shown in full, and what was typed is kept', async () => {
    const host = shown(new FakeHost(), ...opening());
    const refusal: Refusal = { code: 'invalid', detail: 'A topic contains no "+". Leave it out.' };
    host.answer = () => Promise.reject(refusal);
    fill('/a/+', '21.5');
    click(one('publish-submit'));
    await vi.waitFor(() => expect(text(one('publish-result'))).toContain(refusal.detail));
    expect(one('publish-result').dataset['outcome']).toBe('refused');
    expect(valueOf('publish-topic')).toBe('/a/+');
    expect(valueOf('publish-message')).toBe('21.5');
  });

  test('while one message is under way, no second is sent', async () => {
    const host = shown(new FakeHost(), ...opening());
    const answered = deferred<undefined>();
    host.answer = () => answered.promise;
    fill('/a', 'x');
    click(one('publish-submit'));
    click(one('publish-submit'));
    expect(host.requests).toHaveLength(1);
    type('publish-message', 'typed meanwhile');
    answered.resolve(undefined);
    await vi.waitFor(() => expect(text(one('publish-result'))).toBe('Published to /a'));
    expect(valueOf('publish-message')).toBe('typed meanwhile');
  });

  test('works where nothing can be remembered', async () => {
    vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('forbidden');
    });
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('forbidden');
    });
    shown(new FakeHost(), ...opening());
    expect(valueOf('publish-from')).toBe('monitor');
    fill('/a', 'x');
    click(one('publish-submit'));
    await vi.waitFor(() => expect(text(one('publish-result'))).toBe('Published to /a'));
  });
});
