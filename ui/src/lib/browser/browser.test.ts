import { afterEach, describe, expect, test, vi } from 'vitest';
import { setHidden } from '../../test/page';
import { copyText } from './clipboard';
import { whileVisible } from './visibility';

describe('copyText', () => {
  afterEach(() => vi.unstubAllGlobals());

  function withoutClipboard(copies: boolean) {
    const copied: string[] = [];
    vi.stubGlobal('navigator', {});
    document.execCommand = () => {
      const field = document.activeElement;
      if (field instanceof HTMLTextAreaElement) copied.push(field.value);
      return copies;
    };
    return copied;
  }

  test('uses the clipboard where there is one', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    await expect(copyText('http://x')).resolves.toBe(true);
    expect(writeText).toHaveBeenCalledWith('http://x');
  });

  test('copies a selection on a page that came over plain HTTP, and leaves no trace', async () => {
    const copied = withoutClipboard(true);
    await expect(copyText('http://x')).resolves.toBe(true);
    expect(document.querySelector('textarea')).toBeNull();
    expect(copied).toEqual(['http://x']);
  });

  test('tells when neither works', async () => {
    withoutClipboard(false);
    await expect(copyText('http://x')).resolves.toBe(false);
  });
});

describe('whileVisible', () => {
  test('begins and ends with the page', () => {
    const end = vi.fn();
    const begin = vi.fn(() => end);
    const stop = whileVisible(begin);
    expect([begin.mock.calls.length, end.mock.calls.length]).toEqual([1, 0]);
    setHidden(true);
    setHidden(true);
    expect([begin.mock.calls.length, end.mock.calls.length]).toEqual([1, 1]);
    setHidden(false);
    setHidden(false);
    expect([begin.mock.calls.length, end.mock.calls.length]).toEqual([2, 1]);
    stop();
    expect(end).toHaveBeenCalledTimes(2);
    setHidden(true);
    setHidden(false);
    expect(begin).toHaveBeenCalledTimes(2);
  });

  test('does not begin on a page that is hidden', () => {
    setHidden(true);
    const begin = vi.fn(() => () => undefined);
    const stop = whileVisible(begin);
    expect(begin).not.toHaveBeenCalled();
    setHidden(false);
    expect(begin).toHaveBeenCalledTimes(1);
    stop();
  });
});
