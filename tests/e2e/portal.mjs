// What employees do beyond asking: read an answer and say whether it helped, approve from the first page, go on after a lost connection.
// Returns the places whose pages are looked at afterwards in every theme and width.
import { ask } from './flows.mjs';
import { check, PHONE, settle } from './harness.mjs';

const DEPARTMENTS = ['facility-fault?space=facilities', 'grievance?space=hr', 'contract-review?space=legal'];

/** Everything about the portal. The page of the article is one of the places. */
export async function portal(run, mark, { ada }) {
  let article = '/portal';

  await run.test('every department offers what is its own, and what several offer stands once', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    for (const kind of DEPARTMENTS) await erin.locator(`a[href="/portal/new/${kind}"]`).waitFor();
    check((await erin.locator('a[href^="/portal/new/incident"]').count()) > 1, 'there is no choice of departments');
    const headings = await erin.locator('.choice strong').allInnerTexts();
    check(new Set(headings).size === headings.length, `the same thing twice: ${headings}`);
    await run.look(erin, 'portal-catalogue-phone');
    await erin.context().close();
  });

  await run.test('an employee finds the article before a form, reads it, and says that it did not help', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    await erin.locator('[name=words]').fill('vpn');
    const first = erin.locator('[data-answers] a').first();
    await first.waitFor();
    await erin.locator('[data-answers] a[href^="/portal/records/"]', { hasText: 'Connect to the VPN' }).waitFor();
    check((await first.getAttribute('href')).startsWith('/portal/records/'), 'something else stands above the answer');
    await first.click();
    await erin.waitForURL('**/portal/records/*');
    article = new URL(erin.url()).pathname;
    await erin.locator('[data-read] ol li').nth(2).waitFor();
    check((await erin.locator('[data-read] em').innerText()) === 'Office', 'the emphasis is not drawn');
    await erin.click('[data-helped=no]');
    await erin.fill('[name=remark]', `Where is the client? ${mark}`);
    await run.look(erin, 'portal-article-phone');
    await erin.click('[data-feedback] form .primary');
    await erin.locator('[data-thanks]').waitFor();
    await run.look(erin, 'portal-article-thanks-phone');
    const told = (await ask(ada, 'GET', '/tickets?kind=article-feedback&sort=opened_at&order=desc&limit=1')).items[0];
    check(told.fields.rating === 1 && told.fields.remark.includes(mark) && told.group === 'network', `the practice was told ${JSON.stringify(told)}`);
    await erin.context().close();
  });

  await run.test('what is not published for everybody is not there for an employee', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    const all = (await ask(ada, 'GET', '/records?kind=article')).items;
    const hidden = all.find(({ state }) => state !== 'published');
    const seen = (await ask(erin, 'GET', '/records?kind=article')).items;
    check(seen.length > 0 && seen.every(({ state, fields }) => state === 'published' && fields.owner === undefined), 'the list shows more');
    await erin.goto(`${run.base}/portal/records/${hidden.number}`);
    await erin.locator('h1').waitFor();
    check(!(await erin.locator('main').innerText()).includes(hidden.title), 'the page shows it');
    await erin.goto(`${run.base}/portal`);
    // Its published version, if it has one, may well be found by the same words.
    const asked = erin.waitForResponse((answer) => answer.url().includes('/search'));
    await erin.locator('[name=words]').fill(hidden.title);
    await asked;
    await settle(erin);
    check((await erin.locator(`[data-answers] a[href="/portal/records/${hidden.number}"]`).count()) === 0, 'the search shows it');
    await erin.context().close();
  });

  await run.test('an approval is given in two taps from the first page, and a rejection says why', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    const request = async (title) => {
      const body = { kind: 'request', space: 'it', title: `${title} ${mark}`, fields: { item: 'laptop', price: 1299.5, description: 'The old one is broken.' } };
      return (await ask(erin, 'POST', '/tickets', body)).id;
    };
    const wanted = [await request('A bag'), await request('A boat')];
    let boss;
    for (const [place, ticket] of wanted.entries()) {
      const task = await waiting(ada, ticket);
      const { login } = await ask(ada, 'GET', `/people/${task.candidate_people[0]}`);
      boss ??= await run.person(login, { viewport: PHONE });
      await boss.goto(`${run.base}/portal`);
      const card = boss.locator(`[data-approval="${task.id}"]`);
      // The newest may be behind more cards than the page shows.
      for (const other of await boss.locator('[data-approval]').evaluateAll((cards) => cards.map((one) => one.dataset.approval))) {
        if (other !== task.id && (await card.count()) === 0) await ask(boss, 'POST', `/tasks/${other}/vote`, { answer: 'approve' });
      }
      if ((await card.count()) === 0) await boss.reload();
      await card.locator('strong', { hasText: mark }).waitFor();
      const said = await card.innerText();
      check(said.includes('Erin Novak') && said.includes('1,299.5'), `the card says only: ${said}`);
      await card.locator('.head').click();
      if (place === 0) {
        await run.look(boss, 'portal-approval-phone');
        await card.locator('[data-answer=approve]').click();
      } else {
        await card.locator('[data-turn-down]').click();
        await card.locator('[data-answer=reject]').click();
        await card.locator('[name=reason][aria-invalid=true]').waitFor();
        await run.look(boss, 'portal-rejection-phone');
        await card.locator('[name=reason]').fill('We have no water.');
        await card.locator('[data-answer=reject]').click();
      }
      await card.waitFor({ state: 'detached' });
      const answered = (await ask(ada, 'GET', `/tasks/${task.id}`)).votes[0];
      check(answered.answer === (place === 0 ? 'approve' : 'reject'), `the answer is ${answered.answer}`);
      if (place === 1) check(answered.comment === 'We have no water.', `the reason is ${answered.comment}`);
    }
    await boss.context().close();
    await erin.context().close();
  });

  await run.test('on a phone a request is answered, given files, rated and opened again, and says why', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    const { id, number } = await ask(erin, 'POST', '/tickets', { kind: 'incident', space: 'it', title: `Only green ${mark}`, fields: {} });
    await erin.goto(`${run.base}/portal/tickets/${number}`);
    await erin.locator('[data-transition=cancelled]').waitFor();
    check((await erin.locator('[data-transition=cancelled].primary').count()) === 0, 'giving up is the first button');
    await erin.locator('textarea').fill('It is the one by the window.');
    await erin.click('form.card button.primary');
    await erin.locator('[data-visibility=public]', { hasText: 'by the window' }).waitFor();
    await erin.locator('input[type=file]').setInputFiles({ name: 'green.txt', mimeType: 'text/plain', buffer: Buffer.from('green') });
    await erin.locator('a[download]', { hasText: 'green.txt' }).waitFor();
    const [files, talk] = await Promise.all(['.files', '.talk ol'].map((one) => erin.locator(one).first().boundingBox()));
    check(files.y < talk.y, 'the files stand below the whole timeline');

    const solved = { state: 'resolved', fields: { 'close-code': 'Solved', 'close-notes': 'Another cable.' } };
    await ask(ada, 'PATCH', `/tickets/${id}`, solved);
    const star = await erin.locator('fieldset label').first().boundingBox();
    check(star.width >= 40 && star.height >= 40, `a star is ${star.width} by ${star.height}`);
    await erin.locator('input[name=rating][value="2"]').check({ force: true });
    await erin.getByText('Thank you').waitFor();
    await run.look(erin, 'portal-resolved-phone');
    await erin.click('[data-transition=in-progress]');
    await erin.locator('dialog[open] textarea').fill('Still green.');
    await run.look(erin, 'portal-reopen-phone');
    await erin.click('dialog[open] footer .primary');
    await erin.locator('[data-visibility=public]', { hasText: 'Still green.' }).waitFor();
    await run.look(erin, 'portal-reopened-phone');
    await erin.context().close();
  });

  for (const [language, words] of [['en', 'You are offline'], ['de', 'Sie sind offline']]) {
    await run.test(`without a network nothing that was typed is lost, and the page goes on by itself: ${language}`, async () => {
      const erin = await run.person('erin', { viewport: PHONE });
      await erin.evaluate((locale) => localStorage.setItem('weft.locale', locale), language);
      await erin.goto(`${run.base}/portal/new/incident?space=it`);
      await erin.fill('[name=title]', `No network ${language} ${mark}`);
      await erin.context().setOffline(true);
      await erin.locator('.offline', { hasText: words }).waitFor({ timeout: 2000 });
      await run.look(erin, `portal-offline-${language}`);
      await erin.click('form button.primary');
      await erin.locator('[role=alert]').waitFor();
      check((await erin.inputValue('[name=title]')).includes(mark), 'the text is gone after it could not be sent');
      await erin.context().setOffline(false);
      await erin.locator('.offline').waitFor({ state: 'detached' });
      await erin.reload();
      await settle(erin);
      check((await erin.inputValue('[name=title]')).includes(mark), 'the text is gone after a reload');
      await erin.click('form button.primary');
      await erin.waitForURL('**/portal/tickets/*');
      const number = erin.url().split('/').pop();
      await erin.locator('textarea').fill('It is back.');
      await erin.context().setOffline(true);
      await erin.locator('.offline').waitFor();
      await ask(ada, 'POST', `/tickets/${number}/comments`, { visibility: 'public', body: 'Said while you were away.' });
      await erin.context().setOffline(false);
      await erin.locator('[data-visibility=public]', { hasText: 'while you were away' }).waitFor();
      await erin.locator('.offline').waitFor({ state: 'detached' });
      check((await erin.locator('textarea').inputValue()) === 'It is back.', 'the reply that was begun is gone');
      await erin.goto(`${run.base}/portal/new/incident?space=it`);
      check((await erin.inputValue('[name=title]')) === '', 'what was sent is offered again');
      await erin.context().close();
    });
  }

  return [['ada', ada, 'portal-article', () => article]];
}

/** The approval of a ticket, once the flow has come to it. */
async function waiting(page, ticket) {
  for (let look = 0; look < 25; look += 1) {
    const task = (await ask(page, 'GET', `/tasks?ticket=${ticket}`)).items.find(({ rule, state }) => rule && state === 'open');
    if (task) return task;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('no approval came');
}
