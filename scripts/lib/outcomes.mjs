// What became of a step of a test run.

/** Runs it; a failure is an outcome too. */
export async function outcomeOf(title, run) {
  const began = performance.now();
  try {
    const output = await run();
    return { title, output, milliseconds: performance.now() - began };
  } catch (failure) {
    return { title, output: failure.output, milliseconds: performance.now() - began, failure };
  }
}
