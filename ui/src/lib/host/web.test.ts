import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Frame } from '../api/monitor';
import { opening } from '../../test/frames';
import { FIRST_RETRY_MS, LAST_RETRY_MS } from './backoff';
import type { Connection } from './host';
import { webHost } from './web';

const publish = { name: 'publish', payload: { topic: '/a', message: 'x', from: 'me' } } as const;

describe('rpc', () => {
  function answerWith(answer: Response | Error) {
    const fetched = vi.fn<typeof fetch>(() =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
    );
    vi.stubGlobal('fetch', fetched);
    return fetched;
  }

  afterEach(() => vi.unstubAllGlobals());

  test('posts the request as JSON to an address relative to the page', async () => {
    const fetched = answerWith(new Response(null, { status: 204 }));
    await expect(webHost().rpc(publish)).resolves.toBeUndefined();
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe('v1/monitor/rpc');
    expect(init?.method).toBe('POST');
    expect(init?.headers).toEqual({ 'Content-Type': 'application/json' });
    expect(JSON.parse(String(init?.body))).toEqual(publish);
  });

  test('hands over a JSON answer', async () => {
    answerWith(Response.json({ id: 7 }));
    await expect(webHost().rpc(publish)).resolves.toEqual({ id: 7 });
  });

  test('rejects with the refusal of the broker', async () => {
    const refusal = { code: 'invalid', detail: 'The topic is empty; give one.' };
    answerWith(Response.json(refusal, { status: 400 }));
    await expect(webHost().rpc(publish)).rejects.toEqual(refusal);
  });

  test.each([
    [
      'an error without a reason',
      new Response('<h1>Bad gateway</h1>', { status: 502 }),
      'unexpected',
      '502',
    ],
    ['an answer that is no JSON', new Response('hello', { status: 200 }), 'malformed', '200'],
    ['no network', new TypeError('Failed to fetch'), 'unreachable', 'does not answer'],
    ['no answer in time', new DOMException('', 'TimeoutError'), 'timeout', '15 seconds'],
  ])('rejects with a refusal after %s', async (_, answer, code, detail) => {
    answerWith(answer);
    await expect(webHost().rpc(publish)).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(detail) as string,
    });
  });
});

describe('login', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('names the password to an address relative to the page', async () => {
    const fetched = vi.fn<typeof fetch>(() => Promise.resolve(new Response(null, { status: 204 })));
    vi.stubGlobal('fetch', fetched);
    await expect(webHost().login('secret')).resolves.toBeUndefined();
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe('v1/login');
    expect(JSON.parse(String(init?.body))).toEqual({ password: 'secret' });
  });

  test.each([
    [401, {}, 'locked', 'not right'],
    [404, {}, 'no_password', 'Reload the page'],
    [429, { 'Retry-After': '7' }, 'too_many_tries', 'in 7 seconds'],
    [503, {}, 'unexpected', '503'],
  ])('rejects with a refusal after status %i', async (status, headers, code, detail) => {
    const answer = new Response('Access denied: x', { status, headers });
    vi.stubGlobal('fetch', () => Promise.resolve(answer));
    await expect(webHost().login('guess')).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(detail) as string,
    });
  });
});

