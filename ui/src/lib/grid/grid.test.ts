import { describe, expect, test } from 'vitest';
import { cellAfterKey, type KeyPress } from './keys';
import { rowWindow, scrollTopFor } from './window';

describe('cellAfterKey', () => {
  const extent = { rows: 100, columns: 4, page: 10 };
  const press = (key: string, modifiers: Partial<KeyPress> = {}): KeyPress => ({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    ...modifiers,
  });

  test.each([
    ['ArrowUp', [49, 2]],
    ['ArrowDown', [51, 2]],
    ['ArrowLeft', [50, 1]],
    ['ArrowRight', [50, 3]],
    ['PageUp', [40, 2]],
    ['PageDown', [60, 2]],
    ['Home', [50, 0]],
    ['End', [50, 3]],
  ])('%s', (key, [row, column]) => {
    expect(cellAfterKey({ row: 50, column: 2 }, press(key), extent)).toEqual({ row, column });
  });

  test('Ctrl+Home and Ctrl+End go to the corners', () => {
    const cell = { row: 50, column: 2 };
    expect(cellAfterKey(cell, press('Home', { ctrlKey: true }), extent)).toEqual({
      row: 0,
      column: 0,
    });
    expect(cellAfterKey(cell, press('End', { ctrlKey: true }), extent)).toEqual({
      row: 99,
      column: 3,
    });
  });

  test('stays inside the grid', () => {
    const first = { row: 0, column: 0 };
    const last = { row: 99, column: 3 };
    for (const key of ['ArrowUp', 'ArrowLeft', 'PageUp']) {
      expect(cellAfterKey(first, press(key), extent)).toEqual(first);
    }
    for (const key of ['ArrowDown', 'ArrowRight', 'PageDown']) {
      expect(cellAfterKey(last, press(key), extent)).toEqual(last);
    }
  });

  test('leaves all other keys alone', () => {
    const cell = { row: 1, column: 1 };
    expect(cellAfterKey(cell, press('a'), extent)).toBeNull();
    expect(cellAfterKey(cell, press('Tab'), extent)).toBeNull();
    expect(cellAfterKey(cell, press('ArrowLeft', { altKey: true }), extent)).toBeNull();
    expect(cellAfterKey(cell, press('ArrowUp', { metaKey: true }), extent)).toBeNull();
    expect(cellAfterKey(cell, press('ArrowUp', { ctrlKey: true }), extent)).toBeNull();
  });
});

describe('rowWindow', () => {
  test('draws what is seen and a little more on both sides', () => {
    expect(rowWindow(1_000, 300, 20, 2_000)).toEqual({ first: 42, end: 73 });
  });

  test('draws only rows that there are', () => {
    expect(rowWindow(0, 300, 20, 5)).toEqual({ first: 0, end: 5 });
    expect(rowWindow(9_999, 300, 20, 5)).toEqual({ first: 5, end: 5 });
    expect(rowWindow(0, 300, 20, 0)).toEqual({ first: 0, end: 0 });
  });

  test('fills a screen before anything is measured, and not more', () => {
    const { first, end } = rowWindow(0, 0, 0, 2_000);
    expect(first).toBe(0);
    expect(end).toBeGreaterThan(20);
    expect(end).toBeLessThan(100);
  });
});

test('scrolling to a row moves as little as possible', () => {
  expect(scrollTopFor(5, 200, 100, 20)).toBe(100);
  expect(scrollTopFor(12, 200, 100, 20)).toBe(200);
  expect(scrollTopFor(30, 200, 100, 20)).toBe(520);
});
