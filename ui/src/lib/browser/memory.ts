/**
 * Reads what this browser remembers under a key. Storage can be switched off,
 * full or forbidden: the page works the same without it.
 */
export function recall(key: string, fallback: string): string {
  try {
    return localStorage.getItem(key) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a text in this browser, where that is possible. */
export function remember(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Nothing is lost but a convenience.
  }
}
