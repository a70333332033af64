import { describe, expect, test } from 'vitest';
import { age, calendarDay, duration, exactMoment, isMoment, isoMoment } from './time';

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('age', () => {
  test.each([
    [-5 * MINUTE, 'just now'],
    [0, 'just now'],
    [1_999, 'just now'],
    [2 * SECOND, '2 s'],
    [12 * SECOND, '12 s'],
    [MINUTE - 1, '59 s'],
    [MINUTE, '1 min'],
    [3 * MINUTE + 59 * SECOND, '3 min'],
    [HOUR - 1, '59 min'],
    [2 * HOUR, '2 h'],
    [DAY - 1, '23 h'],
    [5 * DAY, '5 d'],
    [400 * DAY, '400 d'],
  ])('%i ms ago is "%s"', (elapsed, text) => {
    expect(age(NOW - elapsed, NOW)).toBe(text);
  });
});

describe('moments', () => {
  test('are told from numbers that no clock can show', () => {
    expect(isMoment(NOW)).toBe(true);
    expect(isMoment(-8.64e15)).toBe(true);
    expect(isMoment(8.64e15 + 1)).toBe(false);
    expect(isMoment(Number.NaN)).toBe(false);
  });

  test('are written for machines and for people', () => {
    expect(isoMoment(NOW)).toBe('2025-06-01T12:00:00.000Z');
    expect(exactMoment(NOW, 'en-GB')).toMatch(/1 Jun 2025, \d\d:00:00/);
    expect(calendarDay(NOW, 'en-GB')).toBe('1 Jun 2025');
    expect(calendarDay(9e15)).toBe('a day that no calendar has');
  });
});

describe('duration', () => {
  test.each([
    [-1, '0:00'],
    [7 * SECOND, '0:07'],
    [12 * MINUTE + 7 * SECOND, '12:07'],
    [5 * HOUR + 12 * MINUTE + 7 * SECOND, '5:12:07'],
    [DAY - 1, '23:59:59'],
    [3 * DAY + 5 * HOUR + 59 * MINUTE, '3 d 5 h'],
  ])('%i ms is "%s"', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});
