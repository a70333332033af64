/** From here on a count is shortened (`1.2M`), so that its place never grows. */
const SHORTEN_FROM = 1_000_000;

/** Below this a rate keeps one decimal: above, the decimal is only noise. */
const WHOLE_RATES_FROM = 100;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A count by the reader's locale: `31,204`. */
export function count(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(value);
}

/** A count for a meter, whose place is narrow: `31,204`, but `1.2M`. */
export function shortCount(value: number, locale?: string): string {
  if (value < SHORTEN_FROM) return count(value, locale);
  return new Intl.NumberFormat(locale, {
    notation: 'compact',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format(value);
}

/** Something per second: `0`, `0.4`, `99.5`, `1,204`. */
export function rate(perSecond: number, locale?: string): string {
  if (perSecond >= WHOLE_RATES_FROM) return shortCount(perSecond, locale);
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(perSecond);
}

/** A size in the unit that fits, in steps of 1,000: `21 B`, `1.4 kB`, `3.0 MB`. */
export function byteSize(bytes: number, locale?: string): string {
  let size = bytes;
  let unit = 0;
  // 999.95 would be rounded up to "1,000.0": that is one of the next unit.
  while (size >= (unit === 0 ? 1_000 : 999.95) && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : 1;
  const number = new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(size);
  return `${number} ${UNITS[unit] ?? ''}`;
}
