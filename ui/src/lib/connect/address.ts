import type { BrokerStatus } from '../api/monitor';

/** From where an address leads to the broker. */
export type Reach = 'network' | 'machine';

/** An address under which the broker can be reached. */
export interface Address {
  /** Its base URL, without a slash at the end. */
  readonly url: string;
  readonly reach: Reach;
  readonly encrypted: boolean;
}

/**
 * The addresses of a broker, the best one first: those that lead there from
 * other machines before those that do not, the open ones before those of TLS,
 * for which a device has to be told to trust a certificate.
 */
export function addressChoices(status: BrokerStatus | null): readonly Address[] {
  if (!status) return [];
  const choices = [
    ...status.addresses.map((url) => addressOf(url, false)),
    ...(status.tls?.addresses ?? []).map((url) => addressOf(url, true)),
  ];
  return [
    ...choices.filter((address) => address.reach === 'network'),
    ...choices.filter((address) => address.reach === 'machine'),
  ];
}

/** The one that was chosen while it is there, else the best one. */
export function chosenAddress(
  choices: readonly Address[],
  url: string | null,
): Address | undefined {
  return choices.find((address) => address.url === url) ?? choices[0];
}

/** The port of a base URL; `null` when it is no URL. */
export function portOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { port, protocol } = new URL(url);
  return port || (protocol === 'https:' ? '443' : '80');
}

function addressOf(url: string, encrypted: boolean): Address {
  return { url, encrypted, reach: isLoopback(url) ? 'machine' : 'network' };
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
}
