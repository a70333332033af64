import { describe, expect, test } from 'vitest';
import { HOSTILE } from '../../test/hostile';
import {
  cppLiteral,
  goLiteral,
  javaLiteral,
  javascriptLiteral,
  needsPrintf,
  perlLiteral,
  printfFormat,
  pythonLiteral,
  shellWord,
  wellFormed,
} from './quote';

describe('a literal', () => {
  test.each([
    [javascriptLiteral, 'a"b\\c\n</script>\u202E😀', '"a\\"b\\\\c\\n\\u003c/script>\\u202e😀"'],
    [javascriptLiteral, '\u{E0001}', '"\\udb40\\udc01"'],
    [pythonLiteral, 'a"b\\c\n\u001b\u{E0001}', '"a\\"b\\\\c\\n\\u001b\\U000e0001"'],
    [goLiteral, 'é\uFEFF\t', '"é\\ufeff\\t"'],
    [javaLiteral, 'a"b\\u0041\n\u001b', '"a\\"b\\\\u0041\\n\\033"'],
    [javaLiteral, 'é😀\u0085', '"\\u00e9\\ud83d\\ude00\\u0085"'],
    [perlLiteral, 'a"$HOME @ARGV\\ é\u202E', '"a\\"\\$HOME \\@ARGV\\\\ é\\xe2\\x80\\xae"'],
    [cppLiteral, 'a"b\\??/???\u001b7', '"a\\"b\\\\?\\?/?\\?\\?\\0337"'],
    [cppLiteral, '\u2028', '"\\342\\200\\250"'],
  ])('%# of %o is as its language reads it', (quote, text, literal) => {
    expect(quote(text)).toBe(literal);
  });

  test.each(HOSTILE)('of %j shows all that is in it', (text) => {
    for (const quote of [
      javascriptLiteral,
      pythonLiteral,
      goLiteral,
      javaLiteral,
      perlLiteral,
      cppLiteral,
    ]) {
      // The joiners that emoji need are no secret.
      expect(quote(text).replaceAll('\u200D', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  test.each(HOSTILE)('of JavaScript is read as %j', (text) => {
    const literal = javascriptLiteral(text);
    expect(new Function(`return ${literal}`)()).toBe(text);
    expect(literal).not.toMatch(/<[/!]/);
  });

  test.each(HOSTILE)('of Python, Go and Java has no end before its end: %j', (text) => {
    for (const quote of [pythonLiteral, goLiteral, javaLiteral, perlLiteral, cppLiteral]) {
      expect(quote(text)).toMatch(/^"(?:[^"\\\n]|\\[^\n])*"$/);
    }
  });
});

describe('a word for a shell', () => {
  test.each([
    ['21.5', '21.5'],
    ['http://192.168.1.20:33334/v1/topics/a', 'http://192.168.1.20:33334/v1/topics/a'],
    ['', `''`],
    ['a b', `'a b'`],
    [`it's`, `'it'\\''s'`],
    ['$(id) `id` "x" \\', `'$(id) \`id\` "x" \\'`],
    ['two\nlines', `'two\nlines'`],
    ['?a&b', `'?a&b'`],
    ['水', `'水'`],
    ['~', `'~'`],
  ])('%j is %j', (text, word) => {
    expect(shellWord(text)).toBe(word);
    expect(needsPrintf(text)).toBe(false);
  });

  test.each([
    ['\u001b[2J', `'\\033[2J'`],
    ['-\r', `'\\055\\r'`],
    ['100 % \\ \u0007', `'100 %% \\\\ \\007'`],
    [`it's\u202E`, `'it'\\''s\\342\\200\\256'`],
  ])('what nobody sees is left to printf: %j is %j', (text, format) => {
    expect(needsPrintf(text)).toBe(true);
    expect(printfFormat(text)).toBe(format);
  });
});

test('what is no text becomes a sign for it', () => {
  expect(wellFormed('a\uD800b\0c\uDC00')).toBe('a\uFFFDb\uFFFDc\uFFFD');
  expect(wellFormed('😀')).toBe('😀');
});
