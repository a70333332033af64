import { expect, test } from 'vitest';
import { topicRow } from '../../test/frames';
import { arrivalOf } from './arrival';

const sent = { topic: '/b', message: '21.5', at: 100 };
const row = (arrivedAt: number | null, more = {}) => ({ ...topicRow('/b', more), arrivedAt });

test.each([
  ['changed since then', row(100), true],
  ['changed before', row(99), false],
  ['came with the whole list', row(null), false],
  ['has the value of somebody else', row(101, { value: '22' }), false],
  ['shows the beginning of a long one', row(101, { value: '21', truncated: true }), true],
  ['shows the beginning of another one', row(101, { value: '22', truncated: true }), false],
])('a topic that %s: %j is %s', (_, shown, arrived) => {
  const topics = [{ ...topicRow('/a'), arrivedAt: 101 }, shown];
  expect(arrivalOf(sent, topics)).toBe(arrived ? shown : undefined);
});

test('a topic that is not held shows nothing', () => {
  expect(arrivalOf(sent, [])).toBeUndefined();
});
