// Pictures of the main pages for the documentation, of a running `weft demo`.
//   node pictures.mjs http://127.0.0.1:7171 host/docs/screens
import { statSync } from 'node:fs';
import path from 'node:path';
import { check, PHONE, Run, settle } from './harness.mjs';

const [base, folder] = process.argv.slice(2);
if (!base || !folder) {
  console.error('usage: node pictures.mjs BASE-URL FOLDER');
  process.exit(2);
}
const SIZE = { width: 1200, height: 760 };
/** All pictures together: they are part of the repository. */
const BYTES_MAX = 3_500_000;

const run = await Run.start(base, folder);
let bytes = 0;

async function picture(page, name, where) {
  await run.test(name, async () => {
    if (where) await page.goto(run.base + where);
    await settle(page);
    const file = path.join(folder, `${name}.png`);
    await page.screenshot({ path: file });
    bytes += statSync(file).size;
  });
}

const visitor = await run.visitor({ viewport: SIZE });
await picture(visitor, 'sign-in', '/signin');
const [erin, phone, ada, max, dark] = [
  await run.person('erin', { viewport: SIZE }),
  await run.person('erin', { viewport: PHONE }),
  await run.person('ada', { viewport: SIZE }),
  await run.person('max', { viewport: SIZE }),
  await run.person('ada', { viewport: SIZE, theme: 'dark' }),
];
const first = await ada.evaluate(async () => (await (await fetch('/api/v1/tickets?kind=incident&category=open&limit=1')).json()).items[0].number);
const ci = await ada.evaluate(async () => (await (await fetch('/api/v1/cis?text=core-switch-1')).json()).items[0].id);
const article = await erin.evaluate(async () => (await (await fetch('/api/v1/records?kind=article&state=published&limit=1')).json()).items[0]?.number);
const month = await ada.evaluate(async () => (await (await fetch('/api/v1/tickets?kind=change&limit=1')).json()).items[0].opened_at.slice(0, 10));
const mona = await run.person('mona', { viewport: SIZE });
const mine = await erin.evaluate(async () => (await (await fetch('/api/v1/tickets?requester=me&limit=1')).json()).items[0]?.number);
await picture(erin, 'portal', '/portal');
await picture(erin, 'portal-form', '/portal/new/incident?space=it');
if (mine) await picture(erin, 'portal-request', `/portal/tickets/${mine}`);
if (article) await picture(phone, 'portal-article-phone', `/portal/records/${article}`);
await picture(phone, 'portal-phone', '/portal');
await picture(ada, 'agent-queue', '/agent');
await picture(ada, 'agent-ticket', `/agent/tickets/${first}`);
await picture(ada, 'tasks', '/agent/tasks');
await picture(ada, 'search', '/search?text=switch');
await picture(ada, 'reports', '/reports?practice=incident');
await picture(ada, 'configuration-item', `/cis/${ci}`);
await picture(ada, 'change-calendar', `/calendar?kind=change&at=${month}`);
await picture(mona, 'agenda', '/agenda');
await picture(dark, 'agent-ticket-dark', `/agent/tickets/${first}`);
await picture(max, 'admin-health', '/admin');
await picture(max, 'admin-people', '/admin/people');
await picture(max, 'admin-kind', '/admin/kinds/incident');
await picture(max, 'admin-calendars', '/admin/calendars');
await picture(max, 'admin-settings', '/admin/settings');
await picture(max, 'admin-audit', '/admin/audit');
await picture(max, 'admin-plugins', '/admin/plugins');
await picture(max, 'admin-flows', '/admin/flows');
await picture(max, 'composer', '/admin/compose/flow/laptop-request');
await picture(max, 'admin-plugin', '/admin/plugins/change');
await run.test('all pictures together are small', async () => {
  console.log(`     ${(bytes / 1e6).toFixed(2)} MB`);
  check(bytes <= BYTES_MAX, `${bytes} bytes`);
});
process.exitCode = await run.finish();
