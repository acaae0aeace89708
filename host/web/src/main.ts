import { mount } from 'svelte';
import './shared/style/tokens.css';
import './shared/style/base.css';
import './shared/style/contrast.css';
import App from './App.svelte';
import { themes } from './shared/theme.svelte';

themes.start();
mount(App, { target: document.getElementById('app') as HTMLElement });
