import { describe, expect, test } from 'vitest';
import { clientRow, opening, topicRow } from './test/frames';
import { FakeHost } from './test/host';
import { click, one, shown, text } from './test/page';

describe('hostile text', () => {
  const hostile = [
    '<img src=x onerror="globalThis.struck=1">',
    '<script>globalThis.struck=1</script>',
    '"><svg onload=globalThis.struck=1>',
    '{@html "<b>x</b>"}',
    'javascript:alert(1)',
    '\u202Egnp.exe\u2066',
    '\u0000\u001b[2J\u0007',
  ];

  test.each(hostile)('%j is shown and does nothing', (evil) => {
    const host = shown(
      new FakeHost(true),
      ...opening(
        [topicRow(`/${evil}`, { value: evil, from: evil })],
        [clientRow(evil, { address: evil, filters: [evil] })],
        { version: evil, addresses: [evil, `${evil}2`] },
      ),
    );
    click(one('topic-row'));

    expect(document.querySelectorAll('img, script, b, svg[onload], [onerror]')).toHaveLength(0);
    expect('struck' in globalThis).toBe(false);
    // eslint-disable-next-line no-control-regex
    expect(document.body.textContent).not.toMatch(/[\u0000\u0007\u001b\u202E\u2066]/u);
    expect(text(one('topic-value')).length).toBeGreaterThan(0);

    host.send({
      kind: 'status',
      state: 'failed',
      addresses: [],
      tls: null,
      configuration: null,
      retriesAt: null,
      version: evil,
      problem: { code: evil, what: evil, remedy: evil },
    });
    expect(one('problem').querySelectorAll('img, script, b')).toHaveLength(0);
  });
});
