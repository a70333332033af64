import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import { clientRow, opening, runningStatus, topicRow, topicRows, traffic } from './test/frames';
import { FakeHost } from './test/host';
import {
  all,
  click,
  find,
  one,
  open,
  press,
  setHidden,
  shown,
  text,
  type,
  valueOf,
} from './test/page';

describe('the states of the broker', () => {
  test('before the first news', () => {
    open(new FakeHost());
    expect(text(document.body)).toContain('Connecting to the broker…');
    expect(find('state')).toBeUndefined();
  });

  test('running', () => {
    shown(new FakeHost(true), ...opening([topicRow('/a')], [clientRow('node-red')]));
    expect(text(one('state'))).toBe('Running');
    expect(text(one('address'))).toBe('http://192.168.1.20:33334');
    expect(text(one('messages-rate'))).toBe('12.4');
    expect(text(one('requests-rate'))).toBe('38');
    expect(text(one('clients-count'))).toBe('3');
    expect(text(one('topics-count'))).toBe('1');
    expect(text(one('uptime'))).toBe('12:07');
    expect(text(one('client-row'))).toContain('node-red');
  });

  test('draining: what was there stays, and nobody can stop it twice', () => {
    const host = shown(new FakeHost(true), ...opening([topicRow('/a')], [], { state: 'draining' }));
    expect(text(one('state'))).toBe('Draining');
    expect(all('topic-row')).toHaveLength(1);
    click(one('stop'));
    expect(host.requests).toEqual([]);
  });

  test('starting', () => {
    shown(new FakeHost(true), ...opening([], [], { state: 'starting', addresses: [] }));
    expect(text(one('state'))).toBe('Starting');
    expect(find('empty')).toBeUndefined();
    expect(find('start')).toBeUndefined();
  });

  test('stopped, in the window: it can be started', () => {
    const host = shown(new FakeHost(true), ...opening([], [], { state: 'stopped', addresses: [] }));
    expect(text(document.body)).toContain('The broker is stopped');
    expect(find('address')).toBeUndefined();
    click(one('start'));
    expect(host.requests).toEqual([{ name: 'start' }]);
  });

  test('stopped, in a browser: it cannot', () => {
    shown(new FakeHost(), ...opening([], [], { state: 'stopped', addresses: [] }));
    expect(text(document.body)).toContain('The broker was stopped');
    expect(find('start')).toBeUndefined();
  });

  const failed = {
    state: 'failed' as const,
    addresses: [],
    problem: { code: 'port_taken', what: 'Port 33334 is taken.', remedy: 'Free it and try again.' },
  };

  test('failed, in the window: what and what to do, and another attempt', () => {
    const host = shown(new FakeHost(true), ...opening([], [], failed));
    expect(text(one('problem'))).toContain('Port 33334 is taken.');
    expect(text(one('problem'))).toContain('Free it and try again.');
    click(one('retry'));
    expect(host.requests).toEqual([{ name: 'start' }]);
  });

  test('failed, in a browser: no attempt is offered', () => {
    shown(new FakeHost(), ...opening([], [], failed));
    expect(text(one('problem'))).toContain('Port 33334 is taken.');
    expect(find('retry')).toBeUndefined();
  });
});

describe('orders', () => {
  test('the window stops the broker and opens the browser', () => {
    const host = shown(new FakeHost(true), ...opening());
    click(one('open-in-browser'));
    click(one('stop'));
    expect(host.requests).toEqual([{ name: 'openInBrowser' }, { name: 'stop' }]);
  });

  test('a browser is offered neither', () => {
    shown(new FakeHost(), ...opening());
    expect(find('stop')).toBeUndefined();
    expect(find('open-in-browser')).toBeUndefined();
  });

  test('a refusal is shown in full until it is dismissed', async () => {
    const host = shown(new FakeHost(true), ...opening());
    host.answer = () => Promise.reject({ code: 'storage', detail: 'The disk is full.' });
    click(one('stop'));
    await vi.waitFor(() => expect(text(one('order-refusal'))).toContain('The disk is full.'));
    const dismiss = one('order-refusal').querySelector('button');
    if (dismiss) click(dismiss);
    expect(find('order-refusal')).toBeUndefined();
  });
});

