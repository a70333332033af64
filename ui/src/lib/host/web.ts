import type { Frame, Refusal, Request } from '../api/monitor';
import { Backoff } from './backoff';
import type { Host } from './host';
import { isRefusal } from './refusal';

/** Where requests go, relative to the page, which may lie under a sub-path. */
const RPC_URL = 'v1/monitor/rpc';

/** Where frames come from, relative to the page. */
const STREAM_URL = 'v1/monitor/stream';

/** Longest wait for the answer to a request, milliseconds. */
export const RPC_TIMEOUT_MS = 15_000;

/** The broker as a browser reaches it: over HTTP, from the page it served. */
export function webHost(): Host {
  return { capabilities: { control: false, openInBrowser: false }, rpc, subscribe };
}

async function rpc<R>(request: Request): Promise<R> {
  let response: Response;
  try {
    response = await fetch(RPC_URL, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
    });
  } catch (thrown) {
    throw unreachable(thrown);
  }
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

const subscribe: Host['subscribe'] = (onFrame, onConnection) => {
  const backoff = new Backoff();
  let source: EventSource | undefined;

  const reopenLater = () => {
    source?.close();
    onConnection('lost');
    backoff.retry(open);
  };

  const open = () => {
    const opened = new EventSource(STREAM_URL);
    source = opened;
    opened.onopen = () => {
      backoff.reset();
      onConnection('open');
    };
    opened.onmessage = (event: MessageEvent<string>) => {
      const frames = parseFrames(event.data);
      // A message that cannot be read leaves a hole in what is shown; a new
      // stream begins with everything.
      if (frames) frames.forEach(onFrame);
      else reopenLater();
    };
    opened.onerror = () => {
      // The browser reconnects by itself after a broken connection, but gives
      // up for good after an answer that is not a stream.
      if (opened.readyState === EventSource.CLOSED) reopenLater();
      else onConnection('lost');
    };
  };

  onConnection('connecting');
  open();

  return () => {
    backoff.cancel();
    source?.close();
  };
};

function parseFrames(data: string): Frame[] | null {
  try {
    const frames: unknown = JSON.parse(data);
    return Array.isArray(frames) ? (frames as Frame[]) : null;
  } catch {
    return null;
  }
}
