import { expect, test } from 'vitest';
import { byteSize, count, rate, shortCount } from './number';

test('counts follow the locale of the reader', () => {
  expect(count(31_204, 'en')).toBe('31,204');
  expect(count(31_204, 'de')).toBe('31.204');
});

test('a meter shortens counts from a million on', () => {
  expect(shortCount(999_999, 'en')).toBe('999,999');
  expect(shortCount(1_234_567, 'en')).toBe('1.2M');
  expect(shortCount(7_000_000_000, 'en')).toBe('7.0B');
});

test.each([
  [0, '0'],
  [0.44, '0.4'],
  [12.4, '12.4'],
  [99.94, '99.9'],
  [100.4, '100'],
  [4_210.7, '4,211'],
])('%f a second is "%s"', (perSecond, text) => {
  expect(rate(perSecond, 'en')).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [48_213, '48.2 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [3e15, '3,000.0 TB'],
])('%i bytes are "%s"', (bytes, text) => {
  expect(byteSize(bytes, 'en')).toBe(text);
});
