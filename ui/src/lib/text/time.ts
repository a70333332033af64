const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ages below this are "just now": the clock ticks once a second. */
const JUST_NOW = 2 * SECOND;

/** Furthest moment from 1970 that a `Date` can hold, milliseconds. */
const LAST_MOMENT = 8.64e15;

/**
 * How long ago a moment was, in one unit: `just now`, `12 s`, `3 min`, `2 h`,
 * `5 d`. A moment in the future, from a clock that runs ahead, is `just now`.
 * Both are milliseconds since 1970-01-01 UTC.
 */
export function age(moment: number, now: number): string {
  const elapsed = now - moment;
  if (elapsed < JUST_NOW) return 'just now';
  if (elapsed < MINUTE) return `${Math.floor(elapsed / SECOND)} s`;
  if (elapsed < HOUR) return `${Math.floor(elapsed / MINUTE)} min`;
  if (elapsed < DAY) return `${Math.floor(elapsed / HOUR)} h`;
  return `${Math.floor(elapsed / DAY)} d`;
}

/** Whether a number of milliseconds since 1970 is a moment at all. */
export function isMoment(moment: number): boolean {
  return Math.abs(moment) <= LAST_MOMENT;
}

/** A moment for machines: ISO 8601 in UTC. */
export function isoMoment(moment: number): string {
  return new Date(moment).toISOString();
}

/** A moment for people: date and time to the second, by the reader's locale. */
export function exactMoment(moment: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    moment,
  );
}

/** The day of a moment for people, by the reader's locale. */
export function calendarDay(moment: number, locale?: string): string {
  if (!isMoment(moment)) return 'a day that no calendar has';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(moment);
}

/**
 * A length of time on a clock face, to the second: `0:07`, `12:07`, `5:12:07`;
 * from the first day on in words, to the hour: `3 d 5 h`.
 */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = `${pad(minutes)}:${pad(seconds % 60)}`;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours}:${tail}`;
  return `${minutes}:${pad(seconds % 60)}`;
}

function pad(part: number): string {
  return String(part).padStart(2, '0');
}
