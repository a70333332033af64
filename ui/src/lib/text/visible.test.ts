import { describe, expect, test } from 'vitest';
import { visible } from './visible';

describe('visible', () => {
  test.each([
    ['plain text', '/home/kitchen/temp', '/home/kitchen/temp'],
    ['markup, which is only text', '<img src=x onerror=1>', '<img src=x onerror=1>'],
    ['other scripts', 'درجة ٢١٫٥ 温度 °C', 'درجة ٢١٫٥ 温度 °C'],
    ['C0 controls', 'a\u0000b\u001b[31m', 'a[U+0000]b[U+001B][31m'],
    ['DEL and C1 controls', '\u007f\u0085\u009b', '[U+007F][U+0085][U+009B]'],
    ['line feed and tab', 'a\nb\tc', 'a↵b⇥c'],
    ['carriage return', 'a\r', 'a[U+000D]'],
    ['line and paragraph separators', '\u2028\u2029', '[U+2028][U+2029]'],
    ['overrides of direction', 'a\u202Etxt.exe\u202C', 'a[U+202E]txt.exe[U+202C]'],
    [
      'isolates and marks',
      '\u2066\u2069\u200E\u200F\u061C',
      '[U+2066][U+2069][U+200E][U+200F][U+061C]',
    ],
    ['zero width', 'a\u200Bb\u2060c\uFEFF', 'a[U+200B]b[U+2060]c[U+FEFF]'],
    ['soft hyphen', 'a\u00ADb', 'a[U+00AD]b'],
    ['letters that show nothing', '\u3164\u115F', '[U+3164][U+115F]'],
    ['tags beyond U+FFFF', 'a\u{E0041}', 'a[U+E0041]'],
    ['half of a pair', 'a\uD83D', 'a[U+D83D]'],
  ])('%s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('leaves what ordinary writing needs', () => {
    const family = '👩‍👩‍👧 ❤️ می‌خواهم';
    expect(visible(family)).toBe(family);
  });

  test('keeps line feeds and tabs where several lines are shown, and nothing else', () => {
    expect(visible('a\n\tb\r\u202E', { keepLines: true })).toBe('a\n\tb[U+000D][U+202E]');
  });
});
