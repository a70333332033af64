import type { Channel } from '@tauri-apps/api/core';
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Frame } from '../api/monitor';
import { deferred } from '../../test/deferred';
import { opening } from '../../test/frames';
import type { Connection } from './host';
import { tauriHost } from './tauri';

afterEach(() => clearMocks());

interface Call {
  readonly command: string;
  readonly args: Record<string, unknown>;
}

function answerWith(answer: (call: Call) => unknown): Call[] {
  const calls: Call[] = [];
  mockIPC((command, args) => {
    const call = { command, args: { ...(args as Record<string, unknown>) } };
    calls.push(call);
    return answer(call);
  });
  return calls;
}

describe('rpc', () => {
  test('carries the request and the answer', async () => {
    const calls = answerWith(() => null);
    await tauriHost().rpc({ name: 'start' });
    expect(calls).toEqual([{ command: 'rpc', args: { request: { name: 'start' } } }]);
  });

  test('rejects with a refusal, whatever was thrown', async () => {
    const refusal = { code: 'port_taken', detail: 'Port 33334 is taken.' };
    answerWith(() => Promise.reject(refusal as unknown as Error));
    await expect(tauriHost().rpc({ name: 'start' })).rejects.toEqual(refusal);

    clearMocks();
    answerWith(() => Promise.reject('command rpc not allowed' as unknown as Error));
    await expect(tauriHost().rpc({ name: 'start' })).rejects.toEqual({
      code: 'unexpected',
      detail: 'command rpc not allowed',
    });
  });
});

describe('subscribe', () => {
  test('hands over the frames of each message, then ends the same stream', async () => {
    const calls = answerWith(() => null);
    const frames: Frame[] = [];
    const connections: Connection[] = [];
    const close = tauriHost().subscribe(
      (frame) => frames.push(frame),
      (connection) => connections.push(connection),
    );
    await vi.waitFor(() => expect(connections).toEqual(['connecting', 'open']));

    const channel = calls[0]?.args['channel'] as Channel<Frame[]>;
    channel.onmessage(opening());
    expect(frames.map((frame) => frame.kind)).toEqual(['status', 'topics', 'clients', 'traffic']);

    close();
    channel.onmessage(opening());
    expect(frames).toHaveLength(4);
    await vi.waitFor(() =>
      expect(calls.at(-1)).toEqual({ command: 'unsubscribe', args: { id: channel.id } }),
    );
  });

  test('closed before it was answered, it is still ended', async () => {
    const begun = deferred<null>();
    const calls = answerWith(({ command }) => (command === 'subscribe' ? begun.promise : null));
    tauriHost().subscribe(
      () => undefined,
      () => undefined,
    )();
    expect(calls.map((call) => call.command)).toEqual(['subscribe']);
    begun.resolve(null);
    await vi.waitFor(() =>
      expect(calls.map((call) => call.command)).toEqual(['subscribe', 'unsubscribe']),
    );
  });

  test('tries again after a refusal', async () => {
    let refusals = 1;
    answerWith(() => (refusals-- > 0 ? Promise.reject(new Error('not yet')) : null));
    const connections: Connection[] = [];
    const close = tauriHost().subscribe(
      () => undefined,
      (connection) => connections.push(connection),
    );
    await vi.waitFor(() => expect(connections).toEqual(['connecting', 'lost', 'open']), 2_000);
    close();
  });
});
