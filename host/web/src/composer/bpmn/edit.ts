// Changes to the structure of a model, as one entry of the history each: what the outline does, and the catalogue with a click.
import type { Entry } from '../catalog';
import { shapeOf } from '../catalog';
import type { Services } from './modeler';
import { is, type Element, type Writer } from './types';
import { formal } from './zeebe';

const GAP = 60;

export class Editor {
  readonly #get: Services;
  readonly writer: Writer;

  constructor(get: Services, writer: Writer) {
    this.#get = get;
    this.writer = writer;
  }

  get #modeling() {
    return this.#get('modeling');
  }

  /** Puts a step after another, or into a branch. What followed follows the new one. */
  addAfter(at: Element, entry: Entry, name: string): Element | undefined {
    let made: Element | undefined;
    this.writer.together(() => {
      made = this.#place(at, entry);
      if (!made) return;
      if (name !== '' && made.businessObject.name !== name) this.#modeling.updateProperties(made, { name });
      entry.apply?.(this.writer, made);
    });
    return made;
  }

  #place(at: Element, entry: Entry): Element | undefined {
    const shape = this.#shape(entry);
    if (entry.attached) {
      const host = is(at, 'bpmn:Activity') ? at : undefined;
      if (!host) return undefined;
      const taken = (host.attachers ?? []).length;
      const position = { x: host.x + host.width - 18 - taken * 42, y: host.y + host.height };
      return this.#modeling.createShape(shape, position, host, { attach: true });
    }
    if (is(at, 'bpmn:SequenceFlow')) return this.#into(at, shape);
    const flows = at.outgoing.filter((flow) => is(flow, 'bpmn:SequenceFlow'));
    const splits = is(at, 'bpmn:Gateway') && at.incoming.length > 0 && !this.#joins(at);
    const ends = entry.type === 'bpmn:EndEvent';
    if (flows.length === 1 && flows[0] && !splits && !ends) return this.#into(flows[0], shape);
    if (is(at, 'bpmn:EndEvent')) {
      // Before the end there is still room.
      const before = at.incoming.find((flow) => is(flow, 'bpmn:SequenceFlow'));
      return before ? this.#into(before, shape) : undefined;
    }
    if (!is(at, 'bpmn:FlowNode') || entry.type === 'bpmn:StartEvent') {
      const scope = is(at, 'bpmn:FlowNode') ? (at.parent as Element) : at;
      const lowest = Math.max(120, ...(scope.children ?? []).map((child) => child.y + child.height));
      return this.#modeling.createShape(shape, { x: scope.x ? scope.x + 120 : 240, y: lowest + 80 }, scope);
    }
    return this.#get('autoPlace').append(at, shape);
  }

  #joins(gateway: Element) {
    return gateway.incoming.length > 1 && gateway.outgoing.length <= 1;
  }

  #shape(entry: Entry): Element {
    return this.#get('elementFactory').createShape(shapeOf(entry, this.writer.factory));
  }

  /** Puts a shape between the two ends of a flow, and makes room for it. */
  #into(flow: Element, shape: Element): Element {
    const [source, target] = [flow.source as Element, flow.target as Element];
    const middle = (element: Element) => element.y + element.height / 2;
    const ahead = target.x > source.x + source.width;
    // On a straight way in its middle; on a branch at the height of where it leads.
    const y = Math.abs(middle(source) - middle(target)) < 20 ? middle(source) : middle(target);
    const from = source.x + source.width + GAP;
    if (ahead) {
      const lacking = from + shape.width + GAP - target.x;
      if (lacking > 0) this.#makeRoom(target.x - 10, lacking);
    }
    const position = { x: from + shape.width / 2, y: ahead ? y : middle(source) };
    const made = this.#modeling.createShape(shape, position, source.host ? source.host.parent : source.parent);
    this.#modeling.reconnectEnd(flow, made, { x: made.x + made.width / 2, y: made.y + made.height / 2 });
    this.#modeling.layoutConnection(flow);
    this.#modeling.connect(made, target);
    return made;
  }

  #makeRoom(start: number, by: number) {
    const root = this.#get('canvas').getRootElement();
    const all = this.#get('elementRegistry').filter((element: Element) => element !== root && !element.waypoints) as Element[];
    const { movingShapes, resizingShapes } = this.#get('spaceTool').calculateAdjustments(all, 'x', by, start);
    this.#modeling.createSpace(movingShapes, resizingShapes, { x: by, y: 0 }, 'e', start);
  }

  /** Another way out of a gateway: a branch that ends at once, to be filled. */
  addBranch(gateway: Element, condition: string): Element | undefined {
    let made: Element | undefined;
    this.writer.together(() => {
      const shape = this.#get('elementFactory').createShape({ type: 'bpmn:EndEvent' });
      this.#get('autoPlace').append(gateway, shape);
      made = gateway.outgoing.at(-1);
      if (made && condition !== '') this.#setCondition(made, condition);
    });
    return made;
  }

  setCondition(flow: Element, condition: string) {
    this.writer.together(() => {
      const source = flow.source as Element;
      if (condition !== '' && source.businessObject.default === flow.businessObject) this.#modeling.updateProperties(source, { default: undefined });
      this.#setCondition(flow, condition);
    });
  }

  #setCondition(flow: Element, condition: string) {
    this.#modeling.updateProperties(flow, { conditionExpression: formal(this.writer.factory, flow.businessObject, condition) });
  }

  /** The way that is taken when no condition holds. */
  setDefault(flow: Element, on: 'yes' | 'no') {
    this.writer.together(() => {
      if (on === 'yes') this.#setCondition(flow, '');
      this.#modeling.updateProperties(flow.source, { default: on === 'yes' ? flow.businessObject : undefined });
    });
  }

  remove(element: Element) {
    this.#modeling.removeElements([element]);
  }

  /** Whether a step can be taken out and put elsewhere: one way in, one way out. */
  canMove(element: Element): boolean {
    const one = (flows: Element[]) => flows.filter((flow) => is(flow, 'bpmn:SequenceFlow')).length === 1;
    return !element.host && is(element, 'bpmn:FlowNode') && one(element.incoming) && one(element.outgoing);
  }

  /** Where a step goes when it moves one place up or down: the flow that it is put into. */
  neighbour(element: Element, way: 'up' | 'down'): Element | undefined {
    if (!this.canMove(element)) return undefined;
    if (way === 'up') {
      const before = element.incoming[0]?.source;
      if (!before || is(before, 'bpmn:StartEvent') || before.host) return undefined;
      return before.incoming.filter((flow) => is(flow, 'bpmn:SequenceFlow')).length === 1 ? before.incoming[0] : undefined;
    }
    const after = element.outgoing[0]?.target;
    if (!after || after.outgoing.length === 0) return undefined;
    return after.outgoing[0];
  }

  /** Takes a step out of its place, closes the gap, and puts it into a flow. */
  move(element: Element, into: Element) {
    const [before, after] = [element.incoming[0], element.outgoing[0]];
    if (!before || !after || into === before || into === after) return;
    this.writer.together(() => {
      const modeling = this.#modeling;
      const next = after.target as Element;
      modeling.removeConnection(after);
      modeling.reconnectEnd(before, next, { x: next.x + next.width / 2, y: next.y + next.height / 2 });
      const [source, target] = [into.source as Element, into.target as Element];
      const from = source.x + source.width + GAP;
      const lacking = from + element.width + GAP - target.x;
      if (target.x > source.x + source.width && lacking > 0) this.#makeRoom(target.x - 10, lacking);
      const y = target.y + target.height / 2 - element.height / 2;
      modeling.moveShape(element, { x: source.x + source.width + GAP - element.x, y: y - element.y }, source.parent);
      modeling.reconnectEnd(into, element, { x: element.x + element.width / 2, y: element.y + element.height / 2 });
      modeling.layoutConnection(into);
      modeling.connect(element, target);
      modeling.layoutConnection(before);
    });
  }

  /** Another type for the same step: its name and its ways stay. */
  change(element: Element, entry: Entry): Element {
    let made = element;
    this.writer.together(() => {
      const same = element.type === entry.type && !entry.event;
      if (!same) {
        const target: Record<string, unknown> = { type: entry.type, ...(entry.expanded ? { isExpanded: true } : {}) };
        if (entry.event) target.eventDefinitionType = entry.event;
        made = this.#get('bpmnReplace').replaceElement(element, target);
      }
      entry.apply?.(this.writer, made);
    });
    return made;
  }

  /** Whether an entry can take the place of a step. */
  fits(element: Element, entry: Entry): boolean {
    if (entry.attached) return is(element, 'bpmn:BoundaryEvent');
    if (is(element, 'bpmn:BoundaryEvent')) return false;
    if (is(element, 'bpmn:StartEvent')) return entry.type === 'bpmn:StartEvent';
    if (is(element, 'bpmn:EndEvent')) return entry.type === 'bpmn:EndEvent';
    if (is(element, 'bpmn:Gateway')) return entry.type.endsWith('Gateway');
    return is(element, 'bpmn:FlowNode') && !['bpmn:StartEvent', 'bpmn:EndEvent'].includes(entry.type) && !entry.type.endsWith('Gateway');
  }
}
