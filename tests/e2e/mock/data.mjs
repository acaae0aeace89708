// The little company behind the stand-in server.
const person = (login, name, title, roles, locale = 'en') => ({
  id: `p-${login}`, login, name, title, email: `${login}@example.com`, locale, zone: 'Europe/Berlin', roles,
});

export const people = [
  person('erin', 'Erin Employee', 'Employee', { it: ['requester'], hr: ['requester'], facilities: ['requester'] }),
  person('ada', 'Ada Agent', 'Service desk agent', { it: ['requester', 'agent'], hr: ['requester'], facilities: ['requester'] }),
  person('ben', 'Ben Backbone', 'Network agent', { it: ['requester', 'agent'] }),
  person('mona', 'Mona Manager', 'Manager', { it: ['requester', 'manager', 'approver'] }),
  person('max', 'Max Platform', 'Platform administrator', { '*': ['administrator'], it: ['requester'] }),
  person('hana', 'Hana Human', 'HR agent', { hr: ['requester', 'agent'] }, 'de'),
];
export const personas = people.map(({ login, name, title }) => ({
  login, name, role_title: title, summary: `Sees what a person in this role sees, and nothing else.`,
}));
export const groups = [
  { id: 'service-desk', title: 'Service desk', space: 'it', members: ['p-ada', 'p-ben'], active: true },
  { id: 'network', title: 'Network', space: 'it', members: ['p-ben'], active: true },
  { id: 'hr-team', title: 'HR team', space: 'hr', members: ['p-hana'], active: true },
];
export const spaces = [
  { id: 'it', title: 'IT' },
  { id: 'hr', title: 'Human resources' },
  { id: 'facilities', title: 'Facilities' },
];

const field = (title, schema, write = ['requester', 'agent'], more = {}) => ({ title, description: '', schema, required: false, write, read: [], ...more });
const states = [
  ['new', 'New', 'new'], ['in-progress', 'In Progress', 'active'], ['on-hold', 'On Hold', 'paused'],
  ['resolved', 'Resolved', 'resolved'], ['closed', 'Closed', 'closed'], ['cancelled', 'Cancelled', 'cancelled'],
].map(([id, title, category]) => ({ id, title, category }));
const step = (from, to, title, roles, required = [], comment = false) => ({ from, to, title, roles, required, comment });

export const kinds = [
  {
    id: 'incident', noun: 'ticket', title: 'Incident', plural: 'Incidents', prefix: 'INC', plugin: 'incident', states, create: ['requester', 'agent'],
    transitions: [
      step(['new', 'on-hold'], 'in-progress', 'Start work', ['agent']),
      step(['new', 'in-progress'], 'on-hold', 'Put on hold', ['agent'], ['pending-reason']),
      step(['new', 'in-progress', 'on-hold'], 'resolved', 'Resolve', ['agent'], ['close-code', 'close-notes']),
      step(['resolved'], 'in-progress', 'Reopen', ['requester', 'agent']),
      step(['resolved'], 'closed', 'Close', ['requester', 'agent']),
      step(['new', 'in-progress', 'on-hold'], 'cancelled', 'Cancel', ['requester', 'agent'], [], true),
    ],
    fields: [
      ['description', field('Description', { type: 'string', maxLength: 65536 }, undefined, { description: 'What happened, and what you were doing when it happened.' })],
      ['impact', field('Impact', { type: 'integer', minimum: 1, maximum: 3, default: 3 }, undefined, { description: 'How many are affected: 1 many, 3 one.' })],
      ['urgency', field('Urgency', { type: 'integer', minimum: 1, maximum: 3, default: 3 }, undefined, { description: 'How long it can wait.' })],
      ['priority', field('Priority', { type: 'integer' }, [], { description: 'Follows from impact and urgency.' })],
      ['category', field('Category', { type: 'string', maxLength: 200, examples: ['Hardware', 'Software', 'Network'] })],
      ['location', field('Location', { type: 'string', maxLength: 200 })],
      ['pending-reason', field('On hold reason', { enum: ['awaiting-caller', 'awaiting-change', 'awaiting-problem', 'awaiting-vendor'] }, ['agent'])],
      ['major', field('Major incident', { type: 'boolean', default: false }, ['agent'])],
      ['close-code', field('Resolution code', { type: 'string', maxLength: 200, examples: ['Solved', 'Workaround', 'Not reproducible'] }, ['agent'])],
      ['close-notes', field('Resolution notes', { type: 'string', maxLength: 65536 }, ['agent'], { description: 'How it was resolved. The requester reads this.' })],
    ],
  },
  {
    id: 'request', noun: 'ticket', title: 'Service request', plural: 'Service requests', prefix: 'REQ', plugin: 'request', states, create: ['requester', 'agent'],
    transitions: [step(['new'], 'in-progress', 'Start work', ['agent']), step(['in-progress'], 'resolved', 'Fulfil', ['agent'])],
    fields: [
      ['what', field('What do you need', { type: 'string', maxLength: 2000 }, undefined, { required: true })],
      ['needed-by', field('Needed by', { type: 'string', format: 'date' })],
    ],
  },
];

const minutes = (count) => new Date(Date.now() + count * 60_000).toISOString();

