// Where a flow stood after each step of a trial or of a run, and what went in and out of each element. Pure: events come in.
import type { FlowEvent, HistoryEntry } from '../../shared/api/flow';
import type { Fields } from '../../shared/api/types';
import type { Mock, Simulation } from '../api';

export interface Line {
  at: string;
  event: FlowEvent;
}

/** One step: an element was entered, and everything that followed until the next was. */
export interface Moment {
  at: string;
  /** The element that was entered; nothing for what happened to elements that were there already. */
  node: string;
  lines: Line[];
}

export interface Standing {
  /** Nodes with a token, and how many. */
  tokens: Map<string, number>;
  done: Set<string>;
  flows: Set<string>;
  variables: Fields;
  local: Map<string, Fields>;
}

const WAKES = new Set(['task-closed', 'timer-fired', 'message-correlated', 'signal-caught', 'step-failed', 'error-thrown', 'ended']);

export function moments(lines: readonly Line[], process: string): Moment[] {
  const found: Moment[] = [];
  for (const line of lines) {
    const { event, node = '' } = line.event;
    const enters = event === 'activated' && node !== process;
    if (enters || WAKES.has(event) || found.length === 0) found.push({ at: line.at, node: enters || WAKES.has(event) ? node : '', lines: [] });
    found.at(-1)?.lines.push(line);
  }
  return found;
}

export function standing(all: readonly Moment[], upTo: number, process: string): Standing {
  const live = new Map<number, string>();
  const scopes = new Map<number, Fields>();
  const result: Standing = { tokens: new Map(), done: new Set(), flows: new Set(), variables: {}, local: new Map() };
  let root = 0;
  for (const { event } of all.slice(0, upTo).flatMap(({ lines }) => lines)) {
    const { element = -1, node = '' } = event;
    if (event.event === 'started') result.variables = { ...(event.variables as Fields | undefined) };
    if (event.event === 'activated') {
      live.set(element, node);
      if (node === process && root === 0) {
        root = element;
        scopes.set(root, result.variables);
      }
    }
    if (event.event === 'completed' || event.event === 'terminated') {
      live.delete(element);
      if (event.event === 'completed') result.done.add(node);
    }
    if (event.event === 'flow-taken') result.flows.add(event.flow as string);
    if (event.event === 'variables-set') {
      const scope = event.scope as number;
      const values = scopes.get(scope) ?? {};
      Object.assign(values, event.variables as Fields);
      scopes.set(scope, values);
    }
  }
  for (const [element, node] of live) {
    if (node === process) continue;
    result.tokens.set(node, (result.tokens.get(node) ?? 0) + 1);
    const own = scopes.get(element);
    if (own) result.local.set(node, own);
  }
  return result;
}

export interface Passage {
  element: number;
  entered: string;
  left?: string;
  inputs: Fields;
  /** What it gave itself, before it was mapped. */
  outputs: Fields;
  /** What its mappings made of it outside. */
  kept: Fields;
  decided?: unknown;
  error?: string;
  answers: NonNullable<Mock['answer']>[];
  ended?: string;
}

/** What went in and out, each time that an element was passed, by its node. */
export function passages(lines: readonly Line[]): Map<string, Passage[]> {
  const found = new Map<string, Passage[]>();
  const live = new Map<number, Passage>();
  let last: Passage | undefined;
  for (const { at, event } of lines) {
    const { element = -1, node = '' } = event;
    const passage = live.get(element);
    if (passage) last = passage;
    switch (event.event) {
      case 'activated': {
        const made: Passage = { element, entered: at, inputs: {}, outputs: {}, kept: {}, answers: [] };
        live.set(element, made);
        found.set(node, [...(found.get(node) ?? []), made]);
        last = made;
        break;
      }
      case 'inputs-mapped':
        if (passage) passage.inputs = { ...(event.inputs as Fields) };
        break;
      case 'variables-set': {
        const own = live.get(event.scope as number);
        const values = event.variables as Fields;
        // Before the inputs are said, these are the inputs.
        if (own && own === last) Object.assign(own.outputs, values);
        else if (last) Object.assign(last.kept, values);
        break;
      }
      case 'voted':
        if (passage && event.vote) passage.answers.push(event.vote.answer);
        break;
      case 'decided':
        if (passage) passage.decided = event.explanation;
        break;
      case 'error-thrown':
        if (passage) passage.error = event.code;
        break;
      case 'task-closed':
        if (passage) passage.ended = event.outcome;
        break;
      case 'completed':
      case 'terminated':
        if (passage) passage.left = at;
        break;
    }
  }
  for (const list of found.values()) {
    for (const one of list) {
      for (const name of Object.keys(one.inputs)) if (JSON.stringify(one.outputs[name]) === JSON.stringify(one.inputs[name])) delete one.outputs[name];
    }
  }
  return found;
}

export function linesOf(history: readonly HistoryEntry[]): Line[] {
  return history.flatMap(({ at, data }) => (data.events ?? []).map((event) => ({ at, event })));
}

/** A run as a trial: it begins as the run did, and people and steps answer as they did there, the last time where there were several. */
export function asTrial(history: readonly HistoryEntry[]): Pick<Simulation, 'variables' | 'at' | 'mocks'> {
  const lines = linesOf(history);
  const started = lines.find(({ event }) => event.event === 'started');
  const worked = new Set(lines.filter(({ event }) => ['task-opened', 'step-requested'].includes(event.event)).map(({ event }) => event.node ?? ''));
  const mocks: Record<string, Mock> = {};
  for (const [node, list] of passages(lines)) {
    const last = list.at(-1);
    if (!last || !worked.has(node)) continue;
    const mock: Mock = { outputs: Object.keys(last.outputs).length > 0 ? last.outputs : last.kept };
    if (last.error) mock.error = last.error;
    const [answer] = last.answers.slice(-1);
    if (answer) mock.answer = answer;
    else if (last.ended === undefined && last.left === undefined) mock.silent = true;
    mocks[node] = mock;
  }
  return { variables: (started?.event.variables as Fields | undefined) ?? {}, at: started?.at, mocks };
}

/** The nodes in the order in which they were entered, without the process itself. */
export function path(lines: readonly Line[], process: string): string[] {
  return lines.filter(({ event }) => event.event === 'activated' && event.node !== process).map(({ event }) => event.node ?? '');
}
