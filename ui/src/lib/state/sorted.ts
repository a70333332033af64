/** Something that stands in a list under a topic. */
export interface Named {
  readonly topic: string;
}

/**
 * Compares two names by code point. That is the order of the broker, which
 * compares UTF-8; JavaScript's own `<` compares UTF-16 and puts characters
 * beyond U+FFFF before some below.
 */
export function compareNames(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return inCodePointOrder(left) - inCodePointOrder(right);
  }
  return a.length - b.length;
}

/** Moves surrogates (the halves of what lies beyond U+FFFF) behind all other units. */
function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Where a name stands in a sorted list, or would have to be put. */
export function placeOf(rows: readonly Named[], topic: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && compareNames(row.topic, topic) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of a name in a sorted list. */
export function rowOf<T extends Named>(rows: readonly T[], topic: string): T | undefined {
  const row = rows[placeOf(rows, topic)];
  return row?.topic === topic ? row : undefined;
}

/**
 * A sorted list with changed rows put in: a known name is replaced in place,
 * a new one inserted. Of more than `limit` rows the first stay, as they do in
 * the list of the broker.
 */
export function mergeRows<T extends Named>(
  rows: readonly T[],
  changes: readonly T[],
  limit: number,
): readonly T[] {
  const merged = [...rows];
  for (const change of changes) {
    const place = placeOf(merged, change.topic);
    const known = merged[place]?.topic === change.topic;
    merged.splice(place, known ? 1 : 0, change);
  }
  return merged.length > limit ? merged.slice(0, limit) : merged;
}
