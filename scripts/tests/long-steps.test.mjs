import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../lib/failure.mjs';
import { COUNTS, figuresIn, longSteps, PARTS, testsRun, variablesOf } from '../lib/long-steps.mjs';

test('each part has its step', () => {
  const parts = longSteps({}).flatMap(({ part }) => part ?? []);
  assert.deepEqual(parts, PARTS);
});

test('every count reaches the tests by its own variable', () => {
  const names = Object.keys(COUNTS);
  const counts = Object.fromEntries(names.map((name, n) => [name, n + 1]));
  assert.deepEqual(Object.values(variablesOf(counts)), ['1', '2', '3', '4', '5', '6']);
  assert.equal(variablesOf({ ...counts, kills: 7 }).MOUSTIQUE_KILLS, '7');
});

test('figures are the lines that begin with the word', () => {
  const output = 'test a ... \nfigure: 3 kills, 0 lost\nok\nno figure: 4\nfigure: 5\n';
  assert.deepEqual(figuresIn(output), ['3 kills, 0 lost', '5']);
});

const result = (passed) =>
  `test result: ok. ${passed} passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.01s\n`;

test('a step says how many tests ran', () => {
  assert.equal(testsRun('Soak', result(1), ['soak::']), '1 test ran');
  assert.equal(testsRun('Soak', result(1) + result(4), ['a', 'b']), '5 tests ran');
});

test('a step that ran no test fails, also where only one of its names has none', () => {
  const cases = [
    [result(0), ['soak::'], 'Soak: 0 tests ran; expected at least one for each of soak::.'],
    ['', ['soak::'], 'Soak: 0 tests ran; expected at least one for each of soak::.'],
    [result(1), ['a', 'b'], 'Soak: 1 test ran; expected at least one for each of a, b.'],
  ];
  for (const [output, names, message] of cases) {
    const check = () => testsRun('Soak', output, names);
    assert.throws(check, (error) => error instanceof Failure && error.message === message);
  }
});
