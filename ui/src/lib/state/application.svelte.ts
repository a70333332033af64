import type { Application, Folder, Preferences, Refusal } from '../api/monitor';
import type { Host } from '../host/host';
import { toRefusal } from '../host/refusal';

/** The desktop application around the broker, as it told last. */
export class Surroundings {
  application = $state.raw<Application | null>(null);
  /** Why it cannot be told. */
  refusal = $state.raw<Refusal | null>(null);

  readonly #host: Host;
  /** The preferences that were saved before. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Asks how it stands. The tray or the system may have changed something since. */
  async load(): Promise<void> {
    try {
      this.application = await this.#host.rpc<Application>({ name: 'application' });
      this.refusal = null;
    } catch (thrown) {
      this.refusal = toRefusal(thrown);
    }
  }

  /**
   * Has some other preferences hold, beside those that held before. Rejects with a
   * `Refusal`.
   */
  save(changed: Partial<Preferences>): Promise<void> {
    // One after another, or the second would take back what the first has changed.
    const saved = this.#before.then(async () => {
      if (!this.application) return;
      const payload = { ...this.application.preferences, ...changed };
      await this.#host.rpc({ name: 'setPreferences', payload });
      await this.load();
    });
    this.#before = saved.catch(() => undefined);
    return saved;
  }

  /** Has the session start the application, or not. Rejects with a `Refusal`. */
  async startAtLogin(payload: boolean): Promise<void> {
    await this.#host.rpc({ name: 'setStartAtLogin', payload });
    await this.load();
  }

  /** Shows a folder in the user's own file manager. Rejects with a `Refusal`. */
  async open(payload: Folder): Promise<void> {
    await this.#host.rpc({ name: 'openFolder', payload });
  }

  /** The user has been told how the run before ended. */
  async forgetCrash(): Promise<void> {
    await this.#host.rpc({ name: 'forgetCrash' });
    await this.load();
  }
}
