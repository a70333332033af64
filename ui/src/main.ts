import { mount } from 'svelte';
import App from './App.svelte';
import { inWindow, tauriHost } from './lib/host/tauri';
import { webHost } from './lib/host/web';
import { routes } from './lib/routes';
import './styles/tokens.css';
import './styles/base.css';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with the id "app"');

mount(App, { target, props: { host: inWindow() ? tauriHost() : webHost(), routes } });
