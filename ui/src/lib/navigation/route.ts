import type { Component } from 'svelte';
import type { Capabilities } from '../host/host';
import type { ViewProps } from '../views/props';

/** A page of the user interface. */
export interface Route {
  /** What follows `#` in the address. One that ends with `/*` takes any rest. */
  readonly path: string;
  /** The main heading, the name in the navigation and in the title of the document. */
  readonly title: string;
  readonly view: Component<ViewProps>;
  /** What the surroundings must allow; a browser is not offered the page otherwise. */
  readonly needs?: keyof Capabilities;
  /** Whether a notice stands in its place while the broker does not run. */
  readonly needsBroker: boolean;
  /**
   * Whether it fills the window, scrolls its lists itself, and leaves no room
   * for its heading, which is then there for readers of the screen alone.
   */
  readonly fills: boolean;
}

/** Where an address leads. */
export type Place =
  | {
      readonly kind: 'page';
      readonly route: Route;
      /** What the address has in the place of `*`, decoded. */
      readonly rest: string;
    }
  | { readonly kind: 'elsewhere'; readonly route: Route }
  | { readonly kind: 'unknown'; readonly path: string };

const ANY_REST = '/*';

/** The place that the part of an address from `#` on names. */
export function placeAt(hash: string, routes: readonly Route[], capabilities: Capabilities): Place {
  const path = hash.replace(/^#/, '') || '/';
  for (const route of routes) {
    const rest = restOf(path, route.path);
    if (rest === null) continue;
    return allowed(route, capabilities)
      ? { kind: 'page', route, rest }
      : { kind: 'elsewhere', route };
  }
  return { kind: 'unknown', path };
}

/** The pages that the navigation lists: those that are allowed and need no rest. */
export function listed(routes: readonly Route[], capabilities: Capabilities): readonly Route[] {
  return routes.filter((route) => !route.path.endsWith(ANY_REST) && allowed(route, capabilities));
}

function allowed(route: Route, capabilities: Capabilities): boolean {
  return route.needs === undefined || capabilities[route.needs];
}

/** What a path has more than that of a route, or `null` when it is another's. */
function restOf(path: string, pattern: string): string | null {
  if (path === pattern) return '';
  if (!pattern.endsWith(ANY_REST)) return null;
  const stem = pattern.slice(0, -1);
  return path.startsWith(stem) ? decoded(path.slice(stem.length)) : null;
}

function decoded(rest: string): string | null {
  try {
    return decodeURIComponent(rest);
  } catch {
    return null;
  }
}
