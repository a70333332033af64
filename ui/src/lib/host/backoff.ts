/** Wait before the first attempt to reconnect, milliseconds; doubles each time. */
export const FIRST_RETRY_MS = 500;

/** Longest wait between two attempts to reconnect, milliseconds. */
export const LAST_RETRY_MS = 5_000;

/** The growing waits between attempts to reach the broker again. */
export class Backoff {
  #delay = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Makes one attempt after the next wait. */
  retry(attempt: () => void): void {
    this.cancel();
    this.#timer = setTimeout(attempt, this.#delay);
    this.#delay = Math.min(this.#delay * 2, LAST_RETRY_MS);
  }

  /** An attempt succeeded: the next wait is the first one again. */
  reset(): void {
    this.#delay = FIRST_RETRY_MS;
  }

  /** Calls off an attempt that is waiting. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
