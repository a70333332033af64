import type { Refusal, Request, SettingValue, Settings, SettingsChanged } from '../api/monitor';
import type { Host } from '../host/host';
import { toRefusal } from '../host/refusal';
import { announcer } from './announcer.svelte';

/** What is said of a change, by how it came to hold. */
const SAID = {
  live: 'Saved. It holds from now on.',
  restarted: 'Saved. The broker was started anew with it.',
  written: 'Saved. It holds when the broker is started.',
} as const;

/** What is configured, as the broker told last. */
export class Configured {
  settings = $state.raw<Settings | null>(null);
  /** Why it cannot be told. */
  refusal = $state.raw<Refusal | null>(null);
  /** What came of the last change. */
  said = $state('');

  readonly #host: Host;
  /** The change before: each waits for it, so that they hold in the order they were made in. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Asks what is configured. Somebody may have changed the file since. */
  async load(): Promise<void> {
    try {
      this.settings = await this.#host.rpc<Settings>({ name: 'settings' });
      this.refusal = null;
    } catch (thrown) {
      this.refusal = toRefusal(thrown);
    }
  }

  /** Changes keys; `null` is what holds when a key is left out. Rejects with a `Refusal`. */
  change(...changes: { key: string; value: SettingValue | null }[]): Promise<void> {
    return this.#order({ name: 'changeSettings', payload: changes });
  }

  /** Sets the password; `null` removes it. Rejects with a `Refusal`. */
  changePassword(password: string | null): Promise<void> {
    return this.#order({ name: 'changePassword', payload: { password } });
  }

  #order(request: Request): Promise<void> {
    const order = async () => {
      const changed = await this.#host.rpc<SettingsChanged>(request);
      this.settings = changed.settings;
      this.said = SAID[changed.applied];
      announcer.say(this.said);
    };
    const ordered = this.#before.then(order);
    this.#before = ordered.catch(() => undefined);
    return ordered;
  }
}
