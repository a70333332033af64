import type { Language } from '../language';
import { pythonLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

export const python: Language = {
  id: 'python',
  name: 'Python',
  requires: 'Python 3, and nothing else.',
  snippet: {
    publish: ({ base, topic, message }) => `\
from urllib.request import Request, urlopen

url = ${quote(topicUrl(base, topic))}
message = ${quote(message)}
urlopen(Request(url, data=message.encode(), method="PUT")).close()
`,
    follow: ({ base, topic }) => `\
import json
from urllib.request import Request, urlopen

url = ${quote(streamUrl(base, topic))}
with urlopen(Request(url, headers={"Accept": "application/x-ndjson"})) as stream:
    for line in stream:
        if line.strip():  # an empty line is a sign of life
            print(json.loads(line).get("message"), flush=True)
`,
    value: ({ base, topic }) => `\
from urllib.request import urlopen

with urlopen(${quote(topicUrl(base, topic))}) as answer:
    print(answer.read().decode())
`,
  },
};
