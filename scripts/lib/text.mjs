// What numbers and tables look like on the terminal.

const ESCAPE_SEQUENCE =
  /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[()][A-Z0-9]/g;

/** The text without colours, cursor moves and links: what a log file keeps. */
export function withoutEscapes(text) {
  return text.replace(ESCAPE_SEQUENCE, '');
}

/** `850 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  // Rounded before the unit is chosen, or 59.96 s would read "60.0 s".
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `912 B`, `7.1 MiB`. */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${amount} B` : `${amount.toFixed(1)} ${units[unit]}`;
}

/** Rows of cells as lines: the first column left-aligned, the others right-aligned. */
export function table(rows) {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** `1 package`, `9 packages`. */
export function count(amount, noun) {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** The last lines of a text, without the empty ones at its end. */
export function lastLines(text, limit) {
  return text.trimEnd().split(/\r?\n/).slice(-limit);
}

/** A file name made from a title. */
export function slug(title) {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
