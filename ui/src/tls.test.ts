import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { clock } from './lib/state/clock.svelte';
import { calendarDay } from './lib/text/time';
import { opening, runningStatus, tls } from './test/frames';
import { FakeHost } from './test/host';
import { all, find, one, shown, text } from './test/page';

const withTls = (days: number, certificate = {}) =>
  opening([], [], { tls: tls(days, certificate) });

describe('a port for TLS', () => {
  test('stands beside the plain one, with what tells its certificate from others', () => {
    shown(new FakeHost(), ...withTls(800));
    expect(text(one('address'))).toBe('http://192.168.1.20:33334');
    expect(all('other-address').map(text)).toEqual([
      'http://10.0.0.7:33334',
      'https://192.168.1.20:33335',
      'https://10.0.0.7:33335',
    ]);
    const { certificate } = tls(800);
    expect(text(one('fingerprint'))).toBe(certificate.fingerprint);
    expect(text(one('certificate'))).toContain('Signed by nobody but itself');
    expect(text(one('certificate'))).toContain(calendarDay(certificate.endsAt));
    const copied = one('certificate').querySelector('button');
    expect(text(copied ?? undefined)).toContain('Copy fingerprint');
  });

  test('without one there is no word of it', () => {
    shown(new FakeHost(), ...opening());
    expect(find('certificate')).toBeUndefined();
    expect(find('certificate-warning')).toBeUndefined();
  });

  test('another certificate is shown while the page is open', () => {
    const host = shown(new FakeHost(), ...withTls(800));
    const other = { fingerprint: 'AA:BB', selfSigned: false };
    host.send({ kind: 'status', ...runningStatus, tls: tls(90, other) });
    expect(text(one('fingerprint'))).toBe('AA:BB');
    expect(text(one('certificate'))).toContain('Signed by an authority');
  });

  test.each([
    [15, undefined],
    [13, /^The certificate ends on .+ After that browsers refuse it\. Put another/],
    [-1, /^The certificate ended on .+ use https refuse it\. Put another/],
  ])('that is good for %i days is warned of in time', (days, words) => {
    clock.now = Date.now();
    shown(new FakeHost(), ...withTls(days));
    const warning = find('certificate-warning');
    if (words) expect(text(warning)).toMatch(words);
    else expect(warning).toBeUndefined();
  });

  test('can be read by everyone', async () => {
    shown(new FakeHost(), ...withTls(3));
    const details = document.querySelector('details');
    if (details) details.open = true;
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false } },
    });
    expect(violations.map((violation) => violation.id)).toEqual([]);
  });
});
