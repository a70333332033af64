/** Milliseconds between two ticks: ages are shown to the second. */
export const TICK_MS = 1_000;

/** The time that all ages on the page are told by, so that they tick together. */
class Clock {
  now = $state(Date.now());

  /** Lets it tick, and returns the function that halts it. */
  run(): () => void {
    this.now = Date.now();
    const ticking = setInterval(() => (this.now = Date.now()), TICK_MS);
    return () => clearInterval(ticking);
  }
}

export const clock = new Clock();
