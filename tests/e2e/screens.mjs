// What administration, search, reports, the catalogue and the agent's page do beyond tickets. Returns the places whose pages are looked at
// afterwards in every theme and width.
import { ask } from './flows.mjs';
import { check, PHONE, settle } from './harness.mjs';

export async function screens(run, mark, { ada, ben, max, number }) {
  const person = `p${mark.replace(/\W/g, '')}`;
  let address = '';

  await run.test('an administrator adds a person, is told what is wrong, and gives roles', async () => {
    await max.goto(`${run.base}/admin/people`);
    await max.locator('[data-person]').first().waitFor();
    await max.getByRole('button', { name: 'Add a person' }).click();
    const dialog = max.locator('dialog[open]');
    await dialog.locator('[name=login]').fill('No Login');
    await dialog.locator('[name=zone]').fill('Atlantis/Deep');
    await dialog.locator('footer .primary').click();
    await dialog.locator('[name=login][aria-invalid=true]').waitFor();
    check((await dialog.locator('[aria-invalid=true]').count()) === 3, 'login, name and zone are not all marked');
    await run.look(max, 'person-refused');
    await dialog.locator('[name=login]').fill(person);
    await dialog.locator('[name=name]').fill('Pia Probst');
    await dialog.locator('[name=zone]').fill('Europe/Zurich');
    await dialog.locator('footer .primary').click();
    await max.waitForURL('**/admin/people/*');
    address = new URL(max.url()).pathname;
    await max.getByLabel('Agent in IT', { exact: true }).check();
    await max.getByText('The roles are saved').waitFor();
    await max.reload();
    await settle(max);
    check(await max.getByLabel('Agent in IT', { exact: true }).isChecked(), 'the role was not kept');
    await max.getByRole('button', { name: 'Set password' }).click();
    await max.locator('dialog[open] [name=password]').fill('short');
    await max.locator('dialog[open] footer .primary').click();
    await max.locator('dialog[open] [role=alert]').waitFor();
    await max.locator('dialog[open] [name=password]').fill('correct horse battery');
    await max.locator('dialog[open] footer .primary').click();
    await max.locator('dialog[open]').waitFor({ state: 'detached' });
    const pia = await run.visitor();
    await pia.goto(`${run.base}/signin`);
    await pia.fill('[name=login]', person);
    await pia.fill('[name=password]', 'correct horse battery');
    await pia.click('form button.primary');
    await pia.locator('[data-ticket]').first().waitFor();
    await max.getByRole('button', { name: 'Disable' }).click();
    await max.locator('dialog[open] footer button').click();
    await max.getByRole('button', { name: 'Enable again' }).waitFor();
    await pia.reload();
    await pia.waitForURL('**/signin*');
    await pia.context().close();
  });

  await run.test('a lifecycle is drawn, and the table says the same', async () => {
    await max.goto(`${run.base}/admin/kinds/incident`);
    await settle(max);
    const states = await max.locator('svg .state').count();
    const arrows = await max.locator('svg .arrow').count();
    const steps = await max.locator('table').first().locator('tbody tr').count();
    check(states === 6 && arrows >= steps && steps > 5, `${states} states, ${arrows} arrows, ${steps} rows`);
  });

  await run.test('a calendar says when something would be due, and refuses nonsense with every problem', async () => {
    await max.goto(`${run.base}/admin/calendars`);
    await settle(max);
    await max.locator('[name=calendar]').selectOption('24x7');
    await max.locator('[name=start]').fill('2026-03-02T08:00');
    await max.locator('[name=hours]').fill('26');
    await max.getByRole('button', { name: 'Compute' }).click();
    const due = await max.locator('[data-due]').innerText();
    check(/3 Mar|Mar 3/.test(due) && due.includes('UTC'), `it says: ${due}`);
    await max.getByRole('button', { name: 'Add a calendar' }).click();
    await max.locator('dialog[open]').getByRole('button', { name: 'JSON' }).click();
    await max.locator('dialog[open] [name=key]').fill('night');
    await max.locator('dialog[open] [name=definition]').fill('{"zone": "Atlantis", "hours": {"mon": ["25:00"]}}');
    await max.locator('dialog[open] footer .primary').click();
    await max.locator('dialog[open] [role=alert] li').nth(1).waitFor();
    // A draft is tried before anything is due by it.
    await max.locator('dialog[open] [name=definition]').fill('{"zone": "Europe/Berlin", "hours": {"mon": [["22:00", "23:00"]]}}');
    await max.locator('[name=trial-start]').fill('2026-03-03T08:00');
    await max.locator('[name=trial-hours]').fill('0.5');
    await max.locator('dialog[open]').getByRole('button', { name: 'Compute' }).click();
    await max.locator('[data-tried]', { hasText: /22:30|10:30/ }).waitFor();
    await run.look(max, 'calendar-draft-tried');
    await max.keyboard.press('Escape');
    check(!(await ask(max, 'GET', '/calendars')).items.some(({ key }) => key === 'night'), 'the draft is kept');
  });

  await run.test('settings tell where they come from', async () => {
    await max.goto(`${run.base}/admin/settings`);
    await max.locator('[data-setting="http.listen"]').waitFor();
    const all = await max.locator('[data-setting]').count();
    await max.getByLabel('Only those that are not the default').check();
    const changed = await max.locator('[data-setting]').count();
    check(all > 20 && changed < all, `${changed} of ${all}`);
  });

  await run.test('the journal is searched by who and what', async () => {
    await max.goto(`${run.base}/admin/audit?kind=person.`);
    await max.locator('[data-event]').first().waitFor();
    const kinds = await max.locator('[data-event]').evaluateAll((rows) => rows.map((row) => row.dataset.event));
    check(kinds.every((kind) => kind.startsWith('person.')), `other kinds: ${kinds}`);
    await max.goto(`${run.base}/admin/audit?subject_kind=ticket`);
    await settle(max);
    check((await max.locator('[data-event]').count()) === 0, 'the administrator reads tickets');
  });

  await run.test('a search with a slip of the pen finds the ticket from the palette', async () => {
    await ada.setViewportSize({ width: 1360, height: 860 });
    await ada.goto(`${run.base}/agent`);
    await settle(ada);
    await ada.keyboard.press('Control+k');
    await ada.locator('dialog [role=combobox]').fill('roueter');
    await ada.locator('dialog [role=option]', { hasText: /router/i }).first().waitFor();
    await run.look(ada, 'palette-corrected');
    await ada.keyboard.press('Escape');
  });

  await run.test('two agents see that both are here, and what is related', async () => {
    await ada.goto(`${run.base}/agent/tickets/${number}`);
    await ben.goto(`${run.base}/agent/tickets/${number}`);
    await ada.locator('[data-presence="1"]', { hasText: 'Ben' }).waitFor();
    await ben.locator('textarea').first().focus();
    await ada.locator('[data-presence]', { hasText: 'Ben Okafor is writing' }).waitFor();
    await run.look(ada, 'agent-ticket-presence');
    await ben.goto(`${run.base}/agent`);
    await ada.locator('[data-presence="0"]').waitFor({ state: 'attached' });
  });

  await run.test('the queue comes as a file', async () => {
    await ada.goto(`${run.base}/agent?category=any`);
    await settle(ada);
    const [download] = await Promise.all([ada.waitForEvent('download'), ada.getByRole('button', { name: 'As CSV' }).click()]);
    check(download.suggestedFilename() === 'tickets.csv', download.suggestedFilename());
  });

  await run.test('every number of a report opens its tickets', async () => {
    await ada.goto(`${run.base}/reports?practice=incident`);
    await ada.locator('[data-report="incident/backlog-by-age"] .huge').waitFor();
    const card = ada.locator('[data-report="incident/backlog-by-age"]');
    const total = Number((await card.locator('.huge').innerText()).replace(/\D/g, ''));
    check(total > 0, 'nothing is open');
    await card.locator('.huge').click();
    const dialog = ada.locator('dialog[open]');
    await dialog.locator('li').first().waitFor();
    check((await dialog.locator('li').count()) === Math.min(total, 200), `${await dialog.locator('li').count()} tickets behind ${total}`);
    await run.look(ada, 'report-tickets');
    await ada.keyboard.press('Escape');
    await card.getByRole('button', { name: 'As a table' }).click();
    check((await card.locator('tbody tr').count()) === 5, 'the table twin has other rows');
  });

  await run.test('who sees a ticket is explained', async () => {
    await ada.goto(`${run.base}/agent/tickets/${number}`);
    const panel = ada.locator('details', { hasText: 'Who sees this, and why' });
    await panel.locator('summary').click();
    await panel.locator('[role=combobox]').fill('ben');
    await ada.getByRole('option', { name: /ben/i }).first().click();
    await panel.getByText('They are an agent of its space.').first().waitFor();
    await run.look(ada, 'ticket-access');
    await panel.locator('[role=combobox]').fill('max');
    await ada.getByRole('option', { name: /max/i }).first().click();
    await panel.getByText(/does not see it: no rule lets them/).waitFor();
  });

  await run.test('a question of one\'s own is tried, kept, asked of a time that is over, and removed', async () => {
    await ada.goto(`${run.base}/reports`);
    await ada.getByRole('button', { name: 'New question' }).click();
    const dialog = ada.locator('dialog[open]');
    await dialog.locator('[name=title]').fill('Incidents by state');
    await dialog.locator('[name=kind]').selectOption('incident');
    await dialog.locator('[name=group]').selectOption('state');
    await dialog.getByRole('button', { name: 'Add a condition' }).first().click();
    await dialog.getByLabel('What is compared').selectOption('category');
    await dialog.getByLabel('How it is compared').selectOption({ label: 'is none of' });
    await dialog.getByLabel('Values').fill('cancelled');
    await dialog.getByRole('button', { name: 'Try it' }).click();
    await dialog.locator('.number').waitFor();
    await run.look(ada, 'question');
    const tried = Number((await dialog.locator('.number').innerText()).replace(/\D/g, ''));
    check(tried > 0, 'nothing was counted');
    await dialog.getByRole('button', { name: 'Keep' }).click();
    const card = ada.locator('[data-report="saved/incidents-by-state"]');
    await card.locator('.huge').waitFor();
    check(Number((await card.locator('.huge').innerText()).replace(/\D/g, '')) === tried, 'the card says something else');
    await ada.locator('[name="as-of"]').fill('2001-01-01T00:00');
    await card.getByText(/as of/).waitFor();
    check(Number((await card.locator('.huge').innerText()).replace(/\D/g, '')) === 0, 'there were incidents before there was Weft');
    await run.look(ada, 'reports-saved');
    await card.getByRole('button', { name: 'Remove' }).click();
    await ada.getByText('Nobody keeps a question for you yet.').waitFor();
  });

  await run.test('an employee finds an answer before a form, and says how it was', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    await erin.locator('[name=words]').fill('incident');
    await erin.locator('[data-answers] a', { hasText: /incident/i }).first().waitFor();
    await run.look(erin, 'portal-answers-phone');
    const lena = await run.person('lena', { viewport: PHONE });
    await lena.goto(`${run.base}/portal/new/contract-review?space=legal`);
    await settle(lena);
    await lena.getByText('More details').click().catch(() => undefined);
    await lena.locator('[name=contract_type]').selectOption('purchase');
    await lena.locator('[name=term_months]').waitFor({ state: 'attached' });
    await lena.locator('[name=contract_type]').selectOption('nda');
    await lena.locator('[name=term_months]').waitFor({ state: 'detached' });
    await lena.context().close();
    await erin.goto(`${run.base}/portal/new/incident?space=it`);
    await erin.fill('[name=title]', `A quick one ${mark}`);
    await erin.click('form button.primary');
    await erin.waitForURL('**/portal/tickets/*');
    const mine = erin.url().split('/').pop();
    const solved = { state: 'resolved', fields: { 'close-code': 'Solved', 'close-notes': 'Done.' } };
    const status = await ada.evaluate(
      async ([id, body]) => (await fetch(`/api/v1/tickets/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-Weft': '1' }, body })).status,
      [mine, JSON.stringify(solved)],
    );
    check(status === 200, `resolving answered ${status}`);
    await erin.reload();
    await erin.locator('input[name=rating][value="4"]').check({ force: true });
    await erin.getByText('Thank you').waitFor();
    await erin.reload();
    await erin.locator('input[name=rating][value="4"]').waitFor({ state: 'attached' });
    check(await erin.locator('input[name=rating][value="4"]').isChecked(), 'the rating was not kept');
    await run.look(erin, 'portal-rated-phone');
    await erin.context().close();
  });

  await run.test('a token is made, shown once and ended', async () => {
    await ada.goto(`${run.base}/account/tokens`);
    await ada.locator('[name=name]').fill(`Script ${mark}`);
    await ada.getByRole('button', { name: 'Make a token' }).click();
    const token = await ada.locator('[data-token]').innerText();
    const answer = await fetch(`${run.base}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
    check(answer.status === 200, `the token is answered ${answer.status}`);
    await run.look(ada, 'token-made');
    await ada.locator('li', { hasText: `Script ${mark}` }).getByRole('button', { name: 'End it' }).click();
    await ada.getByText('has ended').waitFor();
    check((await fetch(`${run.base}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).status === 401, 'the token still works');
  });

  await run.test('high contrast can be chosen, in light and in dark', async () => {
    await ben.evaluate(() => localStorage.setItem('weft.theme', 'contrast'));
    for (const theme of ['light', 'dark']) {
      await ben.emulateMedia({ colorScheme: theme });
      for (const [name, path] of [['queue', '/agent'], ['ticket', `/agent/tickets/${number}`], ['reports', '/reports']]) {
        await ben.goto(run.base + path);
        await run.look(ben, `contrast-${name}-${theme}`);
      }
    }
    await ben.evaluate(() => localStorage.setItem('weft.theme', 'auto'));
    await ben.emulateMedia({ colorScheme: 'light' });
  });

  await run.test('nothing is untranslated, and nothing breaks when texts are longer or run from right to left', async () => {
    for (const pseudo of ['qps', 'qps-rtl']) {
      await ben.evaluate((name) => {
        localStorage.setItem('weft.pseudo', name);
        localStorage.setItem('weft.locale', 'en');
      }, pseudo);
      for (const viewport of [{ width: 1360, height: 860 }, PHONE]) {
        await ben.setViewportSize(viewport);
        for (const [name, path] of [['portal', '/portal'], ['queue', '/agent'], ['ticket', `/agent/tickets/${number}`], ['reports', '/reports'], ['tokens', '/account/tokens']]) {
          await ben.goto(run.base + path);
          await run.look(ben, `${pseudo}-${name}-${viewport.width}`);
          const plain = await ben.evaluate(() =>
            [...document.querySelectorAll('h1, h2, label, th, .button')]
              .map((element) => [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join('').trim())
              .filter((text) => /[A-Za-z]{3}/.test(text) && !text.includes('⟦')),
          );
          // What comes from kinds, plugins and people is not the screens' to translate; headings and buttons of the screens are.
          const own = plain.filter((text) => /^(Save|Cancel|Add|Edit|Queue|Reports|Search|Token|Load more|Assign)/.test(text));
          check(own.length === 0, `${path} has untranslated texts: ${own.join(', ')}`);
        }
      }
    }
    await ben.evaluate(() => localStorage.removeItem('weft.pseudo'));
    await ben.setViewportSize({ width: 1360, height: 860 });
  });

  const ci = await ada.evaluate(async () => (await (await fetch('/api/v1/cis?text=core-switch-1')).json()).items[0]?.id);
  await run.test('what falls with a configuration item is drawn and listed', async () => {
    await ada.goto(`${run.base}/cis/${ci}`);
    await ada.locator('svg rect').nth(1).waitFor();
    const drawn = await ada.locator('svg rect').count();
    const listed = await ada.locator('.table tbody tr').count();
    check(drawn === listed + 1, `${drawn} boxes, ${listed} rows`);
  });

  return [
    ['max', max, 'health', () => '/admin'],
    ['max', max, 'people', () => '/admin/people'],
    ['max', max, 'person', () => address],
    ['max', max, 'groups', () => '/admin/groups'],
    ['max', max, 'spaces', () => '/admin/spaces'],
    ['max', max, 'kinds', () => '/admin/kinds'],
    ['max', max, 'kind', () => '/admin/kinds/incident'],
    ['max', max, 'calendars', () => '/admin/calendars'],
    ['max', max, 'settings', () => '/admin/settings'],
    ['max', max, 'audit', () => '/admin/audit'],
    ['ada', ada, 'search', () => '/search?text=switch'],
    ['ada', ada, 'reports', () => '/reports?practice=incident'],
    ['ada', ada, 'reports-change', () => '/reports?practice=change'],
    ['ada', ada, 'cis', () => '/cis'],
    ['ada', ada, 'ci', () => `/cis/${ci}`],
    ['ada', ada, 'tokens', () => '/account/tokens'],
  ];
}
