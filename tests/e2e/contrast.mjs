// Every page for people who need more contrast: text of 7:1 (axe's enhanced rule), a ring that is seen, lines around what can be used, and
// nothing that only a tint tells. Once with the contrast that the system asks for, once in the user's own colours.
import { check, settle, WIDE } from './harness.mjs';

/** What is chosen, as `contrast.css` names it. */
const CHOSEN = "[aria-current]:not([aria-current='false']), [aria-pressed='true'], [aria-selected='true'], tr.selected, li.selected, li.active, li.chosen, tr.hit";

export async function contrast(run, places) {
  for (const [place, [, page, name, where]] of places.entries()) {
    const theme = place % 2 === 0 ? 'light' : 'dark';
    await run.test(`${name} has high contrast: ${theme}`, async () => {
      await page.setViewportSize(WIDE);
      await page.emulateMedia({ contrast: 'more', forcedColors: 'none', colorScheme: theme, reducedMotion: 'reduce' });
      await page.goto(run.base + where());
      await run.look(page, `${name}-contrast-${theme}`, { rules: { 'color-contrast-enhanced': { enabled: true } } });
      await told(page);
    });
    await run.test(`${name} is readable in forced colours`, async () => {
      await page.emulateMedia({ contrast: 'no-preference', forcedColors: 'active', colorScheme: theme });
      await page.goto(run.base + where());
      await settle(page);
      await run.picture(page, `${name}-forced-colours`);
      await told(page);
    });
  }
  for (const page of new Set(places.map(([, page]) => page))) {
    await page.emulateMedia({ contrast: 'no-preference', forcedColors: 'none', colorScheme: 'light', reducedMotion: 'reduce' });
  }
}

/** Focus, controls and what is chosen are seen without their colours. */
async function told(page) {
  const faint = await page.evaluate((chosen) => {
    const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
    const say = (element) => `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
    const line = (style, side) => style[`border${side}Style`] !== 'none' && parseFloat(style[`border${side}Width`]) >= 1;
    const bare = [...document.querySelectorAll('main .button, main .input')].filter(seen).filter((element) => !line(getComputedStyle(element), 'Bottom'));
    const tinted = [...document.querySelectorAll(`main :is(${chosen}), header :is(${chosen})`)].filter(seen).filter((element) => {
      const style = getComputedStyle(element);
      return style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2;
    });
    return [...bare.map((element) => `without a line: ${say(element)}`), ...tinted.map((element) => `told by a tint alone: ${say(element)}`)].slice(0, 5);
  }, CHOSEN);
  check(faint.length === 0, faint.join('\n'));
  await page.keyboard.press('Tab');
  const ring = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return document.activeElement === document.body ? 'nothing has the focus' : `${style.outlineStyle} ${parseFloat(style.outlineWidth)}`;
  });
  check(ring === 'solid 3', `the ring of the focus is: ${ring}`);
}

/** The choice in the settings does what the system's does, and stays. */
export async function contrastChosen(run, page) {
  await run.test('high contrast can be chosen, in light and in dark, and stays', async () => {
    // A change of colour may take a frame, however little motion is wanted.
    const turns = (colour) => page.waitForFunction((wanted) => getComputedStyle(document.documentElement).backgroundColor === wanted, colour);
    await page.locator('summary').click();
    const select = page.locator('details select').first();
    await select.selectOption('contrast-dark');
    await turns('rgb(0, 0, 0)');
    await select.selectOption('contrast-light');
    await turns('rgb(255, 255, 255)');
    await page.reload();
    await settle(page);
    check((await page.evaluate(() => document.documentElement.dataset.contrast)) === 'more', 'the page forgot its contrast');
    await run.look(page, 'agent-queue-contrast-chosen', { rules: { 'color-contrast-enhanced': { enabled: true } } });
    await page.evaluate(() => localStorage.setItem('weft.theme', 'auto'));
    await page.reload();
  });
}
