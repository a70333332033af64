import type {
  BrokerStatus,
  Certificate,
  ClientRow,
  ClientRows,
  Frame,
  Tls,
  TopicRow,
  TopicRows,
  Traffic,
} from '../lib/api/monitor';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A port for TLS, with a certificate that is good for so many days. */
export function tls(days: number, certificate: Partial<Certificate> = {}): Tls {
  const endsAt = Date.now() + days * DAY_MS;
  return {
    addresses: ['https://192.168.1.20:33335', 'https://10.0.0.7:33335'],
    certificate: {
      fingerprint: Array.from({ length: 32 }, (_, i) => (i + 160).toString(16).toUpperCase()).join(
        ':',
      ),
      selfSigned: true,
      endsAt,
      warnFrom: endsAt - 14 * DAY_MS,
      ...certificate,
    },
  };
}

/** A broker at work. */
export const runningStatus: BrokerStatus = {
  state: 'running',
  addresses: ['http://192.168.1.20:33334', 'http://10.0.0.7:33334'],
  tls: null,
  configuration: '/home/me/.config/moustique/config.yaml',
  problem: null,
  retriesAt: null,
  version: '0.1.0',
};

export const traffic: Traffic = {
  messagesPerSecond: 12.4,
  requestsPerSecond: 38,
  messagesTotal: 184_223,
  droppedTotal: 0,
  clients: 3,
  connections: 9,
  logMessages: 4_321,
  diskBytes: 3_400_000,
  uptimeMs: 727_000,
};

export function topicRow(topic: string, row: Partial<TopicRow> = {}): TopicRow {
  const value = row.value ?? '21.5';
  return {
    topic,
    value,
    bytes: new TextEncoder().encode(value).length,
    truncated: false,
    from: 'esp-kitchen',
    changedAt: Date.now(),
    ...row,
  };
}

export function topicRows(rows: TopicRow[], total = rows.length): TopicRows {
  return { rows, total };
}

export function clientRow(name: string, row: Partial<ClientRow> = {}): ClientRow {
  return {
    name,
    address: '192.168.1.9',
    filters: ['/home/#'],
    waiting: 0,
    seenAt: Date.now(),
    ...row,
  };
}

export function clientRows(rows: ClientRow[], total = rows.length): ClientRows {
  return { rows, total };
}

/** How every stream begins. */
export function opening(
  topics: TopicRow[] = [],
  clients: ClientRow[] = [],
  status: Partial<BrokerStatus> = {},
): Frame[] {
  return [
    { kind: 'status', ...runningStatus, ...status },
    { kind: 'topics', ...topicRows(topics) },
    { kind: 'clients', ...clientRows(clients) },
    { kind: 'traffic', ...traffic },
  ];
}
