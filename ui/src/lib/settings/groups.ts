import type { Setting } from '../api/monitor';

/** A setting as the page calls it. */
export interface Labelled {
  readonly key: string;
  readonly label: string;
  /** What is the case while it is left out, where it has no default. */
  readonly absent?: string;
  /** What a change of it does to others, said before it is made. */
  readonly warning?: string;
}

/** Settings that belong together. */
export interface Group {
  readonly title: string;
  readonly settings: readonly Labelled[];
  /** Whether it opens closed: few people ever need what is in it. */
  readonly closed?: boolean;
}

/** A group with what is configured. */
export interface ShownGroup {
  readonly title: string;
  readonly closed: boolean;
  readonly settings: readonly { readonly labelled: Labelled; readonly setting: Setting }[];
}

const MOVES = 'The broker starts anew. Devices that know the old one do not reach it any more.';
const LEAVES = 'The broker starts anew with what is there. What is stored now stays where it is.';

/** The settings that most people look for, by the names that they have for them. */
const groups: readonly Group[] = [
  {
    title: 'Network',
    settings: [
      { key: 'server.port', label: 'Port', warning: MOVES },
      { key: 'server.host', label: 'Listen on', warning: MOVES },
      { key: 'server.announce', label: 'Can be found on the network' },
      { key: 'server.tls.port', label: 'Port for TLS', absent: 'No TLS' },
      { key: 'server.tls.certificate', label: 'Certificate', absent: 'Made by the broker itself' },
      {
        key: 'server.tls.key',
        label: 'Key of the certificate',
        absent: 'Made by the broker itself',
      },
    ],
  },
  {
    title: 'Who may connect',
    settings: [
      { key: 'security.allowed_ips', label: 'Allowed addresses' },
      { key: 'security.blocked_peers', label: 'Blocked addresses' },
      { key: 'security.tailscale_enabled', label: 'Allow a Tailscale network' },
      { key: 'security.allowed_hosts', label: 'Names of this broker' },
      { key: 'security.allowed_origins', label: 'Other web pages that may use it' },
      { key: 'security.trusted_proxies', label: 'Trusted proxies' },
    ],
  },
  {
    title: 'Data',
    settings: [
      { key: 'database.durability', label: 'Durability' },
      {
        key: 'database.path',
        label: 'Database file',
        absent: 'In the folder of the user',
        warning: LEAVES,
      },
      { key: 'retention.total', label: 'Size on the disk, at most' },
      { key: 'retention.default.age', label: 'Keep messages for' },
      { key: 'retention.default.messages', label: 'Keep messages, at most' },
      { key: 'retention.default.bytes', label: 'Keep bytes, at most' },
      { key: 'retention.default.values', label: 'Keep last values for' },
      { key: 'retention.policies', label: 'Rules for some topics' },
    ],
  },
  {
    title: 'Log',
    settings: [
      { key: 'logging.level', label: 'Level' },
      { key: 'logging.file', label: 'File', absent: 'In the folder of the user' },
    ],
  },
];

/** What has a place of its own on the page. */
const ELSEWHERE = ['security.password_file'];

const REST = 'Limits and times';

/** What is configured, in groups; what no group names is in the last one. */
export function grouped(settings: readonly Setting[]): readonly ShownGroup[] {
  const named = new Set([
    ...ELSEWHERE,
    ...groups.flatMap((group) => group.settings.map((s) => s.key)),
  ]);
  const rest: Group = {
    title: REST,
    closed: true,
    settings: settings
      .filter(({ key }) => !named.has(key))
      .map(({ key }) => ({ key, label: readable(key) })),
  };
  const byKey = new Map(settings.map((setting) => [setting.key, setting]));
  return [...groups, rest].map(({ title, closed = false, settings }) => ({
    title,
    closed,
    settings: settings.flatMap((labelled) => {
      const setting = byKey.get(labelled.key);
      return setting ? [{ labelled, setting }] : [];
    }),
  }));
}

/** `limits.body_bytes` as words: "Body bytes". */
function readable(key: string): string {
  const name = key.slice(key.lastIndexOf('.') + 1).replaceAll('_', ' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}
