import axe from 'axe-core';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { Reloaded } from './lib/api/monitor';
import { deferred } from './test/deferred';
import { opening } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, shown, text } from './test/page';

const dialog = () => one('configuration-dialog') as HTMLDialogElement;
const outcome = () => text(one('configuration-outcome'));

function opened(control = false): FakeHost {
  const host = shown(new FakeHost(control), ...opening());
  click(one('configuration'));
  return host;
}

describe('the configuration', () => {
  test.each([true, false])(
    'has its file named and is reloaded (in the window: %s)',
    async (window) => {
      const host = opened(window);
      expect(dialog().open).toBe(true);
      expect(text(one('configuration-file'))).toBe('/home/me/.config/moustique/config.yaml');
      const answer = deferred<Reloaded>();
      host.answer = () => answer.promise;
      click(one('reload'));
      expect(outcome()).toBe('Reading it…');
      expect(one('reload').getAttribute('aria-disabled')).toBe('true');
      click(one('reload'));
      expect(host.requests).toEqual([{ name: 'reload' }]);
      answer.resolve({ applied: ['limits.topics', 'logging.level'], waiting: ['server.port'] });
      await vi.waitFor(() => expect(all('changed-key').map(text)).toHaveLength(3));
      expect(outcome()).toMatch(
        /^Holds from now on limits\.topics\s*logging\.level Waits for the next start server\.port$/,
      );
      expect(one('configuration-outcome').getAttribute('role')).toBe('status');
    },
  );

  test('that says nothing new is said to be so', async () => {
    const host = opened();
    host.answer = () => ({ applied: [], waiting: [] });
    click(one('reload'));
    await vi.waitFor(() => expect(outcome()).toBe('Read again. Nothing in it has changed.'));
    // Another visit begins anew.
    dialog().close();
    click(one('configuration'));
    expect(outcome()).toBe('');
  });

  test('that is bad is refused in full, and may be mended', async () => {
    const host = opened();
    const detail = "config.yaml, line 6: 'none' is not a number. What held before holds still.";
    host.answer = () => Promise.reject({ code: 'configuration', detail });
    click(one('reload'));
    await vi.waitFor(() => expect(outcome()).toBe(`Not reloaded. ${detail}`));
    host.answer = () => ({ applied: ['limits.topics'], waiting: [] });
    click(one('reload'));
    await vi.waitFor(() => expect(outcome()).toBe('Holds from now on limits.topics'));
  });

  test('is not there to be read while the broker does not run', () => {
    shown(new FakeHost(true), ...opening([], [], { state: 'stopped', configuration: null }));
    expect(find('configuration')).toBeUndefined();
  });

  test('can be used by everyone', async () => {
    const host = opened();
    host.answer = () => ({ applied: ['a.b'], waiting: ['c.d'] });
    click(one('reload'));
    await vi.waitFor(() => expect(outcome()).toContain('a.b'));
    flushSync();
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false } },
    });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});
