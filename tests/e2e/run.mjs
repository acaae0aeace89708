// Walks through the screens of a running `weft demo` as its people do.
//   node run.mjs http://127.0.0.1:7171 target/screenshots target/components
// The components are those of an author, in three versions: see `author.mjs`. `tests/it/browser.rs` makes them.
// Prints `N passed, N failed` and exits with 1 if any failed.
import { gzipSync } from 'node:zlib';
import { author } from './author.mjs';
import { cases } from './cases.mjs';
import { composer } from './composer.mjs';
import { contrast, contrastChosen } from './contrast.mjs';
import { desk } from './desk.mjs';
import { flows } from './flows.mjs';
import { check, PHONE, Run, settle } from './harness.mjs';
import { portal } from './portal.mjs';
import { screens } from './screens.mjs';

const [base, shots, components] = process.argv.slice(2);
if (!base || !shots || !components) {
  console.error('usage: node run.mjs BASE-URL SCREENSHOT-FOLDER COMPONENT-FOLDER');
  process.exit(2);
}

/** UX.md: what the first page may weigh, compressed. */
const FIRST_LOAD_BYTES_MAX = 80_000;
/** A change made by one person is seen by another within this. */
const LIVE_MS_MAX = 2000;

const run = await Run.start(base, shots);
const mark = `e2e ${Date.now().toString(36)}`;
const rows = (page) => page.locator('[data-ticket]');
const total = async (page) => Number(await page.locator('[data-total]').getAttribute('data-total'));
let number = '';

await run.test('first load fits the budget and nothing comes from elsewhere', async () => {
  const page = await run.visitor();
  const loads = [];
  page.on('response', (response) => loads.push(response));
  const first = await page.goto(`${run.base}/signin`);
  const policy = first.headers()['content-security-policy'] ?? '';
  check(policy.includes("default-src 'self'") && !policy.includes('unsafe'), `the content security policy is: ${policy}`);
  await page.waitForSelector('form');
  await settle(page);
  let bytes = 0;
  for (const response of loads) {
    check(response.url().startsWith(run.base), `loaded from elsewhere: ${response.url()}`);
    if (!new URL(response.url()).pathname.startsWith('/api/')) bytes += gzipSync(await response.body()).length;
  }
  console.log(`     first load ${(bytes / 1000).toFixed(1)} kB gzip`);
  check(bytes <= FIRST_LOAD_BYTES_MAX, `first load is ${bytes} bytes`);
  await page.context().close();
});

await run.test('a wrong password says what, why, what to do and the trace id', async () => {
  const page = await run.visitor();
  await page.goto(`${run.base}/signin`);
  await page.fill('[name=login]', 'nobody');
  await page.fill('[name=password]', 'wrong');
  await page.click('form button.primary');
  const alert = await page.locator('[role=alert]').innerText();
  check(alert.split('\n').filter(Boolean).length >= 3 && /trace/i.test(alert), `the alert says: ${alert}`);
  await run.look(page, 'sign-in-refused');
  await page.context().close();
});

await run.test('where nobody is signed in, every page leads to the sign-in and back', async () => {
  const page = await run.visitor();
  await page.goto(`${run.base}/agent?kind=incident`);
  await page.click('[data-persona="ada"]');
  await page.waitForURL('**/agent?kind=incident');
  await page.context().close();
});

const ada = await run.person('ada');
const ben = await run.person('ben');

await run.test('the agent filters the queue by address, and the counter is the length of the list', async () => {
  await rows(ada).first().waitFor();
  const all = await total(ada);
  await ada.selectOption('[name=kind]', 'incident');
  await ada.waitForURL(/kind=incident/);
  await ada.selectOption('[name=assignee]', 'none');
  await ada.waitForURL(/assignee=none/);
  await settle(ada);
  const some = await total(ada);
  check(some <= all, `${some} of ${all}`);
  check((await rows(ada).count()) === Math.min(some, 50), `${await rows(ada).count()} rows, counter ${some}`);
  await ada.reload();
  await settle(ada);
  check((await ada.locator('[name=kind]').inputValue()) === 'incident', 'the address did not keep the filter');
  check((await total(ada)) === some, 'the same address showed something else');
});

