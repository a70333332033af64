import { flushSync, mount, tick, unmount } from 'svelte';
import { onTestFinished } from 'vitest';
import App from '../App.svelte';
import type { Frame } from '../lib/api/monitor';
import type { Host } from '../lib/host/host';
import type { Route } from '../lib/navigation/route';
import { routes as allRoutes } from '../lib/routes';
import type { FakeHost } from './host';

/** Shows the whole page with a host, until the test is over. */
export function open(host: Host, routes: readonly Route[] = allRoutes): void {
  const page = mount(App, { target: document.body, props: { host, routes } });
  flushSync();
  onTestFinished(async () => {
    await unmount(page);
    document.body.replaceChildren();
    localStorage.clear();
    location.hash = '';
  });
}

/** Goes to another page, as a link or the button "back" does. */
export async function visit(hash: string): Promise<void> {
  const arrived = new Promise((resolve) =>
    window.addEventListener('hashchange', resolve, { once: true }),
  );
  location.hash = hash;
  await arrived;
  // The page draws what is there, then moves the focus.
  await tick();
  await tick();
}

/** Shows the page with an open stream that began with these frames. */
export function shown(host: FakeHost, ...frames: Frame[]): FakeHost {
  open(host);
  host.connection('open');
  host.send(...frames);
  return host;
}

/** All elements with a hook. */
export function all(testid: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
}

/** The element with a hook, unless it is not shown. */
export function find(testid: string): HTMLElement | undefined {
  return all(testid)[0];
}

/** The only element with a hook. */
export function one(testid: string): HTMLElement {
  const [element, ...others] = all(testid);
  if (!element || others.length > 0) {
    throw new Error(`expected one element "${testid}", there are ${all(testid).length}`);
  }
  return element;
}

/** What an element says, as a reader sees it. */
export function text(element: Element | undefined): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** Types into a field. */
export function type(testid: string, value: string): void {
  const field = one(testid) as HTMLInputElement | HTMLTextAreaElement;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}

/** What a field holds. */
export function valueOf(testid: string): string {
  return (one(testid) as HTMLInputElement | HTMLTextAreaElement).value;
}

export function click(element: HTMLElement): void {
  element.click();
  flushSync();
}

export function press(element: HTMLElement, key: string, init: KeyboardEventInit = {}): void {
  element.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }),
  );
  flushSync();
}

/** Hides or shows the page, as the browser does. */
export function setHidden(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
  flushSync();
}
