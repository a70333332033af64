/** Rows drawn beyond both edges, so that scrolling meets no gap. */
const OVERSCAN = 8;

/**
 * What is assumed of a list that has not been measured yet, pixels: enough to
 * fill a screen, so that the first picture is whole.
 */
const UNMEASURED_VIEWPORT = 900;
const UNMEASURED_ROW = 32;

/** The rows of a long list that are worth drawing: `first` up to before `end`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

/** Which of `rows` rows of one height are seen through a scrolled viewport. All in pixels. */
export function rowWindow(
  scrollTop: number,
  viewport: number,
  rowHeight: number,
  rows: number,
): RowWindow {
  const height = rowHeight || UNMEASURED_ROW;
  const seen = viewport || UNMEASURED_VIEWPORT;
  const first = Math.floor(scrollTop / height) - OVERSCAN;
  const end = Math.ceil((scrollTop + seen) / height) + OVERSCAN;
  return {
    first: Math.min(Math.max(first, 0), rows),
    end: Math.min(Math.max(end, 0), rows),
  };
}

/** How far to scroll so that a row is wholly seen, moving as little as possible. */
export function scrollTopFor(
  row: number,
  scrollTop: number,
  viewport: number,
  rowHeight: number,
): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - viewport);
}
