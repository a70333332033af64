import { describe, expect, test } from 'vitest';
import { runningStatus, tls } from '../../test/frames';
import { addressChoices, chosenAddress, portOf } from './address';

const choices = (addresses: string[], encrypted = false) =>
  addressChoices({ ...runningStatus, addresses, tls: encrypted ? tls(90) : null });

describe('the addresses of a broker', () => {
  test('are in its order, encrypted ones after open ones', () => {
    expect(choices(runningStatus.addresses, true)).toEqual([
      { url: 'http://192.168.1.20:33334', reach: 'network', encrypted: false },
      { url: 'http://10.0.0.7:33334', reach: 'network', encrypted: false },
      { url: 'https://192.168.1.20:33335', reach: 'network', encrypted: true },
      { url: 'https://10.0.0.7:33335', reach: 'network', encrypted: true },
    ]);
  });

  test('that lead nowhere from other machines come last', () => {
    const reaches = choices(['http://127.0.0.1:1', 'http://10.0.0.7:1'], true).map(
      ({ url, reach }) => [url, reach],
    );
    expect(reaches.at(0)).toEqual(['http://10.0.0.7:1', 'network']);
    expect(reaches.at(-1)).toEqual(['http://127.0.0.1:1', 'machine']);
  });

  test('are none before the first news', () => {
    expect(addressChoices(null)).toEqual([]);
    expect(chosenAddress([], 'http://10.0.0.7:1')).toBeUndefined();
  });

  test.each([
    ['http://127.0.0.1:33334', 'machine'],
    ['http://127.9.9.9:33334', 'machine'],
    ['http://[::1]:33334', 'machine'],
    ['http://localhost:33334', 'machine'],
    ['http://192.168.1.20:33334', 'network'],
    ['http://[fd00::7]:33334', 'network'],
    ['http://127.example:33334', 'network'],
    ['no address', 'network'],
  ])('%j is for the %s', (url, reach) => {
    expect(choices([url])[0]?.reach).toBe(reach);
  });

  test('a choice holds while the address is there', () => {
    const both = choices(runningStatus.addresses);
    expect(chosenAddress(both, null)).toBe(both[0]);
    expect(chosenAddress(both, 'http://10.0.0.7:33334')).toBe(both[1]);
    expect(chosenAddress(both, 'http://10.0.0.8:33334')).toBe(both[0]);
  });
});

test.each([
  ['http://192.168.1.20:33334', '33334'],
  ['http://[fd00::7]:8080', '8080'],
  ['http://192.168.1.20', '80'],
  ['https://192.168.1.20', '443'],
  ['no address', null],
])('the port of %j is %j', (url, port) => {
  expect(portOf(url)).toBe(port);
});
