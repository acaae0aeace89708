// What happened in a flow, as sentences. Pure: names, texts and the model come in.
import type { FlowEvent, HistoryEntry, Outcome } from '../api/flow';
import { humanise } from '../form/schema';
import type { Key } from '../i18n/index.svelte';
import { nodeName, type Model } from './model.svelte';

export interface Words {
  say: (key: Key, params?: Record<string, string | number>) => string;
  person: (id: string) => string;
  model: Model | undefined;
}

export interface Step {
  place: number;
  at: string;
  sentences: string[];
}

/** Elements whose work is worth a line when it is done; gateways and events are only the way there. */
const WORK = /(serviceTask|sendTask|receiveTask|scriptTask|businessRuleTask|callActivity|manualTask)$/;

/** For the people whom it is about: what was done, by whom, and what they wait for. Waves that say nothing to them are left out. */
export function steps(entries: readonly HistoryEntry[], words: Words): Step[] {
  return entries
    .map((entry) => ({ place: entry.place, at: entry.at, sentences: sentences(entry.data.events ?? [], words) }))
    .filter((step) => step.sentences.length > 0);
}

/** For those who run it: every wave, and what is not worth a sentence by its own word. */
export function waves(entries: readonly HistoryEntry[], words: Words): Step[] {
  return entries.map((entry) => {
    const events = entry.data.events ?? [];
    const said = sentences(events, words);
    const entered = events.filter(({ event, node }) => event === 'activated' && node && words.model?.nodes.has(node));
    const names = entered.map(({ node }) => nodeName(words.model, node ?? ''));
    if (names.length > 0) said.push(words.say('flow.happened.entered', { names: [...new Set(names)].join(', ') }));
    if (said.length === 0) said.push(humanise(events[0]?.event ?? entry.kind));
    return { place: entry.place, at: entry.at, sentences: said };
  });
}

function sentences(events: readonly FlowEvent[], words: Words): string[] {
  return events.map((event) => sentence(event, words)).filter((text): text is string => text !== undefined);
}

function sentence(event: FlowEvent, { say, person, model }: Words): string | undefined {
  const name = nodeName(model, event.node ?? '');
  switch (event.event) {
    case 'started':
      return say('flow.happened.started');
    case 'completed': {
      const node = model?.nodes.get(event.node ?? '');
      return node && WORK.test(node.type) ? say('flow.happened.done', { name }) : undefined;
    }
    case 'voted':
      return voted(event, { say, person, model });
    case 'task-closed':
      return closed(event, { say, person, model });
    case 'step-failed':
    case 'incident-raised':
      return say('flow.happened.trouble', { name });
    case 'incident-resolved':
      return say('flow.happened.again');
    case 'reminded':
      return say('flow.happened.reminded', { name });
    case 'timer-fired':
      return say('flow.happened.timer', { name });
    case 'message-correlated':
    case 'signal-caught':
      return say('flow.happened.message', { name });
    case 'escalation-thrown':
      return say('flow.happened.escalated', { name });
    case 'modified':
      return say('flow.happened.moved');
    case 'migrated':
      return say('flow.happened.migrated');
    case 'cancel-requested':
      return event.reason ? say('flow.happened.cancelled.why', { why: event.reason }) : say('flow.happened.cancelled');
    case 'ended':
      return say('flow.happened.ended');
    default:
      return undefined;
  }
}

function voted({ node, vote }: FlowEvent, { say, person, model }: Words): string | undefined {
  if (!vote) return undefined;
  const said = say(`flow.happened.vote.${vote.answer}`, { who: person(vote.delegate ?? vote.person), name: nodeName(model, node ?? '') });
  return vote.comment ? `${said}: ${vote.comment}` : said;
}

function closed({ node, outcome, by }: FlowEvent, { say, person, model }: Words): string | undefined {
  const name = nodeName(model, node ?? '');
  switch (outcome) {
    case 'completed':
    case 'error':
      return by ? say('flow.happened.done.by', { name, who: person(by) }) : say('flow.happened.done', { name });
    case 'approved':
      return say('flow.happened.approved', { name });
    case 'rejected':
      return say('flow.happened.rejected', { name });
    case 'expired':
      return say('flow.happened.expired', { name });
    default:
      return undefined;
  }
}

/** Where the flow is after these events: what was entered and not left again in them. */
export function entered(happened: readonly FlowEvent[]): string[] {
  const live = new Map<number, string>();
  for (const event of happened) {
    if (event.element === undefined || event.node === undefined) continue;
    if (event.event === 'activated') live.set(event.element, event.node);
    if (event.event === 'completed' || event.event === 'terminated') live.delete(event.element);
  }
  return [...new Set(live.values())];
}

/** What came of ending a task or answering an approval, in one sentence. */
export function afterwards({ instance, happened }: Outcome, { say, model }: Words): string {
  const verdict = [...happened].reverse().find(({ event }) => event === 'judged')?.verdict;
  if (happened.some(({ event }) => event === 'incident-raised')) return say('flow.after.trouble');
  if (verdict?.verdict === 'pending') {
    return verdict.reason ? say('flow.after.pending.why', { why: verdict.reason }) : say('flow.after.pending');
  }
  const opening =
    verdict?.verdict === 'approved' ? say('flow.after.approved') : verdict?.verdict === 'rejected' ? say('flow.after.rejected') : say('flow.after.done');
  if (instance.status !== 'running') return `${opening} ${say('flow.after.ended')}`;
  const names = entered(happened)
    .filter((node) => node !== instance.process)
    .map((node) => nodeName(model, node));
  return names.length > 0 ? `${opening} ${say('flow.after.next', { names: names.join(', ') })}` : `${opening} ${say('flow.after.goes-on')}`;
}
