import assert from 'node:assert/strict';
import test from 'node:test';
import { COUNTS, figuresIn, longSteps, PARTS, variablesOf } from '../lib/long-steps.mjs';

test('each part has its step', () => {
  const parts = longSteps({}).flatMap(({ part }) => part ?? []);
  assert.deepEqual(parts, PARTS);
});

test('every count reaches the tests by its own variable', () => {
  const names = Object.keys(COUNTS);
  const counts = Object.fromEntries(names.map((name, n) => [name, n + 1]));
  assert.deepEqual(Object.values(variablesOf(counts)), ['1', '2', '3', '4', '5']);
  assert.equal(variablesOf({ ...counts, kills: 7 }).MOUSTIQUE_KILLS, '7');
});

test('figures are the lines that begin with the word', () => {
  const output = 'test a ... \nfigure: 3 kills, 0 lost\nok\nno figure: 4\nfigure: 5\n';
  assert.deepEqual(figuresIn(output), ['3 kills, 0 lost', '5']);
});
