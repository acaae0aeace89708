// The cases about composing: an administrator makes a flow without a pointer and with one, deploys it, runs it, and sees what changed.
import { check, PHONE, settle } from './harness.mjs';
import { ask } from './flows.mjs';

/** How many times Tab is pressed on the way to something before it counts as out of reach. */
const TABS_MAX = 150;
/** How often a state is looked for before it counts as missing. */
const LOOKS_MAX = 40;
const LOOK_EVERY_MS = 250;

/** Walks with the Tab key, as whoever has no pointer does. */
async function tabTo(page, selector, key = 'Tab') {
  for (let press = 0; press < TABS_MAX; press += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`the Tab key does not reach ${selector}`);
}

async function until(what, look) {
  for (let round = 0; round < LOOKS_MAX; round += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`there was no ${what} within ${LOOKS_MAX * LOOK_EVERY_MS} ms`);
}

/** The draft as it is kept in the browser. */
const draftOf = (page, process) => page.evaluate((id) => JSON.parse(localStorage.getItem(`weft.draft.process.${id}`) ?? 'null')?.text ?? '', process);

/** What the server says about the draft. */
async function lint(page, process) {
  const text = await draftOf(page, process);
  return ask(page, 'POST', '/flows/lint', { files: [{ file: 'draft.bpmn', text }] });
}

async function ready(page) {
  await page.locator('[data-row]').first().waitFor();
  await settle(page);
}

/** Adds with the keyboard after the step that is selected in the list. */
async function addByKeyboard(page, words) {
  await page.keyboard.press('+');
  await page.locator('dialog[open] [name=catalog]').waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-row'));
}

async function nameByKeyboard(page, name) {
  await page.keyboard.press('Enter');
  await page.keyboard.press('F2');
  await tabTo(page, '.properties [name=name]');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
}

