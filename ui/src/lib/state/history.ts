import type { Traffic } from '../api/monitor';

/** How many seconds of traffic are kept. */
export const HISTORY_SECONDS = 60;

/** How busy the broker was in one second of its life. */
export interface Sample {
  /** Whole seconds since the start of the broker. */
  readonly second: number;
  readonly messages: number;
  readonly requests: number;
}

/**
 * The history with one more report put in: one sample a second, the latest
 * report of a second being the one that counts. A broker that began anew begins
 * a new history.
 */
export function addSample(history: readonly Sample[], traffic: Traffic): readonly Sample[] {
  const second = Math.floor(traffic.uptimeMs / 1_000);
  const oldest = second - HISTORY_SECONDS;
  const last = history.at(-1);
  const kept = last && last.second > second ? [] : history;
  return [
    ...kept.filter((sample) => sample.second !== second && sample.second > oldest),
    { second, messages: traffic.messagesPerSecond, requests: traffic.requestsPerSecond },
  ];
}
