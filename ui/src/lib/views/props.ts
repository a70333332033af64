import type { Host } from '../host/host';
import type { Drafts } from '../state/drafts.svelte';
import type { Monitor } from '../state/monitor.svelte';

/** What every page is given. */
export interface ViewProps {
  readonly host: Host;
  readonly monitor: Monitor;
  /** What was typed and chosen: it outlasts a visit to another page. */
  readonly drafts: Drafts;
  /** What the address has in the place of the `*` of the route. */
  readonly rest: string;
}