/** Everything about composing. Returns the places that the accessibility cases visit. */
export async function composer(run, mark, { ada, max }) {
  const id = `e2e-composed-${mark.split(' ').pop()}`;
  const path = `/admin/compose/flow/${id}`;
  const decision = `e2e-level-${mark.split(' ').pop()}`;
  const form = `e2e-form-${mark.split(' ').pop()}`;
  let instance = '';

  await run.test('an administrator composes a flow with the keyboard only, and deploys it', async () => {
    await max.goto(`${run.base}/admin/flows`);
    await settle(max);
    await tabTo(max, '[data-do=new]');
    await max.keyboard.press('Enter');
    await max.locator('dialog[open] [name=name]').waitFor();
    await run.look(max, 'composer-new');
    await max.keyboard.type('Loan of a camera');
    await tabTo(max, 'dialog [name=id]');
    await max.keyboard.press('Control+a');
    await max.keyboard.type(id);
    await max.keyboard.press('Enter');
    await max.waitForURL(`**${path}*`);
    await ready(max);

    await tabTo(max, '[data-row]');
    await addByKeyboard(max, 'task for people');
    await run.look(max, 'composer-keyboard');
    await nameByKeyboard(max, 'Hand out the camera');
    await tabTo(max, '[data-who=groups] select');
    await max.keyboard.type('Service');
    await max.keyboard.press('Tab');
    await until('group', async () => /candidateGroups="=\[/.test(await draftOf(max, id)));

    await tabTo(max, '[data-row]', 'Shift+Tab');
    await max.locator('[data-row][aria-current]').focus();
    await addByKeyboard(max, 'choice');
    await nameByKeyboard(max, 'Is it back?');
    await tabTo(max, '[data-do=branch]', 'Shift+Tab');
    await max.keyboard.press('Enter');
    await max.locator('.properties [name=condition]').waitFor();
    await tabTo(max, '.properties [name=condition]');
    await max.keyboard.type('returned = true');
    await max.keyboard.press('Tab');
    await until('condition', async () => (await draftOf(max, id)).includes('=returned = true'));
    const before = await lint(max, id);
    const said = [...before.errors, ...before.warnings];
    check(said.some(({ code }) => code === 'flow-missing-condition'), `a way without a condition is no problem: ${JSON.stringify(said)} ${await draftOf(max, id)}`);
    await until('problem on the page', async () => Number(await max.locator('[data-problems]').getAttribute('data-problems')) > 0);
    check(await max.locator('.canvas .weft-mark').first().isVisible(), 'the diagram shows no problem');
    await run.look(max, 'composer-problems');
    await tabTo(max, '[data-code=flow-missing-condition]');
    await max.keyboard.press('Enter');
    // The way that stood there first is the one that is taken otherwise.
    const ways = max.locator('li.branch [data-row]');
    check((await ways.count()) === 2, `${await ways.count()} ways`);
    await ways.first().focus();
    await max.keyboard.press('Enter');
    await max.locator('.properties [name=otherwise]').waitFor();
    await tabTo(max, '.properties [name=otherwise]');
    await max.keyboard.press('Space');
    await until('flow without errors', async () => (await lint(max, id)).errors.length === 0);
    await until('end of the problems on the page', async () => (await max.locator('[data-problems="0"]').count()) === 1);

    await tabTo(max, '[data-do=deploy]', 'Shift+Tab');
    await max.keyboard.press('Enter');
    await max.locator('dialog[open] [data-do=deploy-now]:not([disabled])').waitFor();
    await tabTo(max, 'dialog [data-do=deploy-now]');
    await max.keyboard.press('Enter');
    await max.locator('dialog[open]').waitFor({ state: 'detached' });
    await max.locator('[data-draft=no]').waitFor();
    const deployed = await ask(max, 'GET', `/flows/process/${id}`);
    check(deployed.version === 1 && deployed.name === 'Loan of a camera', `deployed: ${deployed.version} ${deployed.name}`);
  });

  await run.test('what was composed runs, and its steps say what went in and out', async () => {
    instance = (await ask(ada, 'POST', `/flows/process/${id}/instances`, { space: 'it', business_key: `${mark} composed`, variables: { returned: true } })).instance.id;
    const task = await until('task', async () => (await ask(ada, 'GET', '/tasks')).items.find((one) => one.instance === instance));
    check(task.name === 'Hand out the camera', task.name);
    await ask(ada, 'POST', `/tasks/${task.id}/complete`, { variables: { returned: true } });
    const ended = await ask(ada, 'GET', `/instances/${instance}`);
    check(ended.status === 'completed', ended.status);
  });

  await run.test('with the mouse a step of a plugin is added and told what it needs; the draft outlives the page', async () => {
    await max.goto(`${run.base}/admin/flows/${id}`);
    await max.click('[data-do=edit]');
    await ready(max);
    await max.click('[data-do=catalog]');
    const drawn = await max.locator('[data-row]', { hasText: 'Hand out the camera' }).count();
    check(drawn === 0, 'the list is still there');
    await max.locator('.canvas [data-element-id^="Activity_"]').first().click();
    await max.locator('.properties [name=name]').waitFor();
    await max.click('[data-entry="step:asset-steps/reserve"]');
    await max.locator('[data-input=class] input').waitFor();
    await max.fill('[data-input=class] input', 'camera');
    await max.locator('[data-input=class] input').blur();
    await until('input', async () => (await draftOf(max, id)).includes('target="class"'));
    check((await lint(max, id)).errors.length === 0, JSON.stringify((await lint(max, id)).errors));
    await run.look(max, 'composer-step');

    // Dragged to where there is room, connected by nobody: that is a problem, and one step back it is gone.
    const area = await max.locator('.canvas').boundingBox();
    await max.locator('[data-entry=task]').hover();
    await max.mouse.down();
    await max.mouse.move(area.x + 200, area.y + 100, { steps: 5 });
    await max.mouse.move(area.x + area.width / 2, area.y + area.height - 120, { steps: 8 });
    await max.mouse.up();
    await until('problem', async () => (await lint(max, id)).errors.some(({ code }) => code === 'flow-no-incoming'));
    await max.getByRole('button', { name: 'Undo' }).click();
    await until('end of the problem', async () => (await lint(max, id)).errors.length === 0);

    await max.reload();
    await ready(max);
    await max.locator('[data-draft=yes]').waitFor();
    check(await max.locator('[data-row]', { hasText: 'Reserve from stock' }).isVisible(), 'the draft was lost');
  });

  await run.test('the outline moves, changes and removes steps, and the model stays one that the server takes', async () => {
    const row = (text) => max.locator('[data-row]', { hasText: text }).first();
    const order = async () => (await max.locator('[data-row] .name').allInnerTexts()).join(' | ');
    await row('Reserve from stock').click();
    await max.click('[data-do=up]');
    await until('move up', async () => /Reserve from stock \| Hand out/.test(await order()));
    check((await lint(max, id)).errors.length === 0, 'moved up, it is broken');
    await row('Reserve from stock').focus();
    await max.keyboard.press('Alt+ArrowDown');
    await until('move down', async () => /Hand out the camera \| Reserve/.test(await order()));
    await max.selectOption('.properties [name=type]', 'step:asset-steps/release');
    await until('change', async () => (await draftOf(max, id)).includes('asset-steps/release'));
    await until('move to a way', async () => (await lint(max, id)).errors.length === 0);
    await max.click('[data-do=remove]');
    await until('removal', async () => !(await draftOf(max, id)).includes('asset-steps/release'));
    check((await lint(max, id)).errors.length === 0, 'removed, it is broken');
    await max.keyboard.press('Control+z');
    await until('undo', async () => (await draftOf(max, id)).includes('asset-steps/release'));
  });

  await run.test('a trial walks through the draft, and another answer leads another way', async () => {
    await max.click('[data-do=try]');
    await max.locator('[data-try=completed]').waitFor();
    const steps = max.locator('[data-step]');
    check((await steps.count()) >= 4, `${await steps.count()} steps`);
    await max.locator('[data-step]', { hasText: 'Hand out the camera' }).first().click();
    await max.locator('[data-tokens]', { hasText: 'Hand out the camera' }).waitFor();
    check((await max.locator('.canvas .weft-token').count()) > 0, 'the diagram shows no token');
    await run.look(max, 'composer-try');
    await max.selectOption('[data-try] [name=outcome]', 'silent');
    await max.locator('[data-try=running]').waitFor();
    await max.selectOption('[data-try] [name=outcome]', 'done');
    await max.locator('[data-try=completed]').waitFor();
    await max.locator('details[data-past] summary').click();
    await max.click('[data-do=past]');
    await max.locator('details[data-past="0"], details[data-past="1"]').waitFor();
    await max.click('[data-do=try]');
  });

  await run.test('version 2 is deployed, and the comparison shows what was added', async () => {
    await max.click('[data-do=deploy]');
    await max.locator('dialog[open] [data-changes]').waitFor();
    await run.look(max, 'composer-deploy');
    await max.click('[data-do=deploy-now]');
    await max.locator('dialog[open]').waitFor({ state: 'detached' });
    await max.click('[data-do=compare]');
    await max.locator('[data-change=added]').first().waitFor();
    await settle(max);
    check((await max.locator('.weft-added').count()) > 0, 'the diagram colours nothing');
    await run.look(max, 'composer-compare');
    await max.goto(`${run.base}/admin/flows/${id}?version=1`);
    await max.click('[data-do=old]');
    await ready(max);
    await max.locator('[data-draft=yes]').waitFor();
    check((await max.locator('[data-row]', { hasText: 'stock' }).count()) === 0, 'the older version did not come back');
    await max.click('[data-do=discard]');
    await max.click('[data-do=discard-now]');
    await max.locator('[data-row]', { hasText: 'stock' }).first().waitFor();
  });

  await run.test('every flow of the plugins opens without a problem', async () => {
    for (const { key } of (await ask(max, 'GET', '/flows?type=process&limit=200')).items.filter(({ plugin }) => plugin)) {
      await max.goto(`${run.base}/admin/compose/flow/${key}`);
      await ready(max);
      await until(`check of ${key}`, async () => (await max.locator('[data-problems]').getAttribute('aria-busy')) === 'false');
      const errors = await max.locator('[data-problems] .error').allInnerTexts();
      check(errors.length === 0, `${key}: ${errors.join('; ')}`);
      const before = (await ask(max, 'GET', `/flows/process/${key}`)).source;
      check((await max.locator('[data-row]').count()) >= 3, `${key}: ${await max.locator('[data-row]').count()} rows of ${before.length} bytes`);
    }
  });

  await run.test('what an administrator made of a flow of a plugin stays when the plugin is switched off and on', async () => {
    await max.goto(`${run.base}/admin/compose/flow/laptop-request`);
    await ready(max);
    await max.locator('[data-row=fulfil]').click();
    await max.fill('.properties [name=name]', 'Begin to fulfil');
    await max.locator('.properties [name=name]').blur();
    await max.locator('[data-draft=yes]').waitFor();
    await max.click('[data-do=deploy]');
    await max.locator('dialog[open] [data-changes] li').first().waitFor();
    const changes = await max.locator('dialog[open] [data-changes]').innerText();
    check(changes.includes('Begin to fulfil'), changes);
    await max.click('[data-do=deploy-now]');
    await max.locator('[data-draft=no]').waitFor();
    const edited = await ask(max, 'GET', '/flows/process/laptop-request');
    check(edited.plugin === null && edited.source.includes('formId="request/purchase"'), `${edited.plugin}: the forms of the plugin are not named`);
    await ask(max, 'POST', '/plugins/request/disable');
    await ask(max, 'POST', '/plugins/request/enable', { grants: 'all' });
    const now = await ask(max, 'GET', '/flows/process/laptop-request');
    check(now.version === edited.version && now.plugin === null, `version ${now.version} of ${now.plugin} came over version ${edited.version}`);
  });

  await run.test('the run is seen on its diagram, with what went in and out, and opens in the composer with its data', async () => {
    const login = `cora-${id}`;
    const password = 'a long enough sentence for Cora';
    const cora = (await ask(max, 'POST', '/people', { login, name: 'Cora Composer' })).id;
    await ask(max, 'PUT', `/people/${cora}/roles`, { roles: [{ space: '*', role: 'administrator' }, { space: 'it', role: 'agent' }] });
    await ask(max, 'PUT', `/people/${cora}/password`, { password });
    const page = await run.visitor();
    await page.goto(`${run.base}/signin?next=/admin/flows/${id}/instances/${instance}`);
    await page.fill('[name=login]', login);
    await page.fill('[name=password]', password);
    await page.click('form button.primary');
    await page.locator('[data-do=in-and-out] summary').click();
    await page.locator('[data-run-diagram=ready]').waitFor();
    await page.locator('[data-run-diagram] [data-element-id^="Activity_"]').first().click();
    await page.locator('[data-passage]', { hasText: 'returned' }).waitFor();
    await run.look(page, 'composer-run');
    await page.click('[data-do=compose]');
    await ready(page);
    await page.locator('[data-try=completed]').waitFor();
    check((await page.locator('[data-try] [name=variables]').inputValue()).includes('returned'), 'the variables of the run are not there');
    await page.context().close();
  });

  await run.test('a decision table is made with the keyboard, says which rule fired and why, and is deployed', async () => {
    await max.goto(`${run.base}/admin/compose`);
    await settle(max);
    await max.click('[data-new=decision]');
    await max.fill('dialog[open] [name=name]', 'Level of a loan');
    await max.fill('dialog[open] [name=id]', decision);
    await max.keyboard.press('Enter');
    await max.locator('[data-rule="1"]').waitFor();
    await max.locator('[data-cell="1/2"]').focus();
    await max.keyboard.type('more than petty cash');
    await max.keyboard.press('Tab');
    await max.locator('[data-cell="1/0"]').focus();
    await max.keyboard.press('Control+a');
    await max.keyboard.type('(100..1000]');
    await max.keyboard.press('Enter');
    await max.waitForFunction(() => document.querySelector('[data-rule="3"]'));
    await max.locator('[data-cell="2/0"]').focus();
    await max.keyboard.press('Control+a');
    await max.keyboard.type('> 1000');
    await max.keyboard.press('Tab');
    await max.keyboard.type('"huge');
    await max.locator('[data-cell="2/1"][aria-invalid=true]').waitFor();
    await max.keyboard.type('"');
    await max.keyboard.press('Tab');
    await max.click('[data-do=decide]');
    await max.locator('[data-hit=yes]').waitFor();
    await run.look(max, 'composer-decision');
    check((await max.locator('[data-hit=yes]').getAttribute('data-rule')) === '2', 'another rule fired than the second');
    await max.locator('[data-cell="2/0"]').focus();
    await max.keyboard.press('Alt+ArrowUp');
    await max.waitForFunction(() => document.querySelector('[data-cell="1/0"]')?.value === '> 1000');
    await max.click('[data-do=deploy]');
    await max.locator('[data-draft=no]').waitFor();
    check((await ask(max, 'GET', `/flows/decision/${decision}`)).source.includes('huge'), 'the rule is not deployed');
  });

  await run.test('a form is made of fields, previewed as they are made, and deployed', async () => {
    await max.goto(`${run.base}/admin/compose`);
    await settle(max);
    await max.click('[data-new=form]');
    await max.fill('dialog[open] [name=name]', 'Hand out a camera');
    await max.fill('dialog[open] [name=id]', form);
    await max.keyboard.press('Enter');
    await max.locator('[data-do=add-field]').click();
    await max.locator('[data-field="0"] [name=label]').waitFor();
    await max.fill('[data-field="0"] [name=label]', 'Lens');
    await max.locator('[data-field="0"] [name=label]').blur();
    await max.selectOption('[data-field="0"] [name=kind]', 'choice');
    await max.fill('[data-field="0"] [name=options]', 'wide: Wide angle\ntele');
    await max.locator('[data-field="0"] [name=options]').blur();
    await max.locator('[data-field="0"] [name=required]').check();
    await max.locator('.preview select option', { hasText: 'Wide angle' }).waitFor({ state: 'attached' });
    await run.look(max, 'composer-form');
    await max.click('[data-do=deploy]');
    await max.locator('[data-draft=no]').waitFor();
    const schema = JSON.parse((await ask(max, 'GET', `/flows/form/${form}`)).source);
    check(schema.required.includes('lens') && schema.properties.lens.oneOf.length === 2, JSON.stringify(schema));
  });

  await run.test('the composer speaks German, and works on a phone by its list', async () => {
    await max.evaluate(() => localStorage.setItem('weft.locale', 'de'));
    await max.setViewportSize(PHONE);
    await max.goto(run.base + path);
    await ready(max);
    await max.getByRole('button', { name: 'Bereitstellen' }).waitFor();
    await max.locator('[data-row]').nth(1).click();
    await run.look(max, 'composer-german-phone');
    await max.evaluate(() => localStorage.setItem('weft.locale', 'en'));
    await max.setViewportSize({ width: 1360, height: 860 });
  });

  return [
    ['max', max, 'composer', () => path],
    ['max', max, 'composer-laptop', () => '/admin/compose/flow/laptop-request'],
    ['max', max, 'composer-compare', () => `${path}/compare`],
    ['max', max, 'composer-try', () => `${path}?try=1`],
    ['max', max, 'composer-parts', () => '/admin/compose'],
    ['max', max, 'composer-decision', () => `/admin/compose/decision/${decision}`],
    ['max', max, 'composer-form', () => `/admin/compose/form/${form}`],
  ];
}
