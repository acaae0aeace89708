// What those who plan and decide have beyond lists: the calendar with bands and conflicts, the agenda of a board, the room of one ticket,
// calendars as a form, and lists as workbooks and on paper. Returns the places whose pages are looked at afterwards.
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { ask } from './flows.mjs';
import { check, PHONE, settle, WIDE } from './harness.mjs';

/** Far from what the demo brings, so that only these entries are there. */
const MONTH = '2031-05';
const LOOKS_MAX = 25;

export async function desk(run, mark, { ada, ben, max }) {
  const mona = await run.person('mona');
  const ci = await ask(ada, 'GET', '/cis?text=core-switch-1').then((page) => page.items[0].id);
  const changed = (title, from, to) =>
    ask(ada, 'POST', '/tickets', {
      kind: 'change', space: 'it', title: `${title} ${mark}`,
      fields: { type: 'emergency', planned_start: `${MONTH}-${from}:00Z`, planned_end: `${MONTH}-${to}:00Z`, cis: [ci], justification: 'It fails.' },
    });
  const first = await changed('Replace the switch', '14T20:00', '14T23:00');
  const second = await changed('Update the firmware', '14T21:00', '15T01:00');
  await ask(mona, 'POST', '/records', {
    kind: 'change-window', space: 'it', title: `Quarter end ${mark}`, fields: { type: 'blackout', start: `${MONTH}-14T18:00:00Z`, end: `${MONTH}-16T06:00:00Z` },
  });
  await ask(mona, 'POST', '/records', {
    kind: 'change-window', space: 'it', title: `Weekly ${mark}`, fields: { type: 'maintenance', calendar: 'office-hours', cis: ['none'] },
  });

  await run.test('a calendar shows entries with what they collide with, and what lies behind', async () => {
    await ada.setViewportSize(WIDE);
    await ada.goto(`${run.base}/calendar?kind=change&at=${MONTH}-12`);
    const chip = ada.locator(`a[data-entry="${second.number}"]`).first();
    await chip.waitFor();
    check(Number(await chip.getAttribute('data-conflicts')) >= 1, 'the conflict is not told');
    check((await chip.innerText()).includes('already scheduled'), `the reason is not on the entry: ${await chip.innerText()}`);
    check((await ada.locator('[data-band]', { hasText: 'Quarter end' }).count()) >= 2, 'the blackout is not drawn on its days');
    check((await ada.locator('[data-band]', { hasText: 'Weekly' }).count()) >= 20, 'the window that recurs is not drawn on the days of its calendar');
    await run.look(ada, 'calendar-month');
    check((await ada.locator(`a[data-entry="${second.number}"]`).count()) === 2, 'an entry over midnight is not on both days');
  });

  await run.test('the calendar is used from the keyboard, and the address says what is shown', async () => {
    await ada.locator('h1').click();
    await ada.keyboard.press('w');
    await ada.waitForURL(/layout=week/);
    await ada.locator(`a[data-entry="${first.number}"]`).first().waitFor();
    await run.look(ada, 'calendar-week');
    await ada.keyboard.press('n');
    await ada.waitForURL(/at=2031-05-19/);
    await ada.keyboard.press('p');
    await ada.keyboard.press('l');
    await ada.waitForURL(/layout=list/);
    const row = ada.locator(`[data-row="${second.number}"]`);
    await row.waitFor();
    check((await row.innerText()).includes(first.number), 'the list does not say with what it collides');
    await ada.reload();
    await row.waitFor();
    await ada.getByLabel('Only with conflicts').check();
    await ada.waitForURL(/conflicts=1/);
    check(Number(await ada.locator('[data-entries]').getAttribute('data-entries')) >= 2, 'the filter hides those with conflicts');
    await ada.locator('h1').click();
    await ada.keyboard.press('j');
    await ada.keyboard.press('j');
    check(await ada.evaluate(() => document.activeElement?.hasAttribute('data-entry')), 'j does not walk the entries');
    await ada.keyboard.press('Enter');
    await ada.waitForURL(/\/agent\/tickets\/|\/records/);
  });

  await run.test('a board sees what it decides in turn, with conflicts and votes, and votes there', async () => {
    await mona.goto(`${run.base}/agenda`);
    // The other change may name it among its conflicts: the title says which one it is.
    const item = mona.locator('[data-task]', { has: mona.locator('h2', { hasText: second.number }) });
    await item.waitFor();
    check((await item.innerText()).includes('already scheduled'), 'the conflicts are not on the agenda');
    await item.locator('[data-votes="0"]').waitFor();
    const order = await mona.locator('article h2').allInnerTexts();
    const at = (number) => order.findIndex((text) => text.includes(number));
    check(at(first.number) < at(second.number), `the order is ${order.join(' / ')}`);
    await run.look(mona, 'agenda');
    await mona.locator('[name=group]').selectOption({ label: 'Emergency change board' });
    await mona.waitForURL(/group=emergency-change-board/);
    await item.getByText('Answers and vote').click();
    await item.locator('[data-answer=approve]').click();
    await item.waitFor({ state: 'detached' });
    await run.look(mona, 'agenda-voted');
    let state = '';
    for (let round = 0; round < LOOKS_MAX && state !== 'scheduled'; round += 1) {
      state = (await ask(mona, 'GET', `/tickets/${second.number}`)).state;
      if (state !== 'scheduled') await new Promise((resolve) => setTimeout(resolve, 200));
    }
    check(state === 'scheduled', `after the vote the change is ${state}`);
  });

  const incident = await ask(ada, 'POST', '/tickets', { kind: 'incident', space: 'it', title: `Nothing works ${mark}`, fields: { ci, impact: 1, urgency: 1 } });
  const child = await ask(ben, 'POST', '/tickets', { kind: 'incident', space: 'it', title: `No mail ${mark}`, fields: {} });
  await ask(ben, 'PATCH', `/tickets/${child.number}`, { parent: incident.number });

  await run.test('a major incident has a room where people, children, impact and updates are together', async () => {
    await ada.goto(`${run.base}/agent/tickets/${incident.number}`);
    await settle(ada);
    check((await ada.getByRole('link', { name: 'Enter the room' }).count()) === 0, 'an ordinary incident has a room');
    await ask(ada, 'PATCH', `/tickets/${incident.number}`, { fields: { major: true } });
    await ada.getByRole('link', { name: 'Enter the room' }).click();
    await ada.locator(`[data-room="${incident.number}"]`).waitFor();
    await ada.locator('[data-children="1"]').waitFor();
    await ada.locator(`[data-ci="${ci}"]`).waitFor();
    await ben.goto(`${run.base}/agent/tickets/${incident.number}/room`);
    await ada.locator('[data-presence="1"]', { hasText: 'Ben' }).waitFor();
    await ada.getByLabel('Post an update').fill(`The cable is on its way ${mark}`);
    await ada.keyboard.press('Control+Enter');
    await ben.getByText(`The cable is on its way ${mark}`).waitFor();
    await run.look(ada, 'room');
    await ben.goto(`${run.base}/agent`);
  });

  await run.test('a calendar is written as a form, and what the server refuses stands at its field', async () => {
    const key = `desk-${mark.replace(/\W/g, '')}`;
    await max.goto(`${run.base}/admin/calendars`);
    await settle(max);
    await max.getByRole('button', { name: 'Add a calendar' }).click();
    const dialog = max.locator('dialog[open]');
    await dialog.locator('[name=key]').fill(key);
    await dialog.locator('[name=title]').fill(`Desk ${mark}`);
    await dialog.locator('[name=zone]').fill('Atlantis/Deep');
    const tuesday = dialog.locator('[data-day=tue]');
    await tuesday.locator('[name=to]').fill('07:00');
    await dialog.locator('[data-add=holiday]').click();
    await dialog.locator('[name=holiday-title]').fill('Spring');
    await dialog.locator('[name=holiday-from]').fill('2031-05-01');
    await dialog.locator('[name=holiday-to]').fill('2031-04-01');
    await dialog.locator('footer .primary').click();
    await dialog.locator('[name=zone][aria-invalid=true]').waitFor();
    await tuesday.locator('[data-fault]').waitFor();
    await dialog.locator('[data-fault="holidays.0"]').waitFor();
    await run.look(max, 'calendar-form-refused');
    await dialog.locator('[name=zone]').fill('Europe/Zurich');
    await tuesday.locator('[name=to]').fill('12:00');
    await dialog.locator('[name=holiday-to]').fill('');
    await dialog.locator('[name=holiday-yearly]').check();
    await dialog.getByRole('button', { name: 'JSON' }).click();
    const written = JSON.parse(await dialog.locator('[name=definition]').inputValue());
    check(written.holidays[0].date === '--05-01' && written.hours.tue[0][1] === '12:00', JSON.stringify(written));
    await dialog.getByRole('button', { name: 'Form', exact: true }).click();
    await dialog.locator('footer .primary').click();
    await max.getByText('The calendar is saved').waitFor();
    const kept = await ask(max, 'GET', `/calendars/${key}`);
    check(kept.definition.hours.wed[0][0] === '08:00' && kept.definition.holidays[0].title === 'Spring', JSON.stringify(kept.definition));
  });

  await run.test('lists and reports come as workbooks, and a report prints with its numbers', async () => {
    await ada.goto(`${run.base}/agent?category=any`);
    await settle(ada);
    const [list] = await Promise.all([ada.waitForEvent('download'), ada.getByRole('button', { name: 'As XLSX' }).click()]);
    check(list.suggestedFilename() === 'tickets.xlsx', list.suggestedFilename());
    const bytes = readFileSync(await list.path());
    const texts = packed(bytes, 'xl/sharedStrings.xml');
    check(bytes.subarray(0, 2).toString() === 'PK' && bytes.includes('xl/worksheets/sheet1.xml') && texts.includes(incident.number), 'it is no workbook of these tickets');
    await ada.goto(`${run.base}/reports?practice=incident`);
    const card = ada.locator('[data-report="incident/backlog-by-age"]');
    await card.locator('.huge').waitFor();
    const [report] = await Promise.all([ada.waitForEvent('download'), card.getByRole('button', { name: /as XLSX$/ }).click()]);
    check(report.suggestedFilename() === 'incident-backlog-by-age.xlsx', report.suggestedFilename());
    check(!(await card.locator('.print-only table').isVisible()), 'the table for paper is on the screen');
    await ada.emulateMedia({ media: 'print' });
    check(await card.locator('.print-only table').isVisible(), 'on paper the numbers are missing');
    check(!(await ada.getByRole('button', { name: 'Print or save as PDF' }).isVisible()), 'on paper there are buttons');
    const pdf = await ada.pdf({ format: 'A4' });
    check(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 10_000, `${pdf.length} bytes of PDF`);
    await run.picture(ada, 'report-on-paper');
    await ada.emulateMedia({ media: 'screen' });
  });

  await run.test('a month fits a phone, and a day leads to its week', async () => {
    await ada.setViewportSize(PHONE);
    await ada.goto(`${run.base}/calendar?kind=change&at=${MONTH}-12`);
    await settle(ada);
    await run.look(ada, 'calendar-month-phone');
    await ada.locator(`[data-day="${MONTH}-14"] .day`).click();
    await ada.waitForURL(/layout=week/);
    await ada.setViewportSize(WIDE);
  });

  return [
    ['ada', ada, 'calendar', () => `/calendar?kind=change&at=${MONTH}-12`],
    ['ada', ada, 'calendar-week', () => `/calendar?kind=change&layout=week&at=${MONTH}-12`],
    ['ada', ada, 'calendar-list', () => `/calendar?kind=change&layout=list&at=${MONTH}-12`],
    ['mona', mona, 'agenda', () => '/agenda'],
    ['mona', mona, 'agenda-board', () => '/agenda?group=change-advisory-board'],
    ['ada', ada, 'room', () => `/agent/tickets/${incident.number}/room`],
  ];
}

/** One file of an archive, by the directory at its end. */
function packed(bytes, name) {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  let at = bytes.readUInt32LE(end + 16);
  for (let rest = bytes.readUInt16LE(end + 10); rest > 0; rest -= 1) {
    const [method, size, nameLength, local] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    if (bytes.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const content = bytes.subarray(start, start + size);
      return (method === 8 ? inflateRawSync(content) : content).toString('utf8');
    }
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return '';
}
