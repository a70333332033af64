// A browser, and pages of other sites in it.

import http from 'node:http';
import { chromium } from 'playwright-core';

/** Names that lead to this machine, as an attacker's own would. */
const NAMES = ['evil.example', 'panel.example', 'rebound.example'];

/** Chromium of the system, which asks nobody but this machine for anything. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.MOUSTIQUE_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${NAMES.map((name) => `MAP ${name} 127.0.0.1`).join(',')}`,
    ],
  });
}

/** A web server with an empty page, for every name. */
export async function startSite() {
  const server = http.createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end('<!doctype html><title>site</title><body></body>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    origin: (name) => `http://${name}:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