await run.test('the keyboard walks, selects, searches and opens', async () => {
  await ada.goto(`${run.base}/agent`);
  await rows(ada).first().waitFor();
  await ada.locator('h1').click();
  await ada.keyboard.press('j');
  await ada.keyboard.press('j');
  await ada.keyboard.press('x');
  check((await rows(ada).nth(1).getAttribute('class'))?.includes('selected'), 'x did not select the second row');
  check(await ada.locator('[role=toolbar]').isVisible(), 'no bulk bar');
  await run.look(ada, 'agent-queue-selected');
  await ada.keyboard.press('?');
  await ada.locator('dialog[open]').waitFor();
  await run.look(ada, 'shortcuts');
  await ada.keyboard.press('Escape');
  await ada.keyboard.press('Control+k');
  await ada.locator('dialog [role=combobox]').waitFor();
  await ada.keyboard.type('re');
  await ada.locator('dialog [role=option]').first().waitFor();
  await run.look(ada, 'palette');
  await ada.keyboard.press('Escape');
  await ada.keyboard.press('/');
  check(await ada.evaluate(() => document.activeElement?.getAttribute('name') === 'text'), '/ did not focus the search');
  await ada.keyboard.press('Escape');
  await ada.locator('h1').click();
  await ada.keyboard.press('k');
  await ada.keyboard.press('Enter');
  await ada.waitForURL('**/agent/tickets/*');
});

await run.test('a ticket without a title is refused where it is missing, then created; another agent sees it live', async () => {
  await ben.goto(`${run.base}/agent?text=${encodeURIComponent(mark)}`);
  await settle(ben);
  await ada.goto(`${run.base}/agent`);
  await rows(ada).first().waitFor();
  await ada.locator('h1').click();
  await ada.keyboard.press('c');
  const dialog = ada.locator('dialog[open]');
  await dialog.locator('[name=kind]').selectOption('incident');
  if (await dialog.locator('select[name=space]').count()) await dialog.locator('[name=space]').selectOption('it');
  await dialog.locator('footer .primary').click();
  await dialog.locator('[name=title][aria-invalid=true]').waitFor();
  await run.look(ada, 'new-ticket-refused');
  await dialog.locator('[name=title]').fill(`Router is down ${mark}`);
  await dialog.locator('[name=description]').fill('All of floor 2 is offline.');
  await dialog.locator('footer .primary').click();
  const start = Date.now();
  await rows(ben).first().waitFor({ timeout: LIVE_MS_MAX });
  console.log(`     seen after ${Date.now() - start} ms`);
  await ada.waitForURL('**/agent/tickets/*');
  number = ada.url().split('/').pop();
});

await run.test('the ticket shows why it is due when it is', async () => {
  const reason = ada.locator('[data-reason]').first();
  await reason.waitFor();
  const text = await reason.innerText();
  console.log(`     ${text}`);
  check(text.length > 20, `the reason says only: ${text}`);
});

await run.test('a reply and an internal note are told apart, and both arrive live', async () => {
  await ben.goto(`${run.base}/agent/tickets/${number}`);
  await settle(ben);
  await ada.keyboard.press('n');
  await ada.keyboard.type('The power supply smells burnt.');
  await ada.keyboard.press('Control+Enter');
  const start = Date.now();
  await ben.locator('[data-visibility=internal]', { hasText: 'burnt' }).waitFor({ timeout: LIVE_MS_MAX });
  console.log(`     seen after ${Date.now() - start} ms`);
  await ada.locator('input[type=radio][value=public]').check();
  await ada.locator('textarea').first().fill('We are on it.');
  await ada.locator('form.card button.primary').click();
  await ben.locator('[data-visibility=public]', { hasText: 'We are on it.' }).waitFor({ timeout: LIVE_MS_MAX });
});

await run.test('files go up and come down', async () => {
  await ada.locator('input[type=file]').setInputFiles({ name: 'router-log.txt', mimeType: 'text/plain', buffer: Buffer.from('link down\n') });
  await ada.locator('a[download]', { hasText: 'router-log.txt' }).waitFor();
});

await run.test('tickets are linked by number', async () => {
  await ada.getByRole('button', { name: 'Link a ticket' }).click();
  await ada.getByLabel('Ticket number').fill('NOPE0000000');
  await ada.getByRole('button', { name: 'Add', exact: true }).click();
  await ada.locator('[role=alert]').waitFor();
  await ada.goto(`${run.base}/agent?kind=incident&category=any&sort=opened_at`);
  await rows(ada).nth(1).waitFor();
  const numbers = await ada.locator('[data-ticket] .mono').allInnerTexts();
  const other = numbers.find((one) => one !== number);
  await ada.goto(`${run.base}/agent/tickets/${number}`);
  await ada.getByRole('button', { name: 'Link a ticket' }).click();
  await ada.getByLabel('Ticket number').fill(other);
  await ada.getByRole('button', { name: 'Add', exact: true }).click();
  await ada.locator('section a', { hasText: other }).first().waitFor();
});

