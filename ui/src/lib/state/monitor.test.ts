import { expect, test } from 'vitest';
import { runningStatus, topicRow, topicRows, traffic } from '../../test/frames';
import { MAX_TOPIC_ROWS, Monitor } from './monitor.svelte';

test('knows nothing before the first frames', () => {
  const monitor = new Monitor();
  expect(monitor.connection).toBe('connecting');
  expect([monitor.status, monitor.topics, monitor.clients, monitor.traffic]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test('a list replaces, changes merge, and only changes are news', () => {
  const monitor = new Monitor();
  monitor.apply({ kind: 'topics', ...topicRows([topicRow('/b'), topicRow('/d')]) });
  monitor.apply({
    kind: 'changes',
    rows: [topicRow('/c'), topicRow('/d', { value: 'new' })],
    total: 3,
  });

  expect(monitor.topics?.map((row) => [row.topic, row.value, row.arrivedAt !== null])).toEqual([
    ['/b', '21.5', false],
    ['/c', '21.5', true],
    ['/d', 'new', true],
  ]);
  expect(monitor.topicsTotal).toBe(3);

  monitor.apply({ kind: 'topics', ...topicRows([topicRow('/x')]) });
  expect(monitor.topics?.map((row) => row.topic)).toEqual(['/x']);
});

test('holds no more topics than the broker lists, and knows how many there are', () => {
  const monitor = new Monitor();
  const names = Array.from(
    { length: MAX_TOPIC_ROWS },
    (_, i) => `/t/${String(i).padStart(5, '0')}`,
  );
  monitor.apply({ kind: 'topics', rows: names.map((name) => topicRow(name)), total: 31_204 });
  monitor.apply({ kind: 'changes', rows: [topicRow('/a'), topicRow('/z')], total: 31_206 });

  expect(monitor.topics).toHaveLength(MAX_TOPIC_ROWS);
  expect(monitor.topics?.at(0)?.topic).toBe('/a');
  expect(monitor.topicsTotal).toBe(31_206);
});

test('takes status, clients and traffic as they are', () => {
  const monitor = new Monitor();
  monitor.apply({ kind: 'status', ...runningStatus });
  monitor.apply({ kind: 'clients', rows: [], total: 4 });
  monitor.apply({ kind: 'traffic', ...traffic });
  expect(monitor.status?.state).toBe('running');
  expect(monitor.clients?.total).toBe(4);
  expect(monitor.traffic?.messagesPerSecond).toBe(12.4);
  expect(monitor.history).toHaveLength(1);
});

test('passes over news of a kind it does not know', () => {
  const monitor = new Monitor();
  monitor.apply({ kind: 'weather' } as never);
  expect(monitor.status).toBeNull();
});
