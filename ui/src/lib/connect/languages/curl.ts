import type { Language } from '../language';
import { needsPrintf, printfFormat, shellWord } from '../quote';
import { streamUrl, topicUrl } from '../url';

/** curl takes brackets in an address for a range, unless it is told not to. */
const command = (base: string) => (base.includes('[') ? 'curl -g' : 'curl');

export const curl: Language = {
  id: 'curl',
  name: 'curl',
  requires: 'A shell such as bash or zsh, and curl.',
  snippet: {
    publish({ base, topic, message }) {
      const url = shellWord(topicUrl(base, topic));
      // Without --data-raw a message that begins with @ would name a file.
      return needsPrintf(message)
        ? `printf ${printfFormat(message)} | ${command(base)} --data-binary @- ${url}`
        : `${command(base)} --data-raw ${shellWord(message)} ${url}`;
    },
    follow: ({ base, topic }) =>
      `${command(base)} -N -H 'Accept: application/x-ndjson' ${shellWord(streamUrl(base, topic))}`,
    value: ({ base, topic }) => `${command(base)} ${shellWord(topicUrl(base, topic))}`,
  },
};