await run.test('who edits what somebody else changed is asked, and nothing is lost', async () => {
  await ada.getByRole('button', { name: 'Edit details' }).click();
  await ben.getByRole('button', { name: 'Edit details' }).click();
  await ben.locator('form [name=location]').fill('Floor 2, rack 4');
  await ben.locator('form .buttons .primary').click();
  await ben.locator('dd', { hasText: 'rack 4' }).waitFor();
  await ada.locator('form [name=location]').fill('Floor 2, rack 5');
  await ada.locator('form .buttons .primary').click();
  const dialog = ada.locator('dialog[open]');
  await dialog.locator('td', { hasText: 'rack 4' }).waitFor();
  await run.look(ada, 'conflict');
  await dialog.locator('footer .primary').click();
  await ada.locator('dd', { hasText: 'rack 5' }).waitFor();
});

await run.test('a step that needs more is refused where it is missing, then taken', async () => {
  await ada.click('[data-transition=resolved]');
  const dialog = ada.locator('dialog[open]');
  await dialog.locator('footer .primary').click();
  await dialog.locator('[aria-invalid=true]').first().waitFor();
  await run.look(ada, 'transition-refused');
  for (const control of await dialog.locator('[aria-invalid=true]').all()) {
    const tag = await control.evaluate((element) => element.tagName);
    if (tag === 'SELECT') await control.selectOption({ index: 1 });
    else await control.fill('Solved');
  }
  await dialog.locator('footer .primary').click();
  await dialog.waitFor({ state: 'detached' });
  await ada.locator('header .badge.resolved, .meta .badge.resolved').first().waitFor();
});

await run.test('many tickets change at once, and each answers for itself', async () => {
  await ada.goto(`${run.base}/agent?kind=incident&category=new`);
  await rows(ada).first().waitFor();
  await rows(ada).nth(0).locator('input[type=checkbox]').check();
  await rows(ada).nth(1).locator('input[type=checkbox]').check();
  await ada.locator('[role=toolbar] button').nth(1).click();
  const dialog = ada.locator('dialog[open]');
  await dialog.locator('[name=bulk-state]').selectOption('resolved');
  await dialog.locator('footer .primary').click();
  await dialog.locator('.results li').nth(1).waitFor();
  check((await dialog.locator('.results li.bad').count()) === 2, 'a step without its fields was taken');
  await run.look(ada, 'bulk-result');
  await dialog.locator('footer .primary').click();
  await ada.locator('[role=toolbar] button').nth(0).click();
  await ada.locator('dialog[open] [role=combobox]').click();
  await ada.locator('dialog[open] [role=option]').first().click();
  await ada.locator('dialog[open] footer .primary').click();
  await ada.locator('dialog[open] .results li').nth(1).waitFor();
  check((await ada.locator('dialog[open] .results li.bad').count()) === 0, 'an assignment was refused');
  await ada.locator('dialog[open] footer .primary').click();
});

await run.test('an employee reports something in three clicks and never sees internal notes', async () => {
  const erin = await run.person('erin', { viewport: PHONE });
  await erin.click('a[href="/portal/new/incident?space=it"]');
  await erin.fill('[name=title]', `My screen is black ${mark}`);
  await run.look(erin, 'portal-report-phone');
  await erin.click('form button.primary');
  await erin.waitForURL('**/portal/tickets/*');
  const mine = erin.url().split('/').pop();
  await ada.goto(`${run.base}/agent/tickets/${mine}`);
  await settle(ada);
  await ada.keyboard.press('n');
  await ada.keyboard.type('Probably the cable again.');
  await ada.keyboard.press('Control+Enter');
  await ada.locator('[data-visibility=internal]').waitFor();
  await ada.keyboard.press('Escape');
  await ada.keyboard.press('r');
  await ada.keyboard.type('Have you tried another cable?');
  await ada.keyboard.press('Control+Enter');
  await erin.locator('[data-visibility=public]', { hasText: 'another cable' }).waitFor({ timeout: LIVE_MS_MAX + 1000 });
  check((await erin.locator('body').innerText()).includes('cable again') === false, 'the requester saw the internal note');
  await erin.locator('textarea').fill('Yes, it works now.');
  await erin.locator('form.card button.primary').click();
  await erin.locator('[data-visibility=public]', { hasText: 'works now' }).waitFor();
  await run.look(erin, 'portal-ticket-phone');
  await erin.goto(`${run.base}/agent`);
  check((await erin.locator('[data-ticket]').count()) === 0, 'an employee got the queue');
  await erin.context().close();
});

const max = await run.person('max');
let plugin = '';

