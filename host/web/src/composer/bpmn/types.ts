// What the composer uses of bpmn-js, which describes its services as `any`. Nothing here knows what a step means to Weft.

/** An element of the model, as moddle reads it. */
export interface Moddle {
  $type: string;
  $parent?: Moddle;
  id?: string;
  name?: string;
  get(name: string): any;
  [property: string]: any;
}

/** A shape or connection of the diagram. */
export interface Element {
  id: string;
  type: string;
  businessObject: Moddle;
  parent?: Element;
  children?: Element[];
  incoming: Element[];
  outgoing: Element[];
  attachers?: Element[];
  host?: Element;
  source?: Element;
  target?: Element;
  labelTarget?: Element;
  waypoints?: { x: number; y: number }[];
  x: number;
  y: number;
  width: number;
  height: number;
  collapsed?: boolean;
}

/** Makes elements of the model by their type. */
export interface Factory {
  create(type: string, properties?: Record<string, unknown>): Moddle;
}

/** Writes to the model, each call undone on its own unless they are made within one `together`. */
export interface Writer {
  factory: Factory;
  set(element: Element, target: Moddle, properties: Record<string, unknown>): void;
  /** One entry of the history for everything that `work` does. */
  together(work: () => void): void;
}

/** `bpmn:UserTask` and everything that is one. */
export function is(thing: Element | Moddle | undefined, type: string): boolean {
  const model = thing && ('businessObject' in thing ? (thing as Element).businessObject : (thing as Moddle));
  return typeof model?.$instanceOf === 'function' ? model.$instanceOf(type) : model?.$type === type;
}
