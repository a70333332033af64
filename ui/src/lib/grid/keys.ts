/** A cell of a grid, counted from 0. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** How large a grid is, and how many rows a page of it has. */
export interface Extent {
  readonly rows: number;
  readonly columns: number;
  readonly page: number;
}

/** What of a `KeyboardEvent` moves the cursor. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/**
 * Where a key takes the cursor of a data grid (WAI-ARIA Authoring Practices,
 * "Grid"), or `null` when the key is none of the grid's.
 */
export function cellAfterKey(cell: Cell, press: KeyPress, extent: Extent): Cell | null {
  if (press.altKey || press.metaKey) return null;
  const target = unclamped(cell, press, extent);
  return (
    target && {
      row: clamp(target.row, extent.rows - 1),
      column: clamp(target.column, extent.columns - 1),
    }
  );
}

function unclamped({ row, column }: Cell, press: KeyPress, extent: Extent): Cell | null {
  if (press.ctrlKey) {
    if (press.key === 'Home') return { row: 0, column: 0 };
    if (press.key === 'End') return { row: extent.rows - 1, column: extent.columns - 1 };
    return null;
  }
  switch (press.key) {
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowDown':
      return { row: row + 1, column };
    case 'ArrowLeft':
      return { row, column: column - 1 };
    case 'ArrowRight':
      return { row, column: column + 1 };
    case 'PageUp':
      return { row: row - extent.page, column };
    case 'PageDown':
      return { row: row + extent.page, column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: extent.columns - 1 };
    default:
      return null;
  }
}

function clamp(index: number, last: number): number {
  return Math.max(0, Math.min(index, last));
}
