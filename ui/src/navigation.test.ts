import { describe, expect, test } from 'vitest';
import { routes } from './lib/routes';
import { opening, topicRow } from './test/frames';
import { FakeHost } from './test/host';
import { all, click, find, one, open, shown, text, type, valueOf, visit } from './test/page';
import PlainView from './test/PlainView.svelte';

const links = () => all('page-link') as HTMLAnchorElement[];
const current = () => links().find((link) => link.getAttribute('aria-current') === 'page');

describe('the navigation', () => {
  test('leads to each page, and says which one is shown', async () => {
    shown(new FakeHost(), ...opening([topicRow('/a')]));
    expect(links().map((link) => [text(link), link.getAttribute('href')])).toEqual([
      ['Monitor', '#/'],
      ['Connect', '#/connect'],
    ]);
    expect(text(current())).toBe('Monitor');
    expect(document.title).toBe('Monitor · Moustique');

    await visit('#/connect');
    expect(text(current())).toBe('Connect');
    expect(document.title).toBe('Connect · Moustique');
    expect(text(one('page-title'))).toBe('Connect');
    expect(find('topic-row')).toBeUndefined();

    await visit('#/');
    expect(text(current())).toBe('Monitor');
    expect(all('topic-row')).toHaveLength(1);
  });

  test('moves the focus to the heading of the page it led to, and not at the start', async () => {
    shown(new FakeHost(), ...opening());
    expect(document.activeElement).toBe(document.body);
    await visit('#/connect');
    expect(document.activeElement).toBe(one('page-title'));
  });

  test('a page that is left keeps what was typed and chosen', async () => {
    shown(new FakeHost(), ...opening([topicRow('/a'), topicRow('/b')]));
    click(all('topic-row')[1] as HTMLElement);
    type('publish-message', 'half a sentence');
    type('publish-from', 'me');
    type('search', 'b');
    await visit('#/connect');
    await visit('#/');
    expect(valueOf('publish-topic')).toBe('/b');
    expect(valueOf('publish-message')).toBe('half a sentence');
    expect(valueOf('publish-from')).toBe('me');
    expect(valueOf('search')).toBe('b');
    expect(text(one('topic-detail'))).toContain('/b');
  });

  test('the way past it does not change the address', () => {
    shown(new FakeHost(), ...opening());
    const skip = document.querySelector<HTMLElement>('.skip');
    if (skip) click(skip);
    expect(location.hash).toBe('');
    expect(document.activeElement?.id).toBe('main');
  });
});

describe('an address that leads nowhere', () => {
  test('is shown as it is, with a way home', async () => {
    location.hash = '#/conect/<b>';
    shown(new FakeHost(), ...opening());
    expect(document.title).toBe('No such page · Moustique');
    expect(text(one('no-such-page'))).toContain('There is no page at this address');
    expect(decodeURIComponent(text(one('no-such-page')))).toContain('#/conect/<b>');
    expect(current()).toBeUndefined();
    expect(one('home').getAttribute('href')).toBe('#/');
    await visit('#/');
    expect(find('no-such-page')).toBeUndefined();
  });
});

describe('a page that needs no broker', () => {
  const table = [
    ...routes,
    {
      path: '/plain/*',
      title: 'Plain',
      view: PlainView,
      needsBroker: false,
      fills: false,
      needs: 'control' as const,
    },
  ];

  test('is there while the broker is stopped, and the others say so', async () => {
    const host = new FakeHost(true);
    location.hash = '#/plain/rest';
    open(host, table);
    host.connection('open');
    host.send(...opening([], [], { state: 'stopped', addresses: [] }));
    expect(text(one('plain'))).toBe('rest stopped');
    expect(find('start')).toBeUndefined();
    await visit('#/connect');
    expect(find('start')).toBeDefined();
  });

  test('is not for those who have not logged in', async () => {
    const host = new FakeHost(true);
    location.hash = '#/plain/rest';
    open(host, table);
    host.connection('locked');
    expect(find('plain')).toBeUndefined();
    await visit('#/plain/other');
    expect(document.activeElement).toBe(one('login-password'));
  });

  test('says in a browser that it is in the window, where it needs that', () => {
    location.hash = '#/plain/rest';
    open(new FakeHost(), table);
    expect(text(one('no-such-page'))).toContain('Plain is not shown in a browser');
  });
});
