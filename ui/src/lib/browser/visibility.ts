/**
 * Runs something only while the page can be seen: `begin` is called at once if
 * it is, and again each time it comes back; what `begin` returns is called each
 * time the page is hidden. Returns the function that ends it all.
 */
export function whileVisible(begin: () => () => void): () => void {
  let end: (() => void) | undefined;

  const follow = () => {
    if (document.hidden) {
      end?.();
      end = undefined;
    } else {
      end ??= begin();
    }
  };

  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    end?.();
    end = undefined;
  };
}
