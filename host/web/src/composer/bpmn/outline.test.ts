import { expect, test } from 'vitest';
import { flowAfter, outline } from './outline';
import type { Element } from './types';

/** A model from lines such as `a > b`; types by the first letter of an id: s start, t task, x gateway, e end. */
function model(flows: string, attached: Record<string, string> = {}): Element {
  const types: Record<string, string[]> = {
    s: ['bpmn:StartEvent'],
    t: ['bpmn:UserTask', 'bpmn:Activity'],
    x: ['bpmn:ExclusiveGateway', 'bpmn:Gateway'],
    e: ['bpmn:EndEvent'],
    b: ['bpmn:BoundaryEvent'],
  };
  const nodes = new Map<string, Element>();
  const scope = { id: 'p', children: [] as Element[] } as unknown as Element;
  const node = (id: string): Element => {
    const known = nodes.get(id);
    if (known) return known;
    const kinds = [...(types[id[0] as string] ?? []), 'bpmn:FlowNode'];
    const made = { id, type: kinds[0], businessObject: { $instanceOf: (type: string) => kinds.includes(type) }, incoming: [], outgoing: [], attachers: [], x: nodes.size, y: 0, parent: scope } as unknown as Element;
    nodes.set(id, made);
    scope.children?.push(made);
    return made;
  };
  for (const line of flows.trim().split('\n')) {
    const [from = '', to = ''] = line.split('>').map((one) => one.trim());
    if (to === '') {
      node(from);
      continue;
    }
    const flow = { id: `${from}-${to}`, businessObject: { $instanceOf: (type: string) => type === 'bpmn:SequenceFlow' }, source: node(from), target: node(to), incoming: [], outgoing: [] } as unknown as Element;
    node(from).outgoing.push(flow);
    node(to).incoming.push(flow);
  }
  for (const [event, host] of Object.entries(attached)) {
    node(event).host = node(host);
    node(host).attachers?.push(node(event));
  }
  return scope;
}

const shown = (scope: Element) =>
  outline(scope).map(({ kind, element, depth, how }) => '  '.repeat(depth) + (kind === 'goes-on' ? `-> ${element.id}` : element.id) + (how ? ` (${how})` : ''));

test('a straight flow is a plain list', () => {
  expect(shown(model('s > t1\nt1 > t2\nt2 > e'))).toEqual(['s', 't1', 't2', 'e']);
});

test('ways of a choice are listed below it, and what they lead to together comes after them', () => {
  expect(shown(model('s > x1\nx1 > t1\nx1 > t2\nt1 > x2\nt2 > x2\nx2 > e'))).toEqual([
    's', 'x1', '  x1-t1', '    t1', '    -> x2', '  x1-t2', '    t2', '    -> x2', 'x2', 'e',
  ]);
});

test('a way back says where it leads', () => {
  expect(shown(model('s > t1\nt1 > x1\nx1 > e\nx1 > t2\nt2 > t1'))).toEqual(['s', 't1', 'x1', '  x1-e', '    e', '  x1-t2', '    t2', '    -> t1']);
});

test('what is attached stands below its step, and what nothing leads to at the end', () => {
  expect(shown(model('s > t1\nt1 > e1\nb1 > t2\nt2 > e2\nt3', { b1: 't1' }))).toEqual(['s', 't1', '  b1 (attached)', '  t2', '  e2', 'e1', 't3 (apart)']);
});

test('every step is listed once, however the ways cross', () => {
  const scope = model('s > x1\nx1 > t1\nx1 > x2\nx2 > t2\nx2 > t1\nt1 > x3\nt2 > x3\nx3 > t4\nt4 > x1');
  const steps = outline(scope).filter(({ kind }) => kind === 'step').map(({ element }) => element.id);
  expect([...steps].sort()).toEqual(['s', 't1', 't2', 't4', 'x1', 'x2', 'x3']);
});

test('something can be added after a step with one way on, and into a way', () => {
  const rows = outline(model('s > x1\nx1 > t1\nx1 > e'));
  expect(rows.map((row) => flowAfter(row)?.id)).toEqual(['s-x1', undefined, 'x1-t1', undefined, 'x1-e', undefined]);
});
