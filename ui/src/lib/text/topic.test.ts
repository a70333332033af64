import { expect, test } from 'vitest';
import { searchTopics, topicParts } from './topic';

test.each([
  ['/home/kitchen/temp', '/home/kitchen/', 'temp'],
  ['weather', '', 'weather'],
  ['/weather', '/', 'weather'],
  ['/home/', '/', 'home/'],
  ['a//b', 'a//', 'b'],
  ['/', '', '/'],
  ['', '', ''],
])('the parts of "%s"', (topic, parents, leaf) => {
  expect(topicParts(topic)).toEqual({ parents, leaf });
});

const rows = [
  { topic: '/home/garage/door', from: 'esp-garage' },
  { topic: '/home/kitchen/temp', from: 'esp-kitchen' },
  { topic: '/office/TEMP', from: 'Thermo' },
];

test.each([
  ['', [0, 1, 2]],
  ['   ', [0, 1, 2]],
  ['temp', [1, 2]],
  ['TEMP home', [1]],
  ['thermo', [2]],
  ['garage/door esp', [0]],
  ['door temp', []],
])('a search for "%s"', (search, found) => {
  expect(searchTopics(rows, search)).toEqual(found.map((index) => rows[index]));
});
