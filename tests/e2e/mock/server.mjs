// A stand-in for the server while the screens are made: enough of `/api/v1` in memory to walk through them. Development only.
// node server.mjs [port]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clocksOf, groups, jobs, kinds, people, personas, plugins, seedTickets, spaces } from './data.mjs';

const port = Number(process.argv[2] ?? 7171);
const dist = fileURLToPath(new URL('../../../host/web/dist/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' };
const CSP = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'";

const tickets = [];
const timelines = new Map();
const attachments = new Map();
const streams = new Set();
const answered = new Map();
let seq = 0;
let nextNumber = 1;

const OPEN = ['new', 'active', 'paused'];
const kindOf = (ticket) => kinds.find((kind) => kind.id === ticket.kind);
const roles = (person, space) => [...(person.roles[space] ?? []), ...(person.roles['*'] ?? [])];
const works = (person, space) => roles(person, space).some((role) => ['agent', 'manager', 'auditor'].includes(role));
const sees = (person, ticket) => works(person, ticket.space) || ticket.requester === person.id;

class Refusal extends Error {
  constructor(status, code, title, detail, more = {}) {
    super(title);
    this.body = { type: `/problems/${code}`, title, status, code, detail, trace_id: `mock-${++seq}`, ...more };
  }
}
const invalid = (errors) => new Refusal(422, 'invalid', 'the request is not valid', 'Some values are missing or wrong.', { errors });
const missing = (what) => new Refusal(404, 'not-found', `there is no ${what}`, 'It does not exist, or you may not know that it does.');

function log(ticket, actor, kind, data, comment) {
  const list = timelines.get(ticket.id) ?? [];
  list.push({ seq: ++seq, at: new Date().toISOString(), actor: actor.id, actor_name: actor.name, kind, data, ...(comment ? { comment } : {}) });
  timelines.set(ticket.id, list);
}

function touch(ticket, kind) {
  ticket.version += 1;
  ticket.updated_at = new Date().toISOString();
  publish(ticket, kind);
}

function publish(ticket, kind) {
  for (const stream of streams) {
    if (!sees(stream.person, ticket)) continue;
    const data = { seq, kind, ticket: ticket.id, number: ticket.number, version: ticket.version };
    stream.response.write(`id: ${seq}\nevent: ticket\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

function detail(ticket, person) {
  const kind = kindOf(ticket);
  const mine = roles(person, ticket.space);
  const can = works(person, ticket.space) || ticket.requester === person.id;
  const agent = mine.includes('agent');
  const names = Object.fromEntries([...people, ...groups].map((one) => [one.id, one.name ?? one.title]));
  for (const other of tickets) names[other.id] = other.number;
  return {
    ...ticket,
    clocks: clocksOf(ticket),
    actions: {
      transitions: kind.transitions.filter((rule) => rule.from.includes(ticket.state) && rule.roles.some((role) => mine.includes(role))),
      can_edit: can,
      can_assign: agent,
      can_comment_public: can,
      can_comment_internal: agent,
      fields: kind.fields.filter(([, rule]) => rule.write.some((role) => mine.includes(role))).map(([name]) => name),
    },
    names,
  };
}

function checkFields(kind, fields, needed = []) {
  const errors = [];
  for (const [name, value] of Object.entries(fields)) {
    const schema = kind.fields.find(([own]) => own === name)?.[1].schema;
    const pointer = `/fields/${name}`;
    if (!schema) errors.push({ pointer, code: 'unknown-field', message: `there is no field ${name}` });
    else if (value !== null && schema.type === 'integer' && !(Number.isInteger(value) && value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value))) {
      errors.push({ pointer, code: 'invalid-value', message: `${name}: ${JSON.stringify(value)} is not between ${schema.minimum} and ${schema.maximum}` });
    }
  }
  for (const name of needed) {
    if (fields[name] === undefined || fields[name] === null || fields[name] === '') {
      errors.push({ pointer: `/fields/${name}`, code: 'required', message: `${name} must have a value` });
    }
  }
  return errors;
}

function change(ticket, body, person) {
  const kind = kindOf(ticket);
  const changes = [];
  const next = { ...ticket, fields: { ...ticket.fields } };
  for (const [name, value] of Object.entries(body.fields ?? {})) {
    if (JSON.stringify(next.fields[name] ?? null) !== JSON.stringify(value)) changes.push({ field: `fields.${name}`, from: next.fields[name] ?? null, to: value });
    if (value === null) delete next.fields[name];
    else next.fields[name] = value;
  }
  const errors = checkFields(kind, next.fields);
  if (body.state && body.state !== ticket.state) {
    const rule = kind.transitions.find(({ from, to }) => from.includes(ticket.state) && to === body.state);
    if (!rule) {
      const legal = kind.transitions.filter(({ from }) => from.includes(ticket.state)).map(({ to, title }) => ({ to, title }));
      throw new Refusal(409, 'illegal-transition', `it cannot go from ${ticket.state} to ${body.state}`, 'The kind has no such step.', { legal });
    }
    errors.push(...checkFields(kind, next.fields, rule.required));
    if (rule.comment && !body.comment) errors.push({ pointer: '/comment', code: 'required', message: 'say why in a comment' });
    next.state = body.state;
    next.category = kind.states.find(({ id }) => id === body.state).category;
  }
  if (errors.length > 0) throw invalid(errors);
  for (const name of ['state', 'title', 'requester', 'group', 'assignee', 'parent', 'restricted']) {
    if (name !== 'state' && body[name] !== undefined) next[name] = body[name];
    if (next[name] !== ticket[name]) changes.push({ field: name, from: ticket[name], to: next[name] });
  }
  if (next.fields.impact && next.fields.urgency) next.fields.priority = Math.min(5, next.fields.impact + next.fields.urgency - 1);
  if (!OPEN.includes(next.category)) next.due_at = null;
  Object.assign(ticket, next);
  if (changes.length > 0) log(ticket, person, 'ticket.changed', { changes });
  if (body.comment) log(ticket, person, 'comment.added', {}, body.comment);
  touch(ticket, 'ticket.changed');
}

function select(query, person) {
  return tickets.filter((ticket) => {
    const is = (name, value) => !query.get(name) || query.get(name) === value;
    const assignee = query.get('assignee');
    const words = (query.get('text') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    return (
      sees(person, ticket) && is('kind', ticket.kind) && is('space', ticket.space) && is('group', ticket.group) && is('parent', ticket.parent) &&
      (query.get('category') === 'open' ? OPEN.includes(ticket.category) : is('category', ticket.category)) &&
      (!assignee || (assignee === 'me' ? ticket.assignee === person.id : assignee === 'none' ? !ticket.assignee : ticket.assignee === assignee)) &&
      (!query.get('requester') || ticket.requester === (query.get('requester') === 'me' ? person.id : query.get('requester'))) &&
      words.every((word) => `${ticket.number} ${ticket.title}`.toLowerCase().includes(word))
    );
  });
}

function sorted(list, query) {
  const by = query.get('sort') ?? 'updated_at';
  const sign = query.get('order') === 'desc' ? -1 : 1;
  return [...list].sort((a, b) => (a[by] === null ? 1 : b[by] === null ? -1 : sign * String(a[by]).localeCompare(String(b[by]))) || a.id.localeCompare(b.id));
}

const ROUTES = [
  ['GET', '/session', ({ person }) => session(person)],
  ['GET', '/session/personas', () => personas, 'open'],
  ['POST', '/session', ({ body, response }) => {
    const person = people.find(({ login }) => login === body.login);
    if (!person || body.password !== 'weft') throw new Refusal(401, 'bad-credentials', 'login or password is wrong', 'Check both; capitals count.');
    return signIn(person, response);
  }, 'open'],
  ['POST', '/session/persona', ({ body, response }) => signIn(people.find(({ login }) => login === body.login), response), 'open'],
  ['DELETE', '/session', ({ response }) => (response.setHeader('Set-Cookie', 'weft=; Path=/; Max-Age=0'), null)],
  ['GET', '/kinds', () => kinds],
  ['GET', '/groups', () => groups],
  ['GET', '/spaces', () => spaces],
  ['GET', '/people', ({ query }) => page(people.filter(({ name, login }) => `${name} ${login}`.toLowerCase().includes((query.get('text') ?? '').toLowerCase())), query)],
  ['GET', '/people/:id', ({ params }) => people.find(({ id }) => id === params.id) ?? refuse(missing('person'))],
  ['GET', '/tickets/counts', ({ query, person }) => {
    const counts = new Map();
    for (const ticket of select(query, person)) counts.set(ticket[query.get('by')], (counts.get(ticket[query.get('by')]) ?? 0) + 1);
    return [...counts].map(([value, count]) => ({ value, count }));
  }],
  ['GET', '/tickets', ({ query, person }) => page(sorted(select(query, person), query), query)],
  ['POST', '/tickets/bulk', ({ body, person }) => ({
    results: body.ids.map((id) => {
      try {
        const ticket = find(id, person);
        change(ticket, body.change, person);
        return { id, status: 200, ticket };
      } catch (refusal) {
        return { id, status: refusal.body.status, problem: refusal.body };
      }
    }),
  })],
  ['POST', '/tickets', ({ body, person, response }) => {
    const kind = kinds.find(({ id }) => id === body.kind);
    const errors = checkFields(kind, body.fields ?? {}, kind.fields.filter(([, rule]) => rule.required).map(([name]) => name));
    if (!body.title) errors.push({ pointer: '/title', code: 'required', message: 'give it a title' });
    if (errors.length > 0) throw invalid(errors);
    const ticket = add({ requester: person.id, ...body, opened_by: person.id });
    log(ticket, person, 'ticket.created', {});
    publish(ticket, 'ticket.created');
    response.statusCode = 201;
    return ticket;
  }],
  ['GET', '/tickets/:id', ({ ticket, person, response }) => (response.setHeader('ETag', `"${ticket.version}"`), detail(ticket, person))],
  ['PATCH', '/tickets/:id', ({ ticket, body, person, request }) => {
    const seen = request.headers['if-match'];
    if (seen && seen !== `"${ticket.version}"`) throw new Refusal(412, 'stale-version', `it has version ${ticket.version} now`, 'Somebody changed it.');
    change(ticket, body, person);
    return ticket;
  }],
  ['GET', '/tickets/:id/timeline', ({ ticket, person, query }) => {
    const all = (timelines.get(ticket.id) ?? []).filter((entry) => entry.comment?.visibility !== 'internal' || works(person, ticket.space));
    return page(all, query);
  }],
  ['POST', '/tickets/:id/comments', ({ ticket, person, body, response }) => {
    log(ticket, person, 'comment.added', { visibility: body.visibility }, body);
    touch(ticket, 'comment.added');
    response.statusCode = 201;
    return body;
  }],
  ['GET', '/tickets/:id/attachments', ({ ticket }) => attachments.get(ticket.id) ?? []],
  ['POST', '/tickets/:id/attachments', ({ ticket, person, raw, response }) => {
    const name = /filename="([^"]+)"/.exec(raw.toString('latin1'))?.[1] ?? 'file';
    const file = { id: `file-${++seq}`, name, media_type: 'text/plain', size: raw.length, author: person.id, at: new Date().toISOString() };
    attachments.set(ticket.id, [...(attachments.get(ticket.id) ?? []), file]);
    log(ticket, person, 'attachment.added', { name });
    touch(ticket, 'attachment.added');
    response.statusCode = 201;
    return file;
  }],
  ['POST', '/tickets/:id/links', ({ ticket, body, person }) => {
    const other = find(body.other, person).id;
    ticket.links.push({ from: ticket.id, type: body.type, to: other });
    log(ticket, person, 'ticket.linked', { type: body.type, other });
    touch(ticket, 'ticket.linked');
    return null;
  }],
  ['DELETE', '/tickets/:id/links', ({ ticket, body }) => {
    ticket.links = ticket.links.filter((link) => link.type !== body.type || link.to !== body.other);
    touch(ticket, 'ticket.unlinked');
    return null;
  }],
  ['PUT', '/tickets/:id/watchers', ({ ticket, body }) => {
    ticket.watchers = [...new Set([...ticket.watchers, ...body.add])].filter((id) => !body.remove.includes(id));
    touch(ticket, 'ticket.watched');
    return ticket.watchers;
  }],
  ['GET', '/plugins', () => plugins],
  ['POST', '/plugins', ({ query, raw, response }) => {
    if (raw.subarray(0, 4).toString('latin1') !== '\0asm') throw new Refusal(422, 'not-a-component', 'this is not a component', 'The file does not begin like WebAssembly.');
    const plugin = { ...plugins[0], id: 'uploaded', title: 'Uploaded plugin', state: 'consent-needed', enabled: false, grants: plugins[0].grants.map((grant) => ({ ...grant, granted: false })) };
    if (query.get('inspect')) return plugin;
    plugins.push(plugin);
    response.statusCode = 201;
    return plugin;
  }],
  ['GET', '/plugins/:id', ({ plugin }) => plugin],
  ['DELETE', '/plugins/:id', ({ plugin }) => (plugins.splice(plugins.indexOf(plugin), 1), null)],
  ['POST', '/plugins/:id/enable', ({ plugin }) => Object.assign(plugin, { state: 'active', enabled: true, reason: null, grants: plugin.grants.map((grant) => ({ ...grant, granted: true })) })],
  ['POST', '/plugins/:id/disable', ({ plugin }) => Object.assign(plugin, { state: 'disabled', enabled: false })],
  ['POST', '/plugins/:id/resume', ({ plugin }) => Object.assign(plugin, { state: 'active', reason: null })],
  ['PUT', '/plugins/:id/settings', ({ plugin, body }) => {
    if (body['close-after-days'] < 1) throw invalid([{ pointer: '/close-after-days', code: 'invalid-value', message: 'at least one day' }]);
    return Object.assign(plugin.settings, body);
  }],
  ['GET', '/jobs', ({ query }) => page(jobs.filter(({ state }) => state === query.get('state')), query)],
  ['POST', '/jobs/:id/retry', ({ params }) => (jobs.splice(jobs.findIndex(({ id }) => id === params.id), 1), null)],
];

const refuse = (refusal) => {
  throw refusal;
};
const find = (id, person) => {
  const ticket = tickets.find((one) => one.id === id || one.number === id);
  return ticket && sees(person, ticket) ? ticket : refuse(missing(`ticket \`${id}\``));
};
const session = ({ id, login, name, email, locale, zone, roles: held }) => ({
  person: { id, login, name, email, locale, zone },
  roles: held,
  groups: groups.filter(({ members }) => members.includes(id)).map((group) => group.id),
  demo: true,
});
function signIn(person, response) {
  response.setHeader('Set-Cookie', `weft=${person.login}; Path=/; HttpOnly; SameSite=Lax`);
  return session(person);
}
function page(items, query) {
  const start = Number(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  const end = start + limit;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : null };
}
function add(over) {
  const kind = kindOf(over);
  const at = new Date().toISOString();
  const id = `t-${String(nextNumber).padStart(6, '0')}`;
  const state = kind.states.find((one) => one.id === over.state) ?? kind.states[0];
  const fields = { ...Object.fromEntries(kind.fields.flatMap(([name, { schema }]) => (schema.default === undefined ? [] : [[name, schema.default]]))), ...over.fields };
  const number = `${kind.prefix}${String(nextNumber++).padStart(7, '0')}`;
  const ticket = {
    id, number, space: 'it', group: null, assignee: null, parent: null, restricted: false, version: 1, opened_at: at, updated_at: at, resolved_at: null,
    closed_at: null, due_at: new Date(Date.now() + 4 * 3_600_000).toISOString(), watchers: [], access: { people: [], groups: [] }, links: [],
    ...over, state: state.id, category: state.category, fields,
  };
  tickets.push(ticket);
  return ticket;
}
for (const over of seedTickets()) {
  const { talk = [], ...rest } = over;
  const ticket = add(rest);
  log(ticket, people.find(({ id }) => id === ticket.requester), 'ticket.created', {});
  for (const [who, visibility, body] of talk) log(ticket, people.find(({ login }) => login === who), 'comment.added', {}, { visibility, body });
  if (ticket.assignee) log(ticket, people[1], 'ticket.changed', { changes: [{ field: 'assignee', from: null, to: ticket.assignee }, { field: 'state', from: 'new', to: ticket.state }] });
}
tickets[1].links.push({ from: tickets[1].id, type: 'related-to', to: tickets[3].id });
tickets[2].parent = tickets[1].id;

async function handle(request, response) {
  const url = new URL(request.url, 'http://localhost');
  if (!url.pathname.startsWith('/api/v1/')) return serveFile(url.pathname, response);
  const where = url.pathname.slice('/api/v1'.length);
  const login = /(?:^|; )weft=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  const person = people.find((one) => one.login === login);
  if (where === '/events' && person) return stream(request, response, person);
  const raw = Buffer.concat(await gather(request));
  for (const [method, pattern, run, access] of ROUTES) {
    const params = method === request.method ? match(pattern, where) : undefined;
    if (!params) continue;
    if (!person && access !== 'open') throw new Refusal(401, 'unauthenticated', 'you are not signed in', 'The session ended or never began.');
    if (method !== 'GET' && request.headers['x-weft'] !== '1') throw new Refusal(403, 'csrf', 'the request has no X-Weft header', 'Only the screens may send it.');
    const json = (request.headers['content-type'] ?? '').includes('json');
    const body = json && raw.length > 0 ? JSON.parse(raw.toString()) : {};
    const ticket = pattern.startsWith('/tickets/:id') ? find(params.id, person) : undefined;
    const plugin = pattern.startsWith('/plugins/:id') ? (plugins.find(({ id }) => id === params.id) ?? refuse(missing('plugin'))) : undefined;
    const key = request.headers['idempotency-key'];
    if (['POST', 'PATCH'].includes(method) && !key) throw new Refusal(400, 'no-key', 'the request has no idempotency key', '');
    if (key && answered.has(key)) return send(response, 200, answered.get(key));
    const answer = run({ request, response, params, query: url.searchParams, person, body, raw, ticket, plugin });
    if (key) answered.set(key, answer);
    if (answer === null) {
      response.statusCode = 204;
      return response.end();
    }
    return send(response, response.statusCode, answer);
  }
  throw missing(where);
}

function match(pattern, where) {
  const [want, have] = [pattern.split('/'), where.split('/')];
  if (want.length !== have.length) return undefined;
  const params = {};
  for (const [index, part] of want.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(have[index]);
    else if (part !== have[index]) return undefined;
  }
  return params;
}

function stream(request, response, person) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('event: ping\ndata: {}\n\n');
  const entry = { person, response };
  streams.add(entry);
  const timer = setInterval(() => response.write('event: ping\ndata: {}\n\n'), 15_000);
  request.on('close', () => {
    clearInterval(timer);
    streams.delete(entry);
  });
}

async function serveFile(pathname, response) {
  const file = /\.\w+$/.test(pathname) ? pathname : '/index.html';
  try {
    const content = await readFile(path.join(dist, path.normalize(file)));
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

function send(response, status, body) {
  response.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

createServer((request, response) => {
  handle(request, response).catch((error) => {
    const body = error instanceof Refusal ? error.body : { title: 'the mock failed', status: 500, detail: String(error.stack) };
    if (!(error instanceof Refusal)) console.error(error);
    send(response, body.status, body);
  });
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));

async function gather(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks;
}
