import { describe, expect, test } from 'vitest';
import { compareNames, mergeRows, placeOf, rowOf } from './sorted';

const named = (...topics: string[]) => topics.map((topic) => ({ topic, value: 0 }));

test('names are in the order of their UTF-8 bytes', () => {
  const names = [
    '',
    '/',
    '/a',
    '/a/b',
    '/b',
    'a',
    'z',
    'é',
    '水',
    '\uE000',
    '\uFFFD',
    '😀',
    '😀a',
    '𝒳',
  ];
  const encoder = new TextEncoder();
  const byBytes = (a: string, b: string) => {
    const [left, right] = [encoder.encode(a), encoder.encode(b)];
    for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
      const difference = (left[i] ?? 0) - (right[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return left.length - right.length;
  };
  for (const a of names) {
    for (const b of names) {
      expect(Math.sign(compareNames(a, b)), `${a} and ${b}`).toBe(Math.sign(byBytes(a, b)));
    }
  }
});

test('a row is found by its name', () => {
  const rows = named('a', 'c', 'e');
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map((topic) => placeOf(rows, topic))).toEqual([
    0, 1, 1, 2, 2, 3,
  ]);
  expect(rowOf(rows, 'c')).toBe(rows[1]);
  expect(rowOf(rows, 'd')).toBeUndefined();
});

describe('mergeRows', () => {
  test('replaces known names in place and inserts new ones, leaving the old list alone', () => {
    const rows = named('b', 'd', 'f');
    const merged = mergeRows(
      rows,
      [
        { topic: 'd', value: 1 },
        { topic: 'a', value: 2 },
        { topic: 'g', value: 3 },
        { topic: 'e', value: 4 },
      ],
      100,
    );
    expect(merged.map((row) => `${row.topic}${row.value}`)).toEqual([
      'a2',
      'b0',
      'd1',
      'e4',
      'f0',
      'g3',
    ]);
    expect(rows.map((row) => row.topic)).toEqual(['b', 'd', 'f']);
  });

  test('of the same name twice the last counts', () => {
    const merged = mergeRows(
      [],
      [
        { topic: 'a', value: 1 },
        { topic: 'a', value: 2 },
      ],
      100,
    );
    expect(merged).toEqual([{ topic: 'a', value: 2 }]);
  });

  test('keeps the first rows of more than its limit', () => {
    const merged = mergeRows(named('b', 'c'), named('a', 'd'), 3);
    expect(merged.map((row) => row.topic)).toEqual(['a', 'b', 'c']);
  });

  test('agrees with sorting, whatever comes', () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    let rows: readonly { topic: string; value: number }[] = [];
    const expected = new Map<string, number>();
    for (let round = 0; round < 300; round += 1) {
      const change = { topic: `/${random(40)}/${random(5)}`, value: round };
      rows = mergeRows(rows, [change], 1_000);
      expected.set(change.topic, change.value);
    }
    expect(rows).toEqual(
      [...expected]
        .sort(([a], [b]) => compareNames(a, b))
        .map(([topic, value]) => ({ topic, value })),
    );
  });
});
