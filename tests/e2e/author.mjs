// The plugin author: installs what was built, reads what it is granted, sets it up, sees it work, sees it fail and be put aside, and replaces
// it by the version that mends it. The three components come from whoever starts the run.
import path from 'node:path';
import { ask } from './flows.mjs';
import { check, settle } from './harness.mjs';

/** Faults within a minute that put a plugin aside. */
const FAULTS_MAX = 5;

export async function author(run, mark, { ada, max }, components) {
  const greeter = (version) => path.join(components, `greeter-${version}.wasm`);
  const page = max;
  const state = () => ask(max, 'GET', '/plugins/greeter');
  const report = (number) => ask(ada, 'POST', '/tickets', { kind: 'incident', space: 'it', title: `Greet me ${number} ${mark}`, fields: { description: 'Hello?' } });
  const comments = async (ticket) => (await ask(ada, 'GET', `/tickets/${ticket.id}/comments`)).items.filter(({ body }) => body === 'Hello from the greeter.');
  const until = async (what, holds) => {
    for (let tries = 0; tries < 100; tries += 1) {
      if (await holds()) return;
      await page.waitForTimeout(100);
    }
    throw new Error(`not within ten seconds: ${what}`);
  };
  let first;
  let waiting;

  /** Choose a file, and wait for what is asked. */
  async function choose(version) {
    await page.goto(`${run.base}/admin/plugins`);
    await page.locator('[data-plugin]').first().waitFor();
    await page.locator('input[type=file]').setInputFiles(greeter(version));
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    return dialog;
  }

  async function accept(dialog) {
    await dialog.locator('footer .primary').click();
    await page.waitForURL('**/admin/plugins/greeter');
    await dialog.waitFor({ state: 'detached' });
    await settle(page);
  }

  await run.test('an author sees what a new plugin asks for before it runs, and can turn away', async () => {
    const dialog = await choose('1.0.0');
    check((await dialog.locator('[data-grant]').count()) === 2, 'not both grants are shown');
    check((await dialog.locator('[data-replaces]').count()) === 0, 'it replaces nothing');
    await run.look(page, 'plugin-consent');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    check((await page.locator('[data-plugin=greeter]').count()) === 0, 'it is installed without consent');
  });

  await run.test('installed and granted, it is set up, wrong values are refused where they stand, and it works', async () => {
    await accept(await choose('1.0.0'));
    await page.locator('[name=greeting]').fill('');
    await page.locator('section[aria-labelledby=settings] .primary').click();
    await page.locator('[name=greeting][aria-invalid=true]').waitFor();
    await run.look(page, 'plugin-settings-refused');
    await page.locator('[name=greeting]').fill('Good morning');
    await page.locator('section[aria-labelledby=settings] .primary').click();
    await until('the setting is kept', async () => (await state()).settings.greeting === 'Good morning');
    first = await report(0);
    await until('the plugin answers a new incident', async () => (await comments(first)).length === 1);
    check((await state()).health.calls > 0, 'no call is counted');
  });

  await run.test('another version says what is new in it and what is not asked for any more', async () => {
    const dialog = await choose('1.1.0');
    await dialog.locator('[data-replaces]', { hasText: '1.0.0' }).waitFor();
    check((await dialog.locator('[data-grant=new]').count()) === 1 && (await dialog.locator('[data-grant=granted]').count()) === 2, 'what is new does not stand out');
    await run.look(page, 'plugin-upgrade');
    await accept(dialog);
    const now = await state();
    check(now.version === '1.1.0' && now.settings.greeting === 'Good morning', `version ${now.version} with ${JSON.stringify(now.settings)}`);
  });

  await run.test('a version that fails is put aside with the cause, nobody is kept from working, and nothing is lost', async () => {
    waiting = [];
    for (let number = 1; number <= FAULTS_MAX; number += 1) waiting.push(await report(number));
    await until('it is put aside', async () => (await state()).state === 'quarantined');
    waiting.push(await report(FAULTS_MAX + 1));
    await page.goto(`${run.base}/admin/plugins/greeter`);
    await page.locator('.fault').waitFor();
    check((await page.locator('.fault').innerText()).includes('unreachable'), 'the cause is not told');
    await until('deliveries wait', async () => (await state()).health.held_jobs > 0);
    await page.reload();
    await page.locator('a[href="/admin/jobs?state=held"]').waitFor();
    await run.look(page, 'plugin-quarantined');
  });

  await run.test('the version that mends it is installed, and what waited is delivered, each once', async () => {
    const dialog = await choose('1.2.0');
    await dialog.locator('[data-gone] li').first().waitFor();
    await run.look(page, 'plugin-upgrade-mended');
    await accept(dialog);
    if ((await state()).state === 'quarantined') await page.getByRole('button', { name: 'End quarantine' }).click();
    for (const ticket of waiting) await until(`${ticket.number} is greeted`, async () => (await comments(ticket)).length > 0);
    for (const ticket of [first, ...waiting]) check((await comments(ticket)).length === 1, `${ticket.number} is greeted ${(await comments(ticket)).length} times`);
    await until('nothing waits', async () => (await state()).health.held_jobs === 0);
  });

  await run.test('the author goes back to the first version, and takes the plugin away', async () => {
    const dialog = await choose('1.0.0');
    await accept(dialog);
    check((await state()).version === '1.0.0', 'it is not back');
    await page.locator('header .danger').click();
    await page.locator('dialog[open] .danger').click();
    await page.waitForURL('**/admin/plugins');
    await page.locator('[data-plugin]').first().waitFor();
    await page.locator('[data-plugin=greeter]').waitFor({ state: 'detached' });
  });
}
