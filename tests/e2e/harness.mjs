// What the browser cases stand on: a browser, people who sign in, checks that count, accessibility and screenshots.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

// The screens bring the tools: one lock file for both.
const require = createRequire(new URL('../../host/web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const ARGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
/** The least width that a page must do with (WCAG 1.4.10 asks for 320 of content). */
export const PHONE = { width: 360, height: 780 };
export const WIDE = { width: 1360, height: 860 };

export class Run {
  passed = 0;
  failures = [];
  #faults = [];
  /** What happened, in words, for whoever reads instead of looking. */
  #story = [];

  constructor(base, shots, browser) {
    this.base = base.replace(/\/$/, '');
    this.shots = shots;
    this.browser = browser;
    mkdirSync(shots, { recursive: true });
  }

  static async start(base, shots) {
    return new Run(base, shots, await chromium.launch({ executablePath: findChromium(), args: ARGS }));
  }

  /** One case. A failure is told at once and does not keep the others from running. */
  async test(name, body) {
    this.#faults = [];
    try {
      await body();
      if (this.#faults.length > 0) throw new Error(`the page complained: ${this.#faults.join(' | ')}`);
      this.passed += 1;
      this.#story.push(`- ${name}`);
      console.log(`ok   ${name}`);
    } catch (error) {
      this.failures.push(name);
      this.#story.push(`- **failed**: ${name}`);
      console.log(`FAIL ${name}\n     ${String(error.message).split('\n').slice(0, 12).join('\n     ')}`);
    }
  }

  /** A browser of its own, signed in as a persona of the demo. */
  async person(login, { viewport = WIDE, theme = 'light' } = {}) {
    const page = await this.visitor({ viewport, theme });
    await page.goto(`${this.base}/`);
    await page.click(`[data-persona="${login}"]`);
    await page.waitForSelector('header nav');
    return page;
  }

  async visitor({ viewport = WIDE, theme = 'light' } = {}) {
    const context = await this.browser.newContext({ viewport, colorScheme: theme, locale: 'en-GB', reducedMotion: 'reduce' });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#faults.push(error.message));
    page.on('console', (message) => {
      // A refused request is shown on the page and checked there; everything else, a breach of the CSP included, is a fault.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.#faults.push(message.text());
    });
    return page;
  }

  /** Accessibility, width and a picture of what is on the screen. `rules` are axe's, beyond those of its tags. */
  async look(page, name, { rules = {} } = {}) {
    await settle(page);
    await this.picture(page, name);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) throw new Error(`${name}: the page is ${wide} px wider than the screen`);
    await page.evaluate(AXE);
    const found = await page.evaluate(async (rules) => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await window.axe.run(document, { runOnly: tags, rules });
      return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join('; ')})`);
    }, rules);
    if (found.length > 0) throw new Error(`${name}: ${found.join('\n')}`);
  }

  async picture(page, name) {
    const over = (await page.locator('dialog[open]').count()) > 0;
    this.#story.push(`  ![${name}](${name}.png)`);
    await page.screenshot({ path: path.join(this.shots, `${name}.png`), fullPage: !over });
  }

  async finish() {
    await this.browser.close();
    if (this.#story.length > 0) writeFileSync(path.join(this.shots, 'transcript.md'), `# What people did in the browser\n\n${this.#story.join('\n')}\n`);
    console.log(`${this.passed} passed, ${this.failures.length} failed`);
    return this.failures.length === 0 ? 0 : 1;
  }
}

/** Nothing is loading any more. */
export async function settle(page) {
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && document.querySelector('h1'));
  await page.waitForTimeout(250);
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next name.
    }
  }
  throw new Error('no Chromium found: put one into PATH or name it in CHROMIUM');
}
