// How long people wait for the screens: from the key or the click until what they asked for is painted.
//   node speed.mjs http://127.0.0.1:7171
// The last line is JSON: milliseconds by action, and beside them what this browser needs for a page that does nothing else.
import { tmpdir } from 'node:os';
import { Run, settle } from './harness.mjs';

const [base] = process.argv.slice(2);
if (!base) {
  console.error('usage: node speed.mjs BASE-URL');
  process.exit(2);
}
const ROUNDS = Number(process.env.ROUNDS ?? 20);
/** What takes longer is broken and not slow. */
const WAIT_MS_MAX = 10_000;
const run = await Run.start(base, tmpdir());
const page = await run.person('ada');
const results = {};

/** Milliseconds until an element of the selector (with this text, at this address) is painted, counted from the first input event. */
async function timed(done, act) {
  await page.evaluate(({ selector, text, address, limit }) => {
    window.shown = new Promise((resolve, reject) => {
      let began;
      const asked = performance.now();
      const begin = (event) => {
        began ??= event.timeStamp;
      };
      const inputs = ['keydown', 'pointerdown', 'change'];
      for (const type of inputs) addEventListener(type, begin, { capture: true });
      const look = () => {
        const found = [...document.querySelectorAll(selector)].some((one) => one.checkVisibility() && (!text || one.textContent.includes(text)));
        if (performance.now() - asked > limit) return reject(new Error(`${selector} ${address ?? ''} ${text ?? ''} was not painted within ${limit} ms`));
        if (began === undefined || !found || (address && !location.href.includes(address))) return requestAnimationFrame(look);
        for (const type of inputs) removeEventListener(type, begin, { capture: true });
        return requestAnimationFrame(() => resolve(performance.now() - began));
      };
      look();
    });
    // Whoever asks for it gets the reason; until then it is nobody's.
    window.shown.catch(() => {});
  }, { ...done, limit: WAIT_MS_MAX });
  await act();
  return page.evaluate(() => window.shown);
}

/** An action so many times; `again` brings the page back to where it began. */
async function measure(name, round) {
  const times = [];
  for (let number = 0; number < ROUNDS; number += 1) times.push(await round(number));
  times.sort((one, other) => one - other);
  const at = (part) => Number(times[Math.min(times.length - 1, Math.floor(times.length * part))].toFixed(1));
  results[name] = { p50_ms: at(0.5), p95_ms: at(0.95) };
  console.log(`${name.padEnd(44)} p50 ${String(at(0.5)).padStart(6)} ms   p95 ${String(at(0.95)).padStart(6)} ms`);
}

const rows = page.locator('[data-ticket]');
const queue = async () => {
  await page.goto(`${run.base}/agent?category=open`);
  await rows.first().waitFor();
  await settle(page);
};

await queue();
await page.evaluate(() => {
  const button = document.createElement('button');
  button.id = 'floor';
  button.textContent = 'floor';
  button.onclick = () => document.body.append(Object.assign(document.createElement('i'), { className: 'floor', textContent: '.' }));
  document.body.prepend(button);
});
await measure('the browser alone: a button that shows a dot', async () => {
  const time = await timed({ selector: 'i.floor' }, () => page.click('#floor'));
  await page.evaluate(() => document.querySelectorAll('i.floor').forEach((one) => one.remove()));
  return time;
});
await queue();
// From the second row there is one above and one below.
await page.locator('h1').click();
await page.keyboard.press('j');
await page.keyboard.press('j');
await measure('the next row by key', async (number) => {
  const before = await page.evaluate(() => document.querySelector('[data-ticket].current')?.dataset.ticket ?? '');
  return timed({ selector: `[data-ticket].current:not([data-ticket="${before}"])` }, () => page.keyboard.press(number % 2 === 0 ? 'j' : 'k'));
});
await measure('the palette', async () => {
  const time = await timed({ selector: 'dialog[open] [role=combobox]' }, () => page.keyboard.press('Control+k'));
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' }).catch(() => page.locator('dialog[open]').waitFor({ state: 'hidden' }));
  return time;
});
await measure('another kind in the queue', async (number) => {
  const kind = number % 2 === 0 ? 'incident' : 'request';
  const time = await timed({ selector: '[data-ticket]', address: `kind=${kind}` }, () => page.selectOption('[name=kind]', kind));
  await settle(page);
  return time;
});
await queue();
await measure('a ticket opened from the queue', async (number) => {
  const link = rows.nth(number % 5).locator('a').first();
  const ticket = (await link.getAttribute('href')).split('/').pop();
  const time = await timed({ selector: 'main h1', address: ticket }, () => link.click());
  await settle(page);
  await page.goBack();
  await rows.first().waitFor();
  await settle(page);
  return time;
});
await rows.first().locator('a').first().click();
await settle(page);
await measure('a note that was written', async (number) => {
  const text = `Looked at it, time ${number} of ${ROUNDS}.`;
  await page.keyboard.press('n');
  await page.keyboard.type(text);
  return timed({ selector: '[data-visibility=internal]', text }, () => page.keyboard.press('Control+Enter'));
});
const code = await run.finish();
console.log(JSON.stringify({ id: 'screens', ...results }));
process.exitCode = code;
