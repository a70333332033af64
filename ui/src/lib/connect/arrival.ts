import type { ShownTopic } from '../state/monitor.svelte';
import { rowOf } from '../state/sorted';

/** A message that was published from here. */
export interface Sent {
  readonly topic: string;
  readonly message: string;
  /** When, on the clock of `performance.now()`. */
  readonly at: number;
}

/**
 * The row that shows that a message arrived: that of its topic, when it changed
 * since then and holds this message. `undefined` while there is none; a topic
 * beyond those that are held never has one.
 */
export function arrivalOf(sent: Sent, topics: readonly ShownTopic[]): ShownTopic | undefined {
  const row = rowOf(topics, sent.topic);
  if (!row || row.arrivedAt === null || row.arrivedAt < sent.at) return undefined;
  const same = row.truncated ? sent.message.startsWith(row.value) : sent.message === row.value;
  return same ? row : undefined;
}