describe('the connection', () => {
  test('lost: what was there is kept, and not called running', () => {
    const host = shown(new FakeHost(), ...opening([topicRow('/a')]));
    host.connection('lost');
    expect(text(one('connection-lost'))).toContain('Connection lost.');
    expect(text(one('state'))).toBe('Out of reach');
    expect(all('topic-row')).toHaveLength(1);

    host.connection('open');
    host.send(...opening([topicRow('/b')]));
    expect(find('connection-lost')).toBeUndefined();
    expect(all('topic-row').map((row) => row.dataset['topic'])).toEqual(['/b']);
  });

  test('lost before anything came', () => {
    const host = new FakeHost();
    open(host);
    host.connection('lost');
    expect(text(document.body)).toContain('The broker does not answer');
  });

  test('nothing runs while the page is hidden', () => {
    vi.useFakeTimers();
    try {
      const host = shown(new FakeHost(), ...opening());
      expect(host.streams).toBe(1);
      setHidden(true);
      expect(host.streams).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      setHidden(false);
      expect(host.streams).toBe(1);
    } finally {
      setHidden(false);
      vi.useRealTimers();
    }
  });
});

describe('topics', () => {
  test('none yet: the way to the first one, with the real address', () => {
    shown(new FakeHost(), ...opening());
    expect(text(one('empty'))).toContain(
      'curl http://192.168.1.20:33334/POST -d topic=/home/kitchen/temp -d message=21.5',
    );
  });

  test('a row shows the topic, its value, who set it and when', () => {
    shown(new FakeHost(), ...opening([topicRow('/home/kitchen/temp')]));
    const row = one('topic-row');
    expect(row.dataset['topic']).toBe('/home/kitchen/temp');
    expect(text(row)).toContain('/home/kitchen/temp');
    expect(text(one('topic-value'))).toBe('21.5');
    expect(text(one('topic-from'))).toBe('esp-kitchen');
    expect(text(one('topic-age'))).toBe('just now');
    expect(one('topic-age').querySelector('time')?.dateTime).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test('an empty value is called so, and one out of time does no harm', () => {
    shown(new FakeHost(), ...opening([topicRow('/a', { value: '', bytes: 0, changedAt: 9e15 })]));
    expect(text(one('topic-value'))).toBe('empty');
    expect(text(one('topic-age'))).toBe('unknown');
  });

  test('a change moves nothing', () => {
    const host = shown(
      new FakeHost(),
      ...opening(['/a', '/b', '/c'].map((name) => topicRow(name))),
    );
    const before = all('topic-row');
    host.send({ kind: 'changes', ...topicRows([topicRow('/b', { value: 'new' })], 3) });
    expect(all('topic-row')).toEqual(before);
    expect(all('topic-value').map(text)).toEqual(['21.5', 'new', '21.5']);
    expect(before.map((row) => row.querySelector('.flash') !== null)).toEqual([false, true, false]);
  });

  test('of thousands only those that can be seen are drawn, and the rest is told', () => {
    const rows = Array.from({ length: 2_000 }, (_, i) =>
      topicRow(`/t/${String(i).padStart(4, '0')}`),
    );
    const host = shown(new FakeHost(), ...opening());
    host.send({ kind: 'topics', ...topicRows(rows, 31_204) });
    expect(all('topic-row').length).toBeLessThan(100);
    expect(one('topic-grid').getAttribute('aria-rowcount')).toBe('2001');
    expect(text(one('topics-summary'))).toBe(
      `showing ${(2_000).toLocaleString()} of ${(31_204).toLocaleString()}`,
    );
  });

  test('the filter finds by name and publisher, and says when there is nothing', () => {
    shown(
      new FakeHost(),
      ...opening([
        topicRow('/home/door'),
        topicRow('/home/temp'),
        topicRow('/x', { from: 'Temp-3' }),
      ]),
    );
    type('search', 'temp');
    expect(all('topic-row').map((row) => row.dataset['topic'])).toEqual(['/home/temp', '/x']);
    type('search', 'nothing');
    expect(all('topic-row')).toEqual([]);
    expect(text(document.body)).toContain('No topic and no publisher contains “nothing”.');
    press(one('search'), 'Escape');
    expect(all('topic-row')).toHaveLength(3);
  });

  test('"/" goes to the filter, except where it is typed', () => {
    shown(new FakeHost(), ...opening());
    const topic = one('publish-topic');
    topic.focus();
    press(topic, '/');
    expect(document.activeElement).toBe(topic);
    topic.blur();
    press(document.body, '/');
    expect(document.activeElement).toBe(one('search'));
  });

  test('a click selects: the value is shown in full and the form is filled', () => {
    const host = shown(
      new FakeHost(),
      ...opening([topicRow('/a'), topicRow('/b', { value: 'two\nlines', truncated: true })]),
    );
    click(all('topic-row')[1] as HTMLElement);
    expect(valueOf('publish-topic')).toBe('/b');
    expect(one('topic-detail').querySelector('pre')?.textContent).toBe('two\nlines');
    expect(text(one('topic-detail'))).toContain('Only the beginning');
    expect(all('topic-row').map((row) => row.getAttribute('aria-selected'))).toEqual([
      'false',
      'true',
    ]);

    host.send({ kind: 'topics', ...topicRows([topicRow('/a')]) });
    expect(text(one('topic-detail'))).toContain('no longer in the list');
  });

  test('the keyboard does all of it', () => {
    shown(new FakeHost(), ...opening(['/a', '/b', '/c'].map((name) => topicRow(name))));
    const grid = one('topic-grid');
    const cursor = () => {
      const id = grid.getAttribute('aria-activedescendant') ?? '';
      return document.getElementById(id)?.closest<HTMLElement>('[role=row]')?.dataset['topic'];
    };
    grid.focus();
    flushSync();
    expect(cursor()).toBe('/a');
    press(grid, 'ArrowDown');
    press(grid, 'ArrowDown');
    press(grid, 'ArrowUp');
    expect(cursor()).toBe('/b');
    press(grid, 'Enter');
    expect(valueOf('publish-topic')).toBe('/b');
    press(grid, 'End', { ctrlKey: true });
    expect(cursor()).toBe('/c');
    press(grid, ' ');
    expect(valueOf('publish-topic')).toBe('/c');
  });
});

describe('clients', () => {
  test('none', () => {
    shown(new FakeHost(), ...opening());
    expect(text(one('no-clients'))).toContain('Nobody has subscribed.');
  });

  test('each with its name, address, filters and what waits', () => {
    const filters = Array.from({ length: 20 }, (_, i) => `/f/${i}`);
    shown(
      new FakeHost(),
      ...opening([], [clientRow('dashboard'), clientRow('tablet', { waiting: 7, filters })]),
    );
    const [first, second] = all('client-row');
    expect(text(first)).toContain('dashboard');
    expect(text(first)).toContain('192.168.1.9');
    expect(text(first)).toContain('0 waiting');
    expect(text(first)).toContain('/home/#');
    expect(text(second)).toContain('7 waiting');
    expect(text(second)).not.toContain('/f/19');
    const more = second?.querySelector('button');
    if (more) click(more);
    expect(text(second)).toContain('/f/19');
  });

  test('the meters say what the database takes', () => {
    shown(new FakeHost(), ...opening());
    expect(text(one('disk-used'))).toBe('3.4 MB');
    expect(one('disk-used').closest('.meter')?.getAttribute('title')).toBe(
      '4,321 messages in the log',
    );
  });

  test('a database that was repaired is told of while the broker runs', () => {
    const problem = {
      code: 'data_repaired',
      what: 'The database was damaged; a new one was begun.',
      remedy: 'The damaged one is kept as moustique.db.damaged-1.',
    };
    const host = shown(new FakeHost(), ...opening());
    expect(find('repaired')).toBeUndefined();
    host.send({ kind: 'status', ...runningStatus, problem });
    expect(text(one('repaired'))).toContain('was damaged');
    expect(text(one('repaired'))).toContain('moustique.db.damaged-1');
    expect(one('disk-used')).toBeDefined();
  });

  test('dropped messages stand out, and only they', () => {
    const host = shown(new FakeHost(), ...opening());
    expect(one('dropped-count').closest('.alarming')).toBeNull();
    host.send({ kind: 'traffic', ...traffic, droppedTotal: 3 });
    expect(one('dropped-count').closest('.alarming')).not.toBeNull();
  });
});
