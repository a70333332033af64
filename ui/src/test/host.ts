import { flushSync } from 'svelte';
import type { Application, CloseQuestion, Frame, Request } from '../lib/api/monitor';
import type { Capabilities, Connection, Host } from '../lib/host/host';

/** A host in the hands of a test: it says what the broker says, and records what it is asked. */
export class FakeHost implements Host {
  readonly capabilities: Capabilities;
  readonly requests: Request[] = [];
  /** How many streams are open. */
  streams = 0;
  /** What the next requests are answered with: a value thrown is a refusal. */
  answer: (request: Request) => unknown = () => undefined;

  /** The passwords that were named. */
  readonly passwords: string[] = [];
  /** What the next logins are answered with: a value thrown is a refusal. */
  admit: (password: string) => unknown = () => undefined;

  /** Whether a session is in use. */
  session = false;
  /** How often it was ended. */
  logouts = 0;
  /** What the next logouts are answered with: a value thrown is a refusal. */
  release: () => unknown = () => undefined;

  #onFrame: ((frame: Frame) => void) | undefined;
  #onCloseAsked: ((question: CloseQuestion) => void) | undefined;
  #onConnection: ((connection: Connection) => void) | undefined;

  constructor(control = false) {
    this.capabilities = { control, openInBrowser: control };
  }

  /** The application around the broker. A page in its window asks by itself: that is not recorded. */
  application: Application | undefined;

  async rpc<R>(request: Request): Promise<R> {
    if (request.name === 'application') return this.application as R;
    this.requests.push(request);
    return (await this.answer(request)) as R;
  }

  async login(password: string): Promise<void> {
    this.passwords.push(password);
    await this.admit(password);
  }

  hasSession(): Promise<boolean> {
    return Promise.resolve(this.session);
  }

  async logout(): Promise<void> {
    this.logouts += 1;
    await this.release();
    this.connection('locked');
  }

  subscribe(onFrame: (frame: Frame) => void, onConnection: (connection: Connection) => void) {
    this.streams += 1;
    this.#onFrame = onFrame;
    this.#onConnection = onConnection;
    return () => {
      this.streams -= 1;
    };
  }

  onCloseAsked(listener: (question: CloseQuestion) => void) {
    this.#onCloseAsked = listener;
    return () => (this.#onCloseAsked = undefined);
  }

  /** Wishes to close the window, and lets the page ask. */
  askOnClose(question: CloseQuestion): void {
    this.#onCloseAsked?.(question);
    flushSync();
  }

  /** Sends frames and lets the page show them. */
  send(...frames: Frame[]): void {
    frames.forEach((frame) => this.#onFrame?.(frame));
    flushSync();
  }

  /** Tells how the stream stands and lets the page show it. */
  connection(connection: Connection): void {
    this.#onConnection?.(connection);
    flushSync();
  }
}
