// A ticket that is being written: what the form shows, and what is sent.
import { api, asProblem, newKey } from '../api/client';
import type { Attachment, Fields, Kind, ProblemBody, Ticket } from '../api/types';
import { directory } from '../directory.svelte';
import { applies, byControl, defaults, isEmpty, writable } from '../form/schema';
import { session } from '../session.svelte';

/** Fields beyond these and the required ones stand under "more details". */
const FIRST_FIELDS = 3;

export class Draft {
  kindId = $state('');
  space = $state('');
  title = $state('');
  requester = $state<string | null>(null);
  group = $state<string | null>(null);
  parent = $state<string | null>(null);
  fields = $state<Fields>({});
  problem = $state.raw<ProblemBody>();
  busy = $state(false);
  /** The spaces where this person has any role; a requester's own place comes first. */
  spaces = $derived(directory.spaces.filter((space) => session.roles(space.id).length > 0));
  /** Of them, those where the portal takes this kind. */
  places = $derived(this.spaces.filter((space) => offered(space.id).some((kind) => kind.id === this.kindId)));
  kinds = $derived(creatable(this.space));
  kind = $derived(directory.kind(this.kindId));
  all = $derived(this.kind ? writable(this.kind, session.roles(this.space)) : []);
  /** Those that are asked for, given what was said so far. */
  asked = $derived(this.all.filter(([name, rule]) => name !== this.kind?.portal?.rating && applies(rule, this.fields)));
  first = $derived(this.asked.filter(([, rule], index) => rule.required || rule.when !== undefined || index < FIRST_FIELDS));
  more = $derived(this.asked.filter((field) => !this.first.includes(field)));
  sorted = $derived(byControl(this.problem, ['title', 'requester', 'group', ...this.all.map(([name]) => name)]));
  #key = newKey();

  constructor(kind?: string, space?: string) {
    const fits = (id: string) => creatable(id).some((own) => kind === undefined || own.id === kind);
    const works = (id: string) => session.roles(id).some((role) => role === 'agent' || role === 'manager');
    // Who works in one department and may ask for things in all of them means their own when they say nothing.
    const home =
      this.spaces.find(({ id }) => id === space && fits(id)) ??
      this.spaces.find(({ id }) => works(id) && fits(id)) ??
      this.spaces.find(({ id }) => fits(id));
    this.space = home?.id ?? this.spaces[0]?.id ?? '';
    this.choose(kind ?? this.kinds[0]?.id ?? '');
  }

  choose(kind: string) {
    this.kindId = kind;
    this.fields = defaults(this.all);
    this.problem = undefined;
  }

  chooseSpace(space: string) {
    this.space = space;
    if (!this.kinds.some((kind) => kind.id === this.kindId)) this.choose(this.kinds[0]?.id ?? '');
  }

  async send(): Promise<Ticket | undefined> {
    this.busy = true;
    this.problem = undefined;
    const asked = new Set(this.asked.map(([name]) => name));
    const fields = Object.fromEntries(Object.entries(this.fields).filter(([name, value]) => asked.has(name) && !isEmpty(value)));
    const body = {
      kind: this.kindId,
      space: this.space,
      title: this.title.trim(),
      ...(this.requester ? { requester: this.requester } : {}),
      ...(this.group ? { group: this.group } : {}),
      ...(this.parent ? { parent: this.parent } : {}),
      fields,
    };
    try {
      return await api.post<Ticket>('/tickets', body, { key: this.#key });
    } catch (error) {
      this.problem = asProblem(error);
      // Only an answer that never came may be asked for again under the same key.
      if (this.problem.code !== 'unreachable') this.#key = newKey();
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}

/** The kinds of tickets that this person may create in a space. */
export function creatable(space: string): Kind[] {
  const roles = session.roles(space);
  return directory.kinds.filter((kind) => kind.noun === 'ticket' && kind.create.some((role) => roles.includes(role)));
}

/** What the portal offers in a department: the kinds that this person may create there and that are meant for it. */
export function offered(space: string): Kind[] {
  return creatable(space).filter(({ portal }) => !portal?.hidden && (!portal?.spaces.length || portal.spaces.includes(space)));
}

export function uploadTo(ticket: Ticket, file: File): Promise<Attachment> {
  const form = new FormData();
  form.append('file', file);
  return api.post<Attachment>(`/tickets/${encodeURIComponent(ticket.id)}/attachments`, undefined, { raw: form });
}
