/** What the snippets are made for. */
export interface Example {
  /** The base URL of the broker, without a slash at the end. */
  readonly base: string;
  readonly topic: string;
  readonly message: string;
}

/** The three things that most programs do with a broker. */
export type Task = 'publish' | 'follow' | 'value';

/** A language, and the whole program for each task in it. */
export interface Language {
  readonly id: string;
  readonly name: string;
  /** What it is run with. */
  readonly requires: string;
  /** What else has to be known; missing when nothing has. */
  readonly note?: string;
  readonly snippet: Readonly<Record<Task, (example: Example) => string>>;
}
