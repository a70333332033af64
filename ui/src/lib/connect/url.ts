import { wellFormed } from './quote';

/** Topics whose levels nothing on the way to the broker shortens or joins. */
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[^/]+)+$/;

/** Where the value of a topic is published and read. */
export function topicUrl(base: string, topic: string): string {
  if (!PLAIN_PATH.test(topic)) return `${base}/v1/topics?topic=${encoded(topic)}`;
  return `${base}/v1/topics${topic.split('/').map(encoded).join('/')}`;
}

/** Where the messages under a filter are followed. */
export function streamUrl(base: string, filter: string): string {
  return `${base}/v1/stream?filter=${encoded(filter)}`;
}

/** Everything but the unreserved characters of RFC 3986 as `%` and two digits. */
function encoded(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
