/** A topic in two parts: what leads to its last level, and that level. */
export interface TopicParts {
  readonly parents: string;
  readonly leaf: string;
}

/**
 * Splits a topic before its last level: `/home/kitchen/` and `temp`. Of a
 * topic that does not fit, the last level is the part to keep.
 */
export function topicParts(topic: string): TopicParts {
  const cut = topic.slice(0, -1).lastIndexOf('/') + 1;
  return { parents: topic.slice(0, cut), leaf: topic.slice(cut) };
}

/**
 * The topics in which every word of a search occurs, in the name or in who
 * published, whatever the case. Order is kept.
 */
export function searchTopics<T extends { topic: string; from: string }>(
  rows: readonly T[],
  search: string,
): readonly T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = `${row.topic}\n${row.from}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
