import assert from 'node:assert/strict';
import test from 'node:test';
import { countTests } from '../lib/test-counts.mjs';
import { report } from '../lib/test-report.mjs';

const OUTPUT = `
test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
 Test Files  1 failed | 4 passed (5)
      Tests  1 failed | 41 passed | 2 skipped (44)
ℹ tests 9
ℹ pass 8
ℹ fail 1
`;

test('the closing lines of the three runners are summed', () => {
  assert.deepEqual(countTests(OUTPUT), { passed: 12 + 3 + 41 + 8, failed: 2 + 1 + 1 });
});

test('a test that prints such words is not counted', () => {
  assert.deepEqual(countTests('3 passed; 2 failed\npass 8\nTests are run\n'), {
    passed: 0,
    failed: 0,
  });
});

test('a report names the failed step and ends with the counts', () => {
  const lines = report([
    { title: 'One', milliseconds: 1_000, output: 'test result: ok. 2 passed; 0 failed; 0 ignored' },
    { title: 'Two', milliseconds: 500, failure: new Error('no') },
  ]);
  assert.deepEqual(lines, [
    'One     1.0 s',
    'Two    500 ms  failed',
    'Total   1.5 s',
    '',
    '2 passed, 1 failed',
  ]);
});