describe('a session', () => {
  afterEach(() => vi.unstubAllGlobals());

  test.each([
    [new Response(null, { status: 204, headers: { 'Moustique-Session': 'open' } }), true],
    [new Response(null, { status: 204 }), false],
    [new Response('Access denied: x', { status: 401 }), false],
    [new TypeError('Failed to fetch'), false],
  ])('is in use when the broker says so', async (answer, expected) => {
    const fetched = vi.fn<typeof fetch>(() =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
    );
    vi.stubGlobal('fetch', fetched);
    await expect(webHost().hasSession()).resolves.toBe(expected);
    expect(fetched.mock.calls[0]?.[0]).toBe('v1/session');
  });

  test('is ended at an address relative to the page, or the reason is told', async () => {
    const fetched = vi.fn<typeof fetch>(() => Promise.resolve(new Response(null, { status: 204 })));
    vi.stubGlobal('fetch', fetched);
    await expect(webHost().logout()).resolves.toBeUndefined();
    expect(fetched.mock.calls[0]?.[0]).toBe('v1/logout');
    expect(fetched.mock.calls[0]?.[1]?.method).toBe('POST');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(webHost().logout()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('subscribe', () => {
  class FakeEventSource {
    static readonly CLOSED = 2;
    static opened: FakeEventSource[] = [];

    readyState = 0;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string }) => void) | null = null;
    onerror: (() => void) | null = null;

    constructor(readonly url: string) {
      FakeEventSource.opened.push(this);
    }

    close() {
      this.readyState = FakeEventSource.CLOSED;
    }

    /** The connection broke, and the browser is about to restore it or has given up. */
    fail(readyState: 0 | 2) {
      this.readyState = readyState;
      this.onerror?.();
    }
  }

  const opened = () => FakeEventSource.opened;
  const latest = () => FakeEventSource.opened.at(-1) as FakeEventSource;

  function subscribed() {
    const frames: Frame[] = [];
    const connections: Connection[] = [];
    const close = webHost().subscribe(
      (frame) => frames.push(frame),
      (connection) => connections.push(connection),
    );
    return { frames, connections, close };
  }

  beforeEach(() => {
    vi.useFakeTimers();
    FakeEventSource.opened = [];
    vi.stubGlobal('EventSource', FakeEventSource);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 204 })));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('hands over the frames of each message one by one, in order', () => {
    const { frames, connections } = subscribed();
    expect(latest().url).toBe('v1/monitor/stream');
    latest().onopen?.();
    latest().onmessage?.({ data: JSON.stringify(opening()) });
    latest().onmessage?.({ data: '[]' });
    expect(frames.map((frame) => frame.kind)).toEqual(['status', 'topics', 'clients', 'traffic']);
    expect(connections).toEqual(['connecting', 'open']);
  });

  test('leaves it to the browser to restore a broken connection', () => {
    const { connections } = subscribed();
    latest().onopen?.();
    latest().fail(0);
    vi.advanceTimersByTime(60_000);
    expect(opened()).toHaveLength(1);
    latest().onopen?.();
    expect(connections).toEqual(['connecting', 'open', 'lost', 'open']);
  });

  test('opens a new stream when the browser gave up, waiting longer each time', () => {
    const { connections } = subscribed();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const before = opened().length;
      latest().fail(2);
      let waited = 0;
      while (opened().length === before && waited < 60_000) {
        vi.advanceTimersByTime(100);
        waited += 100;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([FIRST_RETRY_MS, 1_000, 2_000, 4_000, LAST_RETRY_MS, LAST_RETRY_MS]);
    expect(connections.slice(0, 2)).toEqual(['connecting', 'lost']);

    latest().onopen?.();
    latest().fail(2);
    vi.advanceTimersByTime(FIRST_RETRY_MS);
    expect(opened()).toHaveLength(8);
  });

  test.each(['{"kind":', '{"kind":"status"}', 'null'])(
    'begins anew after a message that it cannot read: %s',
    (data) => {
      const { frames, connections } = subscribed();
      latest().onopen?.();
      const broken = latest();
      broken.onmessage?.({ data });
      expect(broken.readyState).toBe(FakeEventSource.CLOSED);
      expect(connections.at(-1)).toBe('lost');
      vi.advanceTimersByTime(FIRST_RETRY_MS);
      expect(opened()).toHaveLength(2);
      expect(frames).toEqual([]);
    },
  );

  test('refused for want of a password, it tries nothing until that was named', async () => {
    const asked = vi.fn<typeof fetch>(() => Promise.resolve(new Response('', { status: 401 })));
    vi.stubGlobal('fetch', asked);
    const host = webHost();
    const connections: Connection[] = [];
    host.subscribe(
      () => undefined,
      (connection) => connections.push(connection),
    );
    latest().fail(2);
    await vi.waitFor(() => expect(connections.at(-1)).toBe('locked'));
    expect(asked.mock.calls[0]?.[0]).toBe('v1/session');
    vi.advanceTimersByTime(60_000);
    expect(opened()).toHaveLength(1);

    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 204 })));
    await host.login('secret');
    expect(opened()).toHaveLength(2);
    latest().onopen?.();
    expect(connections.slice(-2)).toEqual(['connecting', 'open']);

    // A session that is over shows itself with the next request.
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 401 })));
    await expect(host.rpc(publish)).rejects.toMatchObject({ code: 'locked' });
    expect(connections.at(-1)).toBe('locked');
    expect(latest().readyState).toBe(FakeEventSource.CLOSED);
  });

  test('closed, it holds nothing and tries nothing', () => {
    const first = subscribed();
    first.close();
    expect(latest().readyState).toBe(FakeEventSource.CLOSED);

    const second = subscribed();
    latest().fail(2);
    second.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
