import { describe, expect, test } from 'vitest';
import type { Component } from 'svelte';
import type { ViewProps } from '../views/props';
import { listed, placeAt, type Route } from './route';

const view = (() => ({})) as unknown as Component<ViewProps>;
const route = (path: string, more: Partial<Route> = {}): Route => ({
  path,
  title: path,
  view,
  needsBroker: true,
  fills: false,
  ...more,
});

const routes = [
  route('/'),
  route('/connect'),
  route('/settings', { needs: 'control' }),
  route('/topics/*'),
];
const browser = { control: false, openInBrowser: false };
const window = { control: true, openInBrowser: true };

describe('an address', () => {
  test.each([
    ['', '/', ''],
    ['#', '/', ''],
    ['#/', '/', ''],
    ['#/connect', '/connect', ''],
    ['#/topics/home/kitchen', '/topics/*', 'home/kitchen'],
    ['#/topics/%2Fhome%2Fk%C3%BCche%23%3F', '/topics/*', '/home/küche#?'],
    ['#/topics/', '/topics/*', ''],
  ])('%j leads to the page %j with %j', (hash, path, rest) => {
    const place = placeAt(hash, routes, browser);
    expect(place).toMatchObject({ kind: 'page', rest, route: { path } });
  });

  test.each([
    '#/connect/',
    '#/Connect',
    '#connect',
    '#main',
    '#/topics',
    '#/topics/%',
    '#/topics/%ff',
    '#//',
    '#/__proto__',
  ])('%j leads nowhere', (hash) => {
    expect(placeAt(hash, routes, browser)).toEqual({ kind: 'unknown', path: hash.slice(1) });
  });

  test('of a page of the window leads there in the window alone', () => {
    expect(placeAt('#/settings', routes, window).kind).toBe('page');
    expect(placeAt('#/settings', routes, browser)).toEqual({
      kind: 'elsewhere',
      route: routes[2],
    });
  });
});

test('the navigation lists what can be gone to without more', () => {
  const paths = (capabilities: typeof window) =>
    listed(routes, capabilities).map(({ path }) => path);
  expect(paths(window)).toEqual(['/', '/connect', '/settings']);
  expect(paths(browser)).toEqual(['/', '/connect']);
});
