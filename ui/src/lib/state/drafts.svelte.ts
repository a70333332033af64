import { recall } from '../browser/memory';

/** Where this browser remembers under which name it published. */
export const FROM_KEY = 'moustique.publish.from';

/** What was typed and chosen on the pages: it is kept until the page is closed or logged out of. */
export class Drafts {
  /** The topic that is selected in the monitor. */
  selected = $state<string | null>(null);
  /** What the list of topics is filtered by. */
  search = $state('');

  /** The message that is about to be published. */
  topic = $state('');
  message = $state('');
  from = $state(recall(FROM_KEY, 'monitor'));

  /** The address that was chosen to connect to; `null` for the best there is. */
  address = $state<string | null>(null);
  /** The message in the examples of how to connect, and the language they are in. */
  readonly example = $state({ topic: '/home/kitchen/temperature', message: '21.5' });
  language = $state('curl');
}