export function seedTickets() {
  const subjects = [
    'Laptop does not start after the update', 'VPN drops every few minutes', 'Printer on floor 3 prints blank pages', 'Wi-Fi is slow in the meeting rooms',
    'Cannot open shared mailbox', 'Monitor flickers', 'Password expired and reset link fails', 'Phone headset has no sound', 'Access to the finance share',
    'New badge photo is upside down', 'Calendar invitations arrive twice', 'Build server out of disk space',
  ];
  const all = [];
  for (let index = 0; index < 64; index += 1) {
    const state = ['new', 'in-progress', 'new', 'on-hold', 'in-progress', 'resolved', 'new', 'closed'][index % 8];
    const open = !['resolved', 'closed'].includes(state);
    all.push({
      kind: index % 5 === 4 ? 'request' : 'incident',
      title: subjects[index % subjects.length] + (index >= subjects.length ? ` (${Math.floor(index / subjects.length) + 1})` : ''),
      state: index % 5 === 4 && state === 'on-hold' ? 'in-progress' : state,
      requester: index % 3 === 0 ? 'p-erin' : index % 3 === 1 ? 'p-mona' : 'p-ben',
      opened_by: 'p-erin',
      assignee: index % 4 === 1 ? 'p-ada' : index % 4 === 2 ? 'p-ben' : null,
      group: index % 2 === 0 ? 'service-desk' : 'network',
      opened_at: minutes(-60 * (index + 2)),
      updated_at: minutes(-7 * index - 1),
      due_at: open && state !== 'on-hold' ? minutes((index - 5) * 37 + 13) : null,
      restricted: index === 8,
      fields: index % 5 === 4 ? { what: 'A second monitor' } : { description: 'It began this morning.\nSee https://status.example.com for more.', impact: (index % 3) + 1, urgency: ((index + 1) % 3) + 1, priority: (index % 5) + 1, category: 'Hardware' },
      talk: [
        ['erin', 'public', 'It happens every time I connect from home. I have a call with a customer at three.'],
        ['ada', 'internal', 'Same as last week: the new access point firmware. Ben knows about it.'],
        ['ada', 'public', 'Thank you, we are on it. Please leave the device switched on.'],
      ],
    });
  }
  return all;
}

export function clocksOf(ticket) {
  const base = { plugin: 'service-level', started_at: ticket.opened_at, stopped_at: null, breached_at: null, data: {} };
  const response = {
    ...base, name: 'response', title: 'First response', state: 'stopped', due_at: null, stopped_at: ticket.opened_at,
    reason: 'First public comment by an agent stopped it.',
  };
  if (ticket.category === 'paused') {
    return [{ ...base, name: 'resolution', title: 'Resolution', state: 'paused', due_at: null, reason: 'On Hold stops the clock; 2 h 40 min of working time are left.' }, response];
  }
  if (!ticket.due_at) return [{ ...response, name: 'resolution', title: 'Resolution', reason: 'Resolved within the target.' }, response];
  const breached_at = Date.parse(ticket.due_at) < Date.now() ? ticket.due_at : null;
  return [
    {
      ...base, name: 'resolution', title: 'Resolution', state: 'running', due_at: ticket.due_at, breached_at,
      reason: 'Priority 3: 8 working hours from the opening, Mon–Fri 08:00–17:00 Europe/Berlin; 45 min on hold were added.',
    },
    response,
  ];
}

const plugin = (id, title, over = {}) => ({
  id, title, version: '1.0.0', summary: 'Restore normal service operation as quickly as possible.', digest: '9f2c4e7a'.repeat(8), size: 185_312, enabled: true,
  state: 'active', reason: null, capabilities: ['guard', 'react'], kinds: ['incident'], imports: ['weft:host/tickets@0.1.0', 'weft:host/settings@0.1.0'],
  grants: [
    { sentence: 'May read incident tickets', reason: 'Compute priority and cascade state between parent and child incidents.', granted: true },
    { sentence: 'May set-field, transition, comment on incident tickets', reason: 'Keep children in step with their parent.', granted: true },
  ],
  health: { calls: 48_211, faults: 0, last_fault: null, p50_micros: 21, p99_micros: 143, held_jobs: 0 },
  settings_schema: [
    { key: 'close-after-days', title: 'Close after', description: 'Days from resolved to closed.', schema: { type: 'integer', minimum: 1, maximum: 90 }, default: 7 },
    { key: 'reopen', title: 'Requesters may reopen', description: '', schema: { type: 'boolean' }, default: true },
    { key: 'matrix', title: 'Priority matrix', description: 'Where priority comes from.', schema: { enum: ['3x3', 'glpi-5x5', 'itop-3x4'] }, default: '3x3' },
  ],
  settings: { 'close-after-days': 7, reopen: true, matrix: '3x3' },
  ...over,
});
export const plugins = [
  plugin('incident', 'Incident management'),
  plugin('service-level', 'Service levels', { summary: 'Says until when, and why.', kinds: [], size: 241_900 }),
  plugin('auto-triage', 'Automatic triage', {
    summary: 'Assigns new incidents by keyword.', state: 'quarantined', reason: '5 faults within 60 s; its deliveries wait.', kinds: [], capabilities: ['react'],
    health: { calls: 912, faults: 5, last_fault: { at: minutes(-12), function: 'react', cause: 'deadline exceeded after 50 ms' }, p50_micros: 840, p99_micros: 50_120, held_jobs: 3 },
  }),
  plugin('major-incident', 'Major incidents', { state: 'consent-needed', enabled: false, kinds: [], grants: [{ sentence: 'May notify people', reason: 'Tell everybody who is affected.', granted: false }] }),
];
export const jobs = [
  { id: 'j1', work: { type: 'react', plugin: 'auto-triage', seq: 412 }, due_at: minutes(-12), attempts: 3, state: 'held', last_error: 'deadline exceeded after 50 ms' },
  { id: 'j2', work: { type: 'react', plugin: 'auto-triage', seq: 415 }, due_at: minutes(-10), attempts: 1, state: 'held', last_error: null },
  { id: 'j3', work: { type: 'timer', plugin: 'incident', ticket: 't-000001', key: 'auto-close' }, due_at: minutes(-90), attempts: 10, state: 'dead', last_error: 'plugin `incident` returned an unknown effect' },
];
