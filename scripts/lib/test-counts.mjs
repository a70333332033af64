// How many tests a runner says it ran, read from its own closing lines.

/** Sums what Cargo, Vitest and Node's test runner report in this output. */
export function countTests(output) {
  const total = { passed: 0, failed: 0 };
  for (const line of output.split('\n')) {
    const counted = ofCargo(line) ?? ofVitest(line) ?? ofNode(line);
    total.passed += counted?.passed ?? 0;
    total.failed += counted?.failed ?? 0;
  }
  return total;
}

/** `test result: ok. 12 passed; 0 failed; 0 ignored; …` */
function ofCargo(line) {
  const match = /^test result: \w+\. (\d+) passed; (\d+) failed;/.exec(line);
  return match && { passed: Number(match[1]), failed: Number(match[2]) };
}

/** `      Tests  1 failed | 41 passed (42)` */
function ofVitest(line) {
  if (!/^\s*Tests\s+\d+ \w+/.test(line)) return null;
  const amount = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: amount('passed'), failed: amount('failed') };
}

/** `ℹ pass 17` or, where the output is no terminal, `# pass 17` */
function ofNode(line) {
  const match = /^(?:ℹ|#) (pass|fail) (\d+)$/.exec(line.trimEnd());
  if (!match) return null;
  const amount = Number(match[2]);
  return match[1] === 'pass' ? { passed: amount, failed: 0 } : { passed: 0, failed: amount };
}
