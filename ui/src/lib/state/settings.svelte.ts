import type { Refusal, SettingValue, Settings, SettingsChanged } from '../api/monitor';
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
  async change(...changes: { key: string; value: SettingValue | null }[]): Promise<void> {
    this.#take(await this.#host.rpc<SettingsChanged>({ name: 'changeSettings', payload: changes }));
  }

  /** Sets the password; `null` removes it. Rejects with a `Refusal`. */
  async changePassword(password: string | null): Promise<void> {
    this.#take(
      await this.#host.rpc<SettingsChanged>({ name: 'changePassword', payload: { password } }),
    );
  }

  #take(changed: SettingsChanged): void {
    this.settings = changed.settings;
    this.said = SAID[changed.applied];
    announcer.say(this.said);
  }
}
