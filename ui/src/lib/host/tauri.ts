import { Channel, invoke, isTauri } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { CloseQuestion, Frame } from '../api/monitor';
import { Backoff } from './backoff';
import type { Host } from './host';
import { toRefusal } from './refusal';

/** Whether the page is shown in the window of the desktop application. */
export function inWindow(): boolean {
  return isTauri();
}

/** The broker as the window reaches it: over IPC, in the same process. */
export function tauriHost(): Host {
  return {
    capabilities: { control: true, openInBrowser: true },

    async rpc<R>(request: object): Promise<R> {
      try {
        return await invoke<R>('rpc', { request });
      } catch (thrown) {
        throw toRefusal(thrown);
      }
    },

    /** The window asks the broker of its own process, which locks nothing. */
    login: () => Promise.resolve(),
    hasSession: () => Promise.resolve(false),
    logout: () => Promise.resolve(),

    subscribe(onFrame, onConnection) {
      const backoff = new Backoff();
      let closed = false;
      let opened: Promise<number | null> = Promise.resolve(null);

      const open = () => {
        const channel = new Channel<Frame[]>((frames) => {
          if (!closed) frames.forEach(onFrame);
        });
        opened = invoke('subscribe', { channel }).then(
          () => {
            if (!closed) onConnection('open');
            return channel.id;
          },
          () => {
            if (!closed) {
              onConnection('lost');
              backoff.retry(open);
            }
            return null;
          },
        );
      };

      onConnection('connecting');
      open();

      return () => {
        closed = true;
        backoff.cancel();
        // Only after the answer, or the order to end the stream could overtake
        // the one to begin it and leave one that nobody reads.
        void opened.then((id) => {
          if (id === null) return;
          // The window may be going away, and its streams with it.
          invoke('unsubscribe', { id }).catch(() => undefined);
        });
      };
    },

    onCloseAsked(listener) {
      const listening = listen<CloseQuestion>('close-asked', ({ payload }) => listener(payload));
      // The window may be going away, and whoever listens with it.
      return () => void listening.then((stop) => stop()).catch(() => undefined);
    },
  };
}
