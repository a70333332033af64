// The page as the window shows it, in a browser: only there it can be seen in
// forced colours. Its messages go to the broker over HTTP instead of IPC.

/** What is configured, one key of each kind; over HTTP a broker tells nobody. */
const SETTINGS = {
  file: '/home/me/.config/moustique/config.yaml',
  hasPassword: true,
  settings: [
    ['server.port', { kind: 'text' }, '33334', null],
    ['server.host', { kind: 'text' }, '0.0.0.0', '127.0.0.1'],
    ['server.announce', { kind: 'switch' }, 'true', 'false'],
    ['security.allowed_ips', { kind: 'list' }, null, ['10.0.0.0/8', '::1']],
    ['database.durability', { kind: 'choice', choices: ['memory', 'process'] }, 'process', null],
    ['retention.policies', { kind: 'rules' }, null, null],
    ['limits.body_bytes', { kind: 'text' }, '1 MiB', '2 MiB'],
  ].map(([key, kind, fallback, value]) => ({
    key,
    kind,
    default: fallback,
    value,
    meaning: `What ${key} means, with its unit.\nAnd what follows from it.`,
  })),
};

/** Has a page of the browser find what it finds in the window. */
export function inWindow(page) {
  return page.addInitScript((settings) => {
    const callbacks = new Map();
    const commands = {
      subscribe({ channel }) {
        const source = new EventSource('v1/monitor/stream');
        let index = 0;
        source.onmessage = ({ data }) =>
          callbacks.get(channel.id)({ index: index++, message: JSON.parse(data) });
      },
      unsubscribe() {},
      async rpc({ request }) {
        if (request.name === 'settings') return settings;
        const answer = await fetch('v1/monitor/rpc', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(request),
        });
        if (!answer.ok) throw await answer.json();
      },
    };
    globalThis.isTauri = true;
    globalThis.__TAURI_INTERNALS__ = {
      transformCallback(callback) {
        const id = callbacks.size + 1;
        callbacks.set(id, callback);
        return id;
      },
      unregisterCallback() {},
      invoke: async (command, payload) => commands[command](payload),
    };
  }, SETTINGS);
}
