/** What is said aloud to those who cannot see the page change. */
class Announcer {
  message = $state('');

  // A copy that is no state: an effect may speak without listening to itself.
  #said = '';

  /** Says something once the reader is done with what it is saying. */
  say(message: string): void {
    // The same text again is no change, and would not be read: a space makes
    // it one without being heard.
    this.#said = message === this.#said ? `${message} ` : message;
    this.message = this.#said;
  }
}

export const announcer = new Announcer();
