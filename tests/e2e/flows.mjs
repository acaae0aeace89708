// The cases about flows: something is ordered, approved from the list and worked on; whoever runs flows mends and moves them.
import { check, PHONE, settle } from './harness.mjs';

/** A change made by one person is seen by another within this. */
const SEEN_MS_MAX = 4000;
/** How often a state is looked for before it counts as missing. */
const LOOKS_MAX = 25;
const LOOK_EVERY_MS = 200;

/** Calls the API as the person of a page, past its screens. */
export function ask(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const headers = { 'X-Weft': '1', 'Content-Type': 'application/json', 'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-') };
      const response = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    [method, path, body],
  );
}

/** Looks until there is something. */
async function until(what, look) {
  for (let round = 0; round < LOOKS_MAX; round += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`there was no ${what} within ${LOOKS_MAX * LOOK_EVERY_MS} ms`);
}

/** A loan: a form for one person, then a choice that holds the flow up until somebody says which way. */
function loan(person, task) {
  const flow = (id, from, to, when) =>
    `<bpmn:sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}">${
      when ? `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=${when}</bpmn:conditionExpression>` : ''
    }</bpmn:sequenceFlow>`;
  const spaces = [
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"',
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"',
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions ${spaces.join(' ')} id="e2e-loan-model" targetNamespace="https://weft.example/flows">
  <bpmn:process id="e2e-loan" name="Loan of a projector" isExecutable="true">
    <bpmn:startEvent id="asked" name="Asked"><bpmn:outgoing>to-hand-out</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="hand-out" name="${task}">
      <bpmn:documentation>With its cable and the remote control.</bpmn:documentation>
      <bpmn:extensionElements>
        <zeebe:userTask />
        <zeebe:formDefinition formId="e2e-loan" />
        <zeebe:assignmentDefinition candidateUsers="=[&quot;${person}&quot;]" />
      </bpmn:extensionElements>
      <bpmn:incoming>to-hand-out</bpmn:incoming><bpmn:outgoing>to-choice</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:exclusiveGateway id="choice" name="Back already?">
      <bpmn:incoming>to-choice</bpmn:incoming><bpmn:outgoing>to-back</bpmn:outgoing><bpmn:outgoing>to-lost</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:endEvent id="back" name="Back"><bpmn:incoming>to-back</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="lost" name="Lost"><bpmn:incoming>to-lost</bpmn:incoming></bpmn:endEvent>
    ${flow('to-hand-out', 'asked', 'hand-out')}
    ${flow('to-choice', 'hand-out', 'choice')}
    ${flow('to-back', 'choice', 'back', 'way = "back"')}
    ${flow('to-lost', 'choice', 'lost', 'way = "lost"')}
  </bpmn:process>
</bpmn:definitions>`;
}

const FORM = {
  type: 'object',
  title: 'Hand out the projector',
  additionalProperties: false,
  properties: {
    checked: { type: 'boolean', title: 'It works', const: true },
    room: { type: 'string', title: 'Room', minLength: 1, maxLength: 20, description: 'Where it is used.' },
    days: { type: 'integer', title: 'Days', minimum: 1, maximum: 14 },
    extras: { type: 'array', title: 'Extras', items: { enum: ['screen', 'adapter'] }, uniqueItems: true, maxItems: 2 },
    until: { type: 'string', format: 'date', title: 'Until' },
    use: { title: 'Use', oneOf: [{ const: 'talk', title: 'A talk' }, { const: 'film', title: 'A film' }] },
  },
  required: ['room', 'days', 'checked'],
  'x-order': ['room', 'days', 'use', 'until', 'extras', 'checked'],
};

/** Everything about flows. Returns the places that the accessibility cases visit, and a function that ends it. */
export async function flows(run, mark, { ada, max }) {
  const where = { task: '/agent/tasks', order: '/portal', instance: '/admin/flows' };
  let order = '';

  await run.test('erin orders, and whoever was asked approves in two taps from the list', async () => {
    const erin = await run.person('erin', { viewport: PHONE });
    await erin.click('a[href="/portal/new/request?space=it"]');
    await erin.locator('[name=title]').waitFor();
    await erin.fill('[name=title]', `A laptop for the road ${mark}`);
    await erin.fill('[name=item]', 'laptop');
    await erin.click('form button.primary');
    await erin.waitForURL('**/portal/tickets/*');
    where.order = new URL(erin.url()).pathname;
    order = (await ask(erin, 'GET', `/tickets/${erin.url().split('/').pop()}`)).id;
    await erin.locator('[data-flow] [data-stands] li').first().waitFor();
    const stands = () => erin.locator('[data-flow] [data-stands]').innerText();
    const before = await stands();
    check((await erin.locator('[data-flow] img').getAttribute('alt')).length > 20, 'the picture says nothing to those who do not see it');
    await run.look(erin, 'portal-flow-phone');

    const task = await until('approval', async () => (await ask(ada, 'GET', `/tasks?ticket=${order}`)).items.find(({ rule }) => rule));
    const { login, name } = await ask(ada, 'GET', `/people/${task.candidate_people[0]}`);
    const boss = await run.person(login, { viewport: PHONE });
    await boss.click('nav a[href$="/tasks"]');
    await boss.locator(`[data-task="${task.id}"]`).waitFor();
    const first = await boss.locator('[data-task]').first().getAttribute('data-rule');
    check(first !== null, 'something else stands above the approvals');
    const count = Number(await boss.locator('nav [data-count]').getAttribute('data-count'));
    check(count === (await boss.locator('[data-task]').count()), `the counter says ${count}`);
    await run.look(boss, 'tasks-phone');

    await boss.locator(`[data-task="${task.id}"] a`).click();
    await boss.locator('[data-answer=approve]').waitFor();
    await run.look(boss, 'approval-phone');
    await boss.click('[data-answer=approve]');
    await boss.locator('[data-result]').waitFor();
    const said = await boss.locator('[data-result] strong').innerText();
    console.log(`     ${name}: ${said}`);
    check(said.length > 20, `what happened next is only: ${said}`);
    await run.look(boss, 'approved-phone');

    await erin.waitForFunction((old) => document.querySelector('[data-flow] [data-stands]')?.textContent !== old, before, { timeout: SEEN_MS_MAX });
    await erin.locator('[data-flow] details summary').click();
    await erin.locator('[data-flow] details li', { hasText: name }).first().waitFor();
    await boss.context().close();
    await erin.context().close();
  });

  await run.test('an agent sees on the ticket how it goes on', async () => {
    await ada.goto(`${run.base}/agent/tickets/${where.order.split('/').pop()}`);
    await ada.locator('[data-flow] [data-stands] li').first().waitFor();
    await ada.locator('[data-flow] img').waitFor();
    await run.look(ada, 'agent-flow');
  });

  await run.test('a rejection needs no second page, and its reason stands on the task', async () => {
    const erin = await run.person('erin');
    const body = { kind: 'request', space: 'it', title: `A second laptop ${mark}`, fields: { item: 'laptop' } };
    const ticket = await ask(erin, 'POST', '/tickets', body);
    const task = await until('approval', async () => (await ask(ada, 'GET', `/tasks?ticket=${ticket.id}`)).items.find(({ rule }) => rule));
    const { login } = await ask(ada, 'GET', `/people/${task.candidate_people[0]}`);
    const boss = await run.person(login);
    await boss.goto(`${run.base}/tasks/${task.id}`);
    await boss.fill('[name=comment]', 'One is enough.');
    await boss.click('[data-answer=reject]');
    await boss.locator('[data-result]').waitFor();
    await boss.locator('[data-vote=reject]', { hasText: 'One is enough.' }).waitFor();
    await run.look(boss, 'rejected');
    await boss.context().close();
    await erin.context().close();
  });

  // Who runs flows needs to see them: an administrator who also works in the department.
  const login = `runner-${mark.replace(/\W+/g, '-')}`;
  const password = 'long enough to be let in';
  let runner;
  let instance = '';
  const path = '/admin/flows/e2e-loan';

  await run.test('a process is deployed and started, and its task is taken, refused where it is wrong, and done', async () => {
    const me = (await ask(ada, 'GET', '/session')).person.id;
    const files = (task) => [
      { file: 'e2e-loan.bpmn', text: loan(me, task) },
      { file: 'e2e-loan.json', text: JSON.stringify(FORM) },
    ];
    await ask(max, 'POST', '/flows', { files: files('Hand out the projector') });
    const start = { space: 'it', business_key: mark, variables: { room: 'B 12' } };
    instance = (await ask(ada, 'POST', '/flows/process/e2e-loan/instances', start)).instance.id;
    const other = { space: 'it', business_key: `${mark} other`, variables: {} };
    where.instance = `${path}/instances/${(await ask(ada, 'POST', '/flows/process/e2e-loan/instances', other)).instance.id}`;
    await ask(max, 'POST', '/flows', { files: files('Hand out projector and cable') });

    await ada.goto(`${run.base}/agent/tasks`);
    const task = await until('task', async () => (await ask(ada, 'GET', '/tasks')).items.find((one) => one.instance === instance));
    const rest = (await ask(ada, 'GET', '/tasks')).items.find((one) => where.instance.endsWith(one.instance));
    where.task = `/agent/tasks/${rest.id}`;
    await ada.locator(`[data-task="${task.id}"] a`).click();
    await ada.click('[data-do=claim]');
    await ada.locator('[data-do=unclaim]').waitFor();
    await ada.click('[data-do=assign]');
    await ada.locator('dialog[open]').waitFor();
    await run.look(ada, 'task-handover');
    await ada.keyboard.press('Escape');
    await ada.fill('[name=room]', '');
    await ada.fill('[name=days]', '99');
    await ada.click('[data-do=complete]');
    await ada.locator('[name=room][aria-invalid=true]').waitFor();
    await ada.locator('[name=days][aria-invalid=true]').waitFor();
    await ada.locator('[name=checked][aria-invalid=true]').waitFor();
    await run.look(ada, 'task-refused');
    await ada.fill('[name=room]', 'B 12');
    await ada.fill('[name=days]', '3');
    await ada.selectOption('[name=use]', 'talk');
    await ada.locator('[name=extras]').first().check();
    await ada.locator('[name=checked]').check();
    await ada.click('[data-do=complete]');
    await ada.locator('[data-result]').waitFor();
    await run.look(ada, 'task-done');
  });

  await run.test('who runs flows finds what needs help, sets what was missing and tries again', async () => {
    const { id } = await ask(max, 'POST', '/people', { login, name: 'Remy Runner' });
    await ask(max, 'PUT', `/people/${id}/roles`, { roles: [{ space: '*', role: 'administrator' }, { space: 'it', role: 'agent' }] });
    await ask(max, 'PUT', `/people/${id}/password`, { password });
    runner = await run.visitor();
    await runner.goto(`${run.base}/signin?next=/admin/flows`);
    await runner.fill('[name=login]', login);
    await runner.fill('[name=password]', password);
    await runner.click('form button.primary');
    await runner.locator('[data-process=e2e-loan] a').waitFor();
    await run.look(runner, 'flows');
    await runner.click('[data-process=e2e-loan] a');
    await runner.click('nav a[href$="show=help"]');
    await runner.locator(`[data-instance="${instance}"] a`).click();
    await runner.locator('[data-incident]').waitFor();
    await runner.locator('[data-incident] summary').click();
    await runner.fill('[data-incident] [name=variables]', '{way: back}');
    await runner.click('[data-do=retry]');
    await runner.locator('[data-incident] [aria-invalid=true]').waitFor();
    await run.look(runner, 'instance-incident');
    await runner.fill('[data-incident] [name=variables]', '{"way": "back"}');
    await runner.click('[data-do=retry]');
    await runner.locator('[data-incident]').waitFor({ state: 'detached' });
  });

  await run.test('an expression is tried in the browser by the engine of the server, and its mistakes have a place', async () => {
    const page = await runner.context().newPage();
    await page.goto(`${run.base}/admin/flows`);
    await page.click('[data-do=try]');
    const shown = page.locator('dialog[open] [data-tried] strong');
    await page.locator('[data-tried=boolean]').waitFor();
    check((await shown.innerText()) === 'true', 'the first example is not true');
    await page.fill('dialog[open] [name=expression]', 'sum(for line in order return line.price * line.count)');
    await page.fill('dialog[open] [name=variables]', '{"order": [{"price": 10.5, "count": 2}, {"price": 4, "count": 1}]}');
    await page.locator('[data-tried=number]').waitFor();
    check((await shown.innerText()) === '25', `the sum is ${await shown.innerText()}`);
    await run.look(page, 'try-expression');
    await page.fill('dialog[open] [name=expression]', 'if order then');
    await page.locator('dialog[open] [name=expression][aria-invalid=true]').waitFor();
    await page.fill('dialog[open] [name=expression]', 'for a in 1..100000, b in 1..100000 return a');
    await page.locator('dialog[open] [data-tried] .error', { hasText: 'steps' }).waitFor();
    await page.fill('dialog[open] [name=variables]', '[1');
    await page.locator('dialog[open] [name=variables][aria-invalid=true]').waitFor();
    await page.close();
  });

  await run.test('the past of an instance is walked by keyboard, and the picture follows', async () => {
    const now = await runner.locator('figure img').getAttribute('src');
    await runner.locator('[name=waves]').focus();
    await runner.keyboard.press('Home');
    await runner.waitForFunction((old) => document.querySelector('figure img')?.getAttribute('src') !== old, now);
    const told = await runner.locator('[name=waves]').getAttribute('aria-valuetext');
    check(told.length > 10, `the slider says only: ${told}`);
  });

  await run.test('an instance is moved, migrated after a look at what would happen, and cancelled with a reason', async () => {
    await runner.goto(run.base + where.instance);
    await runner.click('[data-do=migrate]');
    await runner.click('dialog[open] [data-do=try]');
    await runner.locator('dialog[open] [data-tried]').waitFor();
    await run.look(runner, 'instance-migrate');
    await runner.click('dialog[open] [data-do=keep]');
    await runner.locator('dialog[open]').waitFor({ state: 'detached' });
    await runner.locator('[data-stands]', { hasText: 'Hand out projector and cable' }).waitFor();
    await runner.click('[data-do=move]');
    await runner.click('dialog[open] footer .primary');
    await runner.locator('dialog[open] [name=node][aria-invalid=true]').waitFor();
    await run.look(runner, 'instance-move');
    await runner.locator('dialog[open] [name=terminate]').first().check();
    await runner.selectOption('dialog[open] [name=node]', 'hand-out');
    await runner.fill('dialog[open] [name=reason]', 'It was handed to the wrong room.');
    await runner.click('dialog[open] footer .primary');
    await runner.locator('dialog[open]').waitFor({ state: 'detached' });
    const task = await until('task', async () => (await ask(ada, 'GET', '/tasks')).items.find((one) => where.instance.endsWith(one.instance)));
    where.task = `/agent/tasks/${task.id}`;

    const start = { space: 'it', business_key: `${mark} third`, variables: {} };
    const third = (await ask(ada, 'POST', '/flows/process/e2e-loan/instances', start)).instance.id;
    await runner.goto(`${run.base}${path}/instances/${third}`);
    await runner.click('[data-do=cancel]');
    await runner.click('dialog[open] footer .danger');
    await runner.locator('dialog[open] [name=reason][aria-invalid=true]').waitFor();
    await runner.fill('dialog[open] [name=reason]', 'Nobody needs it any more.');
    await runner.click('dialog[open] footer .danger');
    await runner.locator('.badge.cancelled').waitFor();
    await settle(runner);
    await runner.locator('[data-wave]', { hasText: 'Nobody needs it any more.' }).waitFor();
    await run.look(runner, 'instance-cancelled');
  });

  await run.test('without a task the list says what would come', async () => {
    const otto = await run.person('otto');
    await otto.goto(`${run.base}/agent/tasks`);
    await settle(otto);
    check((await otto.locator('[data-task]').count()) === 0, 'an auditor was asked to do something');
    check((await otto.locator('.empty').innerText()).split('\n').filter(Boolean).length >= 2, 'the empty list says nothing');
    await run.look(otto, 'tasks-empty');
    await otto.context().close();
  });

  return [
    ['ada', ada, 'tasks', () => '/agent/tasks'],
    ['ada', ada, 'task', () => where.task],
    ['ada', ada, 'portal-tasks', () => '/tasks'],
    ['ada', ada, 'portal-ticket-flow', () => where.order],
    ['runner', runner, 'flows', () => '/admin/flows'],
    ['runner', runner, 'process', () => path],
    ['runner', runner, 'instance', () => where.instance],
  ].filter(([, page]) => page !== undefined);
}