await run.test('the administrator reads what each plugin may do and why', async () => {
  await max.goto(`${run.base}/admin/plugins`);
  await max.locator('[data-plugin=incident] a').click();
  await max.waitForURL('**/admin/plugins/incident');
  await max.locator('[data-grant]').first().waitFor();
  for (const grant of await max.locator('[data-grant]').allInnerTexts()) {
    check(/^May /.test(grant) && grant.split('\n').length >= 2, `a grant without a reason: ${grant}`);
  }
  plugin = max.url();
});

await run.test('what is no component is refused with the reason', async () => {
  await max.goto(`${run.base}/admin/plugins`);
  await max.locator('[data-plugin]').first().waitFor();
  await max.locator('input[type=file]').setInputFiles({ name: 'x.wasm', mimeType: 'application/wasm', buffer: Buffer.from('no wasm') });
  await max.locator('[role=alert]').waitFor();
  await run.look(max, 'plugin-refused');
});

await author(run, mark, { ada, max }, components);

await run.test('without a connection the page says so, and recovers', async () => {
  await ben.goto(`${run.base}/agent`);
  await rows(ben).first().waitFor();
  await ben.context().setOffline(true);
  await ben.locator('.offline').waitFor({ timeout: 8000 });
  await run.look(ben, 'offline');
  await ben.context().setOffline(false);
  await ben.locator('.offline').waitFor({ state: 'detached' });
});

await run.test('the theme can be chosen, and stays', async () => {
  const dark = () => ben.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('color-scheme').trim() === 'dark');
  await ben.locator('summary').click();
  await ben.locator('details select').first().selectOption('dark');
  check(await dark(), 'the page did not turn dark');
  await run.look(ben, 'agent-queue-dark-chosen');
  await ben.reload();
  await settle(ben);
  check(await dark(), 'the page forgot that it was dark');
  await ben.evaluate(() => localStorage.setItem('weft.theme', 'auto'));
});

await contrastChosen(run, ben);

await run.test('the screens speak German', async () => {
  await ben.goto(`${run.base}/agent`);
  await ben.evaluate(() => localStorage.setItem('weft.locale', 'de'));
  await ben.reload();
  await ben.getByRole('heading', { name: 'Warteschlange' }).waitFor();
  check((await ben.evaluate(() => document.documentElement.lang)) === 'de', 'the page does not say that it is German');
  await run.look(ben, 'agent-queue-german');
});

const screenPlaces = await screens(run, mark, { ada, ben, max, number });
const flowPlaces = await flows(run, mark, { ada, max });
const portalPlaces = await portal(run, mark, { ada, ben });
const casePlaces = await cases(run, mark, { ada, max });
const deskPlaces = await desk(run, mark, { ada, ben, max });
const composerPlaces = await composer(run, mark, { ada, max });

const places = [
  ['ada', ada, 'agent-queue', () => '/agent'],
  ['ada', ada, 'agent-ticket', () => `/agent/tickets/${number}`],
  ['ada', ada, 'new-ticket', () => '/agent?new=1'],
  ['ada', ada, 'portal', () => '/portal'],
  ['ada', ada, 'portal-report', () => '/portal/new/incident'],
  ['ada', ada, 'portal-ticket', () => `/portal/tickets/${number}`],
  ['ada', ada, 'not-found', () => '/nowhere'],
  ['max', max, 'plugins', () => '/admin/plugins'],
  ['max', max, 'plugin', () => new URL(plugin).pathname],
  ['max', max, 'outbox', () => '/admin/outbox'],
  ['max', max, 'outbox-done', () => '/admin/outbox?view=done'],
  ['max', max, 'jobs-held', () => '/admin/jobs?state=held'],
  ['max', max, 'jobs-dead', () => '/admin/jobs?state=dead'],
  ...screenPlaces,
  ...flowPlaces,
  ...portalPlaces,
  ...casePlaces,
  ...deskPlaces,
  ...composerPlaces,
];
for (const [, page, name, where] of places) {
  for (const theme of ['light', 'dark']) {
    for (const [size, viewport] of [['wide', { width: 1360, height: 860 }], ['phone', PHONE]]) {
      await run.test(`${name} is accessible: ${theme}, ${size}`, async () => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await page.goto(run.base + where());
        await run.look(page, `${name}-${theme}-${size}`);
      });
    }
  }
}
for (const theme of ['light', 'dark']) {
  await run.test(`sign-in is accessible: ${theme}`, async () => {
    const page = await run.visitor({ theme, viewport: theme === 'light' ? PHONE : undefined });
    await page.goto(`${run.base}/signin`);
    await page.locator('[data-persona]').first().waitFor();
    await run.look(page, `sign-in-${theme}`);
    await page.context().close();
  });
}
await contrast(run, places);

process.exitCode = await run.finish();
