import { expect, test } from 'vitest';
import type { Traffic } from '../api/monitor';
import { addSample, HISTORY_SECONDS, type Sample } from './history';

const traffic = (uptimeMs: number, messagesPerSecond = 1): Traffic => ({
  messagesPerSecond,
  requestsPerSecond: 2 * messagesPerSecond,
  messagesTotal: 0,
  droppedTotal: 0,
  clients: 0,
  connections: 0,
  logMessages: 4_321,
  diskBytes: 3_400_000,
  uptimeMs,
});

const record = (...reports: Traffic[]) => reports.reduce<readonly Sample[]>(addSample, []);

test('the latest report of a second counts', () => {
  expect(record(traffic(1_000, 5), traffic(1_900, 7), traffic(2_100, 9))).toEqual([
    { second: 1, messages: 7, requests: 14 },
    { second: 2, messages: 9, requests: 18 },
  ]);
});

test('a minute is kept, gaps included', () => {
  const minutes = Array.from({ length: 200 }, (_, second) => traffic(second * 1_000));
  const history = record(...minutes);
  expect(history).toHaveLength(HISTORY_SECONDS);
  expect(history.at(0)?.second).toBe(140);
  expect(addSample(history, traffic(1_000_000))).toHaveLength(1);
});

test('a broker that began anew begins a new history', () => {
  expect(record(traffic(90_000), traffic(91_000), traffic(500))).toEqual([
    { second: 0, messages: 1, requests: 2 },
  ]);
});
