import { describe, expect, test } from 'vitest';
import { HOSTILE } from '../../test/hostile';
import { streamUrl, topicUrl } from './url';

const BASE = 'http://192.168.1.20:33334';

describe('the address of a topic', () => {
  test.each([
    ['/home/kitchen', '/v1/topics/home/kitchen'],
    ['/a b/é?#%', '/v1/topics/a%20b/%C3%A9%3F%23%25'],
    [`/it's(1)*!`, '/v1/topics/it%27s%281%29%2A%21'],
    ['/...', '/v1/topics/...'],
    // What a program or a proxy could shorten or join is no path.
    ['home/kitchen', '/v1/topics?topic=home%2Fkitchen'],
    ['/a/../b', '/v1/topics?topic=%2Fa%2F..%2Fb'],
    ['/.', '/v1/topics?topic=%2F.'],
    ['/a//b', '/v1/topics?topic=%2Fa%2F%2Fb'],
    ['/a/', '/v1/topics?topic=%2Fa%2F'],
    ['/', '/v1/topics?topic=%2F'],
    ['', '/v1/topics?topic='],
    ['/\uD800', '/v1/topics/%EF%BF%BD'],
  ])('%j is %j', (topic, path) => {
    expect(topicUrl(BASE, topic)).toBe(BASE + path);
  });

  test.each(HOSTILE)('and that of a stream lead to the topic %j and nowhere else', (text) => {
    for (const topic of [text, `/${text}`, `/a/${text}/b`]) {
      const url = new URL(topicUrl(BASE, topic));
      expect(url.origin).toBe(BASE);
      const named =
        url.searchParams.get('topic') ?? decodeURIComponent(url.pathname.replace('/v1/topics', ''));
      expect(named).toBe(topic);
      expect(new URL(streamUrl(BASE, topic)).searchParams.get('filter')).toBe(topic);
    }
  });
});
