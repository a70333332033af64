import type { Frame, Refusal, Request } from '../api/monitor';
import { Backoff } from './backoff';
import type { Connection, Host } from './host';
import { isRefusal } from './refusal';

/** Where requests go, relative to the page, which may lie under a sub-path. */
const RPC_URL = 'v1/monitor/rpc';

/** Where frames come from, relative to the page. */
const STREAM_URL = 'v1/monitor/stream';

/** Whether the broker lets this page in, relative to the page. */
const SESSION_URL = 'v1/session';

/** Where the password is named, relative to the page. */
const LOGIN_URL = 'v1/login';

/** Where the session is ended, relative to the page. */
const LOGOUT_URL = 'v1/logout';

/** How often the broker is asked for it when there is no answer. */
const SESSION_TRIES = 3;

/** The header that says whether it is a session that lets the page in. */
const SESSION_HEADER = 'Moustique-Session';

/** Longest wait for the answer to a request, milliseconds. */
export const RPC_TIMEOUT_MS = 15_000;

/** The broker as a browser reaches it: over HTTP, from the page it served. */
export function webHost(): Host {
  const streams = new Set<Stream>();

  /** Nothing is asked any more until the password was named. */
  const lock = () => streams.forEach((stream) => stream.lock());

  return {
    capabilities: { control: false, openInBrowser: false },

    async rpc<R>(request: Request): Promise<R> {
      const response = await post(RPC_URL, request);
      if (response.status !== 401) return answerOf<R>(response);
      lock();
      throw { code: 'locked', detail: 'The broker wants its password first.' } satisfies Refusal;
    },

    async login(password) {
      const response = await post(LOGIN_URL, { password });
      const refusal = refusalOfLogin(response);
      if (refusal) throw refusal;
      await answerOf(response);
      streams.forEach((stream) => stream.unlock());
    },

    async hasSession() {
      // The broker answers others of this page, so it will answer this, too.
      for (let tries = 0; tries < SESSION_TRIES; tries += 1) {
        const signal = AbortSignal.timeout(RPC_TIMEOUT_MS);
        const answer = await fetch(SESSION_URL, { signal }).catch(() => null);
        if (answer) return answer.headers.get(SESSION_HEADER) === 'open';
      }
      return false;
    },

    async logout() {
      await answerOf(await post(LOGOUT_URL, {}));
      lock();
    },

    subscribe(onFrame, onConnection) {
      const stream = new Stream(onFrame, onConnection);
      streams.add(stream);
      return () => {
        streams.delete(stream);
        stream.close();
      };
    },

    /** A browser closes its tabs by itself, and the broker goes on. */
    onCloseAsked: () => () => undefined,
  };
}

async function post(url: string, body: unknown): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
    });
  } catch (thrown) {
    throw unreachable(thrown);
  }
}

async function answerOf<R>(response: Response): Promise<R> {
  if (!response.ok) throw await refusalOf(response);
  // An order is answered with no content: there is nothing to read.
  if (response.status === 204) return undefined as R;
  try {
    return (await response.json()) as R;
  } catch {
    throw {
      code: 'malformed',
      detail: `The broker answered with status ${response.status} and something other than JSON. Reload the page.`,
    } satisfies Refusal;
  }
}

/** What the status of a login says. */
const LOGIN_REFUSALS: Readonly<Partial<Record<number, Refusal>>> = {
  401: { code: 'locked', detail: 'The password is not right.' },
  404: { code: 'no_password', detail: 'The broker has no password any more. Reload the page.' },
  429: { code: 'too_many_tries', detail: 'A wrong password was given too often.' },
};

function refusalOfLogin(response: Response): Refusal | undefined {
  const refusal = LOGIN_REFUSALS[response.status];
  const wait = response.headers.get('Retry-After');
  if (!refusal || !wait) return refusal;
  return { ...refusal, detail: `${refusal.detail} Try again in ${wait} seconds.` };
}

function unreachable(thrown: unknown): Refusal {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return {
      code: 'timeout',
      detail: `The broker did not answer within ${RPC_TIMEOUT_MS / 1000} seconds. It may still have carried the request out.`,
    };
  }
  return {
    code: 'unreachable',
    detail: 'The broker does not answer. Check that it runs and that the network is up.',
  };
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => null);
  if (isRefusal(body)) return body;
  return {
    code: 'unexpected',
    detail: `The broker answered with status ${response.status} and gave no reason.`,
  };
}

/** A stream of frames that is opened anew for as long as nobody closes it. */
class Stream {
  readonly #backoff = new Backoff();
  readonly #onFrame: (frame: Frame) => void;
  readonly #onConnection: (connection: Connection) => void;
  #source: EventSource | undefined;
  #asking: AbortController | undefined;

  constructor(onFrame: (frame: Frame) => void, onConnection: (connection: Connection) => void) {
    this.#onFrame = onFrame;
    this.#onConnection = onConnection;
    onConnection('connecting');
    this.#open();
  }

  close(): void {
    this.#backoff.cancel();
    this.#asking?.abort();
    this.#source?.close();
  }

  lock(): void {
    this.close();
    this.#onConnection('locked');
  }

  unlock(): void {
    this.close();
    this.#backoff.reset();
    this.#onConnection('connecting');
    this.#open();
  }

  #open(): void {
    const opened = new EventSource(STREAM_URL);
    this.#source = opened;
    opened.onopen = () => {
      this.#backoff.reset();
      this.#onConnection('open');
    };
    opened.onmessage = (event: MessageEvent<string>) => {
      const frames = parseFrames(event.data);
      // A message that cannot be read leaves a hole in what is shown; a new
      // stream begins with everything.
      if (frames) frames.forEach(this.#onFrame);
      else this.#reopenLater();
    };
    opened.onerror = () => {
      // The browser reconnects by itself after a broken connection, but gives
      // up for good after an answer that is not a stream.
      if (opened.readyState === EventSource.CLOSED) void this.#askWhy();
      else this.#onConnection('lost');
    };
  }

  /** A stream does not tell with which status it was refused. */
  async #askWhy(): Promise<void> {
    this.#reopenLater();
    const asking = new AbortController();
    this.#asking = asking;
    const answer = await fetch(SESSION_URL, { signal: asking.signal }).catch(() => null);
    if (!asking.signal.aborted && answer?.status === 401) this.lock();
  }

  #reopenLater(): void {
    this.#asking?.abort();
    this.#source?.close();
    this.#onConnection('lost');
    this.#backoff.retry(() => this.#open());
  }
}

function parseFrames(data: string): Frame[] | null {
  try {
    const frames: unknown = JSON.parse(data);
    return Array.isArray(frames) ? (frames as Frame[]) : null;
  } catch {
    return null;
  }
}
