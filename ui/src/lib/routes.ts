import type { Route } from './navigation/route';
import ConnectView from './views/ConnectView.svelte';
import MonitorView from './views/MonitorView.svelte';
import SettingsView from './views/SettingsView.svelte';

/** All pages, in the order of the navigation. The first is the home. */
export const routes: readonly Route[] = [
  { path: '/', title: 'Monitor', view: MonitorView, needsBroker: true, fills: true },
  { path: '/connect', title: 'Connect', view: ConnectView, needsBroker: true, fills: false },
  {
    path: '/settings',
    title: 'Settings',
    view: SettingsView,
    needs: 'control',
    needsBroker: false,
    fills: false,
  },
];
