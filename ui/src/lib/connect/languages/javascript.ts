import type { Language } from '../language';
import { javascriptLiteral as quote } from '../quote';
import { streamUrl, topicUrl } from '../url';

export const javascript: Language = {
  id: 'javascript',
  name: 'JavaScript',
  requires: 'Node 18 or later (a file that ends with .mjs), or a module in a web page.',
  note: 'A web page of another address than the broker’s must be named in security.allowed_origins of the configuration.',
  snippet: {
    publish: ({ base, topic, message }) => `\
const answer = await fetch(${quote(topicUrl(base, topic))}, {
  method: "PUT",
  body: ${quote(message)},
});
if (!answer.ok) throw new Error(await answer.text());
`,
    follow: ({ base, topic }) => `\
const answer = await fetch(${quote(streamUrl(base, topic))}, {
  headers: { Accept: "application/x-ndjson" },
});
if (!answer.ok) throw new Error(await answer.text());

const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
for (;;) {
  const { value, done } = await reader.read();
  if (done) break;
  const lines = (text + value).split("\\n");
  text = lines.pop();
  // An empty line is a sign of life.
  for (const line of lines.filter(Boolean)) console.log(JSON.parse(line).message);
}
`,
    value: ({ base, topic }) => `\
const answer = await fetch(${quote(topicUrl(base, topic))});
if (!answer.ok) throw new Error(await answer.text());
console.log(await answer.text());
`,
  },
};
