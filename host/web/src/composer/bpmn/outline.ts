// The model as an ordered list of steps, for those who do not draw. It reads the same elements that the diagram shows; nothing is kept.
import { is, type Element } from './types';

export interface Row {
  kind: 'step' | 'branch' | 'goes-on';
  element: Element;
  depth: number;
  /** Why a step stands here: attached to the one above, inside it, or nothing leads to it. */
  how?: 'attached' | 'inside' | 'apart';
}

/** A list that is longer is cut: it would be no list for people any more. */
const ROWS_MAX = 2000;

const isStep = (element: Element) => is(element, 'bpmn:FlowNode') && !element.labelTarget;
const flowsOf = (element: Element) => element.outgoing.filter((flow) => is(flow, 'bpmn:SequenceFlow'));

export function outline(scope: Element): Row[] {
  const rows: Row[] = [];
  const seen = new Set<Element>();
  /** How many flows arrived at a join so far: it is listed where the last one does. */
  const arrived = new Map<Element, number>();
  listScope(scope, 0, undefined);
  return rows;

  function listScope(container: Element, depth: number, how: Row['how']) {
    const steps = (container.children ?? []).filter((child) => isStep(child) && !child.host);
    const order = (one: Element, other: Element) => one.y - other.y || one.x - other.x;
    const starts = steps.filter((step) => is(step, 'bpmn:StartEvent')).sort(order);
    const rest = steps.filter((step) => !is(step, 'bpmn:StartEvent')).sort((one, other) => one.x - other.x || one.y - other.y);
    const isEventScope = (step: Element) => step.businessObject.triggeredByEvent === true;
    const begins = [...starts, ...rest.filter((step) => step.incoming.length === 0 && !isEventScope(step)), ...rest];
    for (const begin of begins) {
      if (seen.has(begin)) continue;
      const apart = !is(begin, 'bpmn:StartEvent') && !isEventScope(begin) && how === undefined;
      settle(visit(begin, depth, apart ? 'apart' : how), depth);
    }
  }

  /** Lists joins that nothing else leads to any more. */
  function settle(open: Element[], depth: number) {
    for (let round = 0; open.length > 0 && round < ROWS_MAX; round += 1) {
      const next = open.shift() as Element;
      if (!seen.has(next)) open.push(...visit(next, depth, undefined));
    }
  }

  /** Lists a step and what follows. Returns the joins that it led to and that others lead to as well. */
  function visit(from: Element, depth: number, how: Row['how']): Element[] {
    let at: Element | undefined = from;
    let why = how;
    const open: Element[] = [];
    while (at && !seen.has(at) && rows.length < ROWS_MAX) {
      seen.add(at);
      rows.push({ kind: 'step', element: at, depth, how: why });
      why = undefined;
      if (is(at, 'bpmn:SubProcess')) listScope(at, depth + 1, 'inside');
      for (const event of [...(at.attachers ?? [])].filter(isStep).sort((one, other) => one.x - other.x)) {
        if (seen.has(event)) continue;
        open.push(...visit(event, depth + 1, 'attached'));
      }
      const flows = flowsOf(at);
      if (flows.length > 1) {
        for (const flow of flows) {
          rows.push({ kind: 'branch', element: flow, depth: depth + 1 });
          open.push(...follow(flow, depth + 2));
        }
        const here: Element[] = open.splice(0).filter((join, index, all) => all.indexOf(join) === index && !seen.has(join));
        const ready = here.filter((join) => (arrived.get(join) ?? 0) >= join.incoming.length);
        open.push(...here.filter((join) => !ready.includes(join)));
        for (const join of ready) if (!seen.has(join)) open.push(...visit(join, depth, undefined));
        return open;
      }
      const flow: Element | undefined = flows[0];
      at = undefined;
      if (flow?.target) {
        const target = flow.target;
        if (seen.has(target)) rows.push({ kind: 'goes-on', element: target, depth });
        else if (depth > 0 && target.incoming.length > 1 && !goesBack(flow)) {
          arrive(flow, depth);
          open.push(target);
        } else at = target;
      }
    }
    return open;
  }

  function follow(flow: Element, depth: number): Element[] {
    const target = flow.target;
    if (!target) return [];
    if (seen.has(target)) {
      rows.push({ kind: 'goes-on', element: target, depth });
      return [];
    }
    if (target.incoming.length > 1) {
      arrive(flow, depth);
      return [target];
    }
    return visit(target, depth, undefined);
  }

  function arrive(flow: Element, depth: number) {
    const target = flow.target as Element;
    arrived.set(target, (arrived.get(target) ?? 0) + 1);
    rows.push({ kind: 'goes-on', element: target, depth });
  }

  function goesBack(flow: Element) {
    return flow.target !== undefined && seen.has(flow.target);
  }
}

/** Where the step of a row can be added after: its only way on, or the branch itself. */
export function flowAfter(row: Row): Element | undefined {
  if (row.kind === 'branch') return row.element;
  const flows = flowsOf(row.element);
  return flows.length === 1 ? flows[0] : undefined;
}
