import type { CloseQuestion, Frame, Request } from '../api/monitor';

/**
 * How the stream of frames stands. `locked`: the broker wants the password
 * first, and nothing is tried until it was given.
 */
export type Connection = 'connecting' | 'open' | 'lost' | 'locked';

/** What the surroundings of the page allow it to do. */
export interface Capabilities {
  /** Whether the page may start and stop the broker. */
  readonly control: boolean;
  /** Whether the page can be shown in the user's own browser as well. */
  readonly openInBrowser: boolean;
}

/**
 * The one way from the page to the broker. The window carries it over IPC, a
 * browser over HTTP; nothing else in the page knows which.
 */
export interface Host {
  readonly capabilities: Capabilities;

  /** Asks or orders something. Rejects with a `Refusal`, and with nothing else. */
  rpc<R = void>(request: Request): Promise<R>;

  /**
   * Names the password; when it is right, what was locked opens again. Rejects
   * with a `Refusal`, and with nothing else.
   */
  login(password: string): Promise<void>;

  /** Whether a session is in use, which can be ended. */
  hasSession(): Promise<boolean>;

  /**
   * Ends the session, after which the password is wanted again. Rejects with a
   * `Refusal`, and with nothing else.
   */
  logout(): Promise<void>;

  /** Opens the stream of frames and returns the function that closes it. */
  subscribe(
    onFrame: (frame: Frame) => void,
    onConnection: (connection: Connection) => void,
  ): () => void;

  /**
   * Listens for the wish to close the window, where the user wants to be asked.
   * Returns the function that stops listening.
   */
  onCloseAsked(listener: (question: CloseQuestion) => void): () => void;
}
