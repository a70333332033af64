// The end of a test run: how long each step took and how many tests passed.

import { countTests } from './test-counts.mjs';
import { duration, table } from './text.mjs';

/** The lines for these outcomes, the last one `N passed, N failed`. */
export function report(outcomes) {
  const total = outcomes.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = outcomes.map(({ title, milliseconds, failure }) => [
    title,
    duration(milliseconds),
    ...(failure ? ['failed'] : []),
  ]);
  const { passed, failed } = countTests(outcomes.map(({ output }) => output ?? '').join('\n'));
  // A step that fails without a failed test, such as a lint, is a failure none the less.
  const unreported = failed === 0 && outcomes.some(({ failure }) => failure) ? 1 : 0;
  return [
    ...table([...rows, ['Total', duration(total)]]),
    '',
    `${passed} passed, ${failed + unreported} failed`,
  ];
}
