// The HR case worker: a grievance arrives in confidence, is read only by the case team, investigated, decided and closed.
import { ask } from './flows.mjs';
import { check, settle } from './harness.mjs';

export async function cases(run, mark, { ada, max }) {
  const title = `I am shouted at in meetings ${mark}`;
  let hana;
  let path = '/agent';

  await run.test('an employee says in confidence what is not right, and the case worker finds it', async () => {
    const groups = await ask(max, 'GET', '/groups');
    const team = (Array.isArray(groups) ? groups : groups.items).find(({ id }) => id === 'hr-grievances');
    const worker = await ask(max, 'GET', '/people?text=hana');
    const hanaId = (Array.isArray(worker) ? worker : worker.items)[0].id;
    // Who looks into grievances is a group that a company names first.
    if (!team?.members.includes(hanaId)) await ask(max, 'PUT', '/groups/hr-grievances', { title: 'HR grievances', space: 'hr', members: [...(team?.members ?? []), hanaId], active: true });
    const erin = await run.person('erin');
    await erin.click('a[href="/portal/new/grievance?space=hr"]');
    await erin.fill('[name=title]', title);
    await erin.fill('[name=description]', 'It happened three times this month.');
    await erin.click('form button.primary');
    await erin.waitForURL('**/portal/tickets/*');
    await settle(erin);
    await erin.context().close();
    hana = await run.person('hana');
    await hana.goto(`${run.base}/agent?text=${encodeURIComponent(mark)}&category=any`);
    await hana.locator('[data-ticket] a', { hasText: title }).first().click();
    await hana.waitForURL('**/agent/tickets/*');
    await settle(hana);
    path = new URL(hana.url()).pathname;
    await run.look(hana, 'hr-case');
  });

  await run.test('nobody else finds the case: not by number, by words, or in a count', async () => {
    const number = path.split('/').pop();
    await ada.goto(`${run.base}${path}`);
    await ada.locator('[role=alert]').waitFor();
    check(!(await ada.locator('main').innerText()).includes('shouted'), 'an agent of another department reads the case');
    await ada.goto(`${run.base}/search?text=shouted`);
    await settle(ada);
    check(!(await ada.locator('main').innerText()).includes(number), 'the search tells that there is a case');
    const counts = await ask(ada, 'GET', '/tickets/counts?by=kind&kind=grievance');
    const counted = (Array.isArray(counts) ? counts : counts.items).reduce((sum, { count }) => sum + count, 0);
    check(counted === 0, `an agent of another department counts ${counted} cases`);
  });

  await run.test('the case worker notes, investigates, decides where a decision is missing, and closes', async () => {
    await hana.keyboard.press('n');
    await hana.keyboard.type('Talked to two witnesses.');
    await hana.keyboard.press('Control+Enter');
    await hana.locator('[data-visibility=internal]', { hasText: 'two witnesses' }).first().waitFor();
    await hana.keyboard.press('Escape');
    await step('investigation');
    await hana.click('[data-transition=decided]');
    const dialog = hana.locator('dialog[open]');
    await dialog.locator('footer .primary').click();
    await dialog.locator('[name=decision][aria-invalid=true]').waitFor();
    await run.look(hana, 'hr-decision-refused');
    await dialog.locator('[name=decision]').fill('Upheld: a mediation begins on Monday.');
    await dialog.locator('footer .primary').click();
    await dialog.waitFor({ state: 'detached' });
    await hana.locator('.meta .badge.resolved').first().waitFor();
    await step('closed');
    await hana.locator('.meta .badge.closed').first().waitFor();
    await settle(hana);
    await run.look(hana, 'hr-case-closed');
  });

  /** A step that asks for nothing, or only to be sure. */
  async function step(to) {
    await hana.click(`[data-transition=${to}]`);
    const primary = hana.locator('dialog[open] footer .primary');
    await primary.or(hana.locator(`[data-transition=${to}]`)).first().waitFor({ timeout: 3000 }).catch(() => undefined);
    if (await primary.count()) await primary.click();
    await hana.locator(`[data-transition=${to}]`).waitFor({ state: 'detached' });
    await settle(hana);
  }

  return hana ? [['hana', hana, 'hr-case', () => path]] : [];
}
