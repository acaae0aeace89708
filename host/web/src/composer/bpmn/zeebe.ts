// Reading and writing the extension vocabulary of flows (host/docs/flows.md). A change never edits a list in place: the whole
// `extensionElements` is made anew and set at once, so that one change is one step back.
import { is, type Element, type Factory, type Moddle, type Writer } from './types';

export interface Mapping {
  source: string;
  target: string;
}

export function extension(model: Moddle | undefined, type: string): Moddle | undefined {
  return values(model?.extensionElements).find((one) => one.$type === type);
}

function values(extensions: Moddle | undefined): Moddle[] {
  return (extensions?.get?.('values') as Moddle[] | undefined) ?? extensions?.values ?? [];
}

/** The same extensions with those of one type replaced, or left out with `undefined`. */
export function withExtension(factory: Factory, model: Moddle, type: string, next: Moddle | undefined): Moddle | undefined {
  const before = values(model.extensionElements);
  const place = before.findIndex((one) => one.$type === type);
  const after = before.filter((one) => one.$type !== type);
  if (next) after.splice(place < 0 ? after.length : place, 0, next);
  if (after.length === 0) return undefined;
  const extensions = factory.create('bpmn:ExtensionElements', { values: after });
  extensions.$parent = model;
  for (const one of after) one.$parent = extensions;
  return extensions;
}

/** Sets attributes of an extension; one whose attributes are all empty goes away, unless `keep`. */
export function setExtension(
  writer: Writer,
  element: Element,
  type: string,
  properties: Record<string, string | boolean | undefined> | undefined,
  { model = element.businessObject, keep = false }: { model?: Moddle; keep?: boolean } = {},
) {
  let next: Moddle | undefined;
  if (properties) {
    const before = extension(model, type);
    const all = { ...attributes(before), ...properties };
    const filled = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== ''));
    if (keep || Object.keys(filled).length > 0) next = writer.factory.create(type, filled);
  }
  if (!next && !extension(model, type)) return;
  writer.set(element, model, { extensionElements: withExtension(writer.factory, model, type, next) });
}

function attributes(model: Moddle | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const property of model?.$descriptor?.properties ?? []) {
    const name = (property.name as string).replace(/^.*:/, '');
    if (property.isAttr && model?.[name] !== undefined) found[name] = model[name];
  }
  return found;
}

export function headers(model: Moddle): Record<string, string> {
  const list = (extension(model, 'zeebe:TaskHeaders')?.values ?? []) as Moddle[];
  return Object.fromEntries(list.filter(({ key }) => key).map(({ key, value }) => [key as string, (value as string | undefined) ?? '']));
}

export function setHeaders(writer: Writer, element: Element, changes: Record<string, string | undefined>) {
  const model = element.businessObject;
  const all: Record<string, string | undefined> = { ...headers(model), ...changes };
  const list = Object.entries(all)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => writer.factory.create('zeebe:Header', { key, value }));
  const next = list.length > 0 ? writer.factory.create('zeebe:TaskHeaders', { values: list }) : undefined;
  for (const one of list) one.$parent = next;
  if (!next && !extension(model, 'zeebe:TaskHeaders')) return;
  writer.set(element, model, { extensionElements: withExtension(writer.factory, model, 'zeebe:TaskHeaders', next) });
}

type Side = 'input' | 'output';
const LISTS = { input: 'inputParameters', output: 'outputParameters' } as const;

export function mappings(model: Moddle, side: Side): Mapping[] {
  const list = (extension(model, 'zeebe:IoMapping')?.[LISTS[side]] ?? []) as Moddle[];
  return list.map(({ source, target }) => ({ source: (source as string | undefined) ?? '', target: (target as string | undefined) ?? '' }));
}

export function setMappings(writer: Writer, element: Element, changes: Partial<Record<Side, Mapping[]>>) {
  const model = element.businessObject;
  const make = (side: Side) =>
    (changes[side] ?? mappings(model, side)).map((one) =>
      writer.factory.create(side === 'input' ? 'zeebe:Input' : 'zeebe:Output', { source: one.source, target: one.target }),
    );
  const [inputs, outputs] = [make('input'), make('output')];
  const some = inputs.length + outputs.length > 0;
  const next = some ? writer.factory.create('zeebe:IoMapping', { inputParameters: inputs, outputParameters: outputs }) : undefined;
  for (const one of [...inputs, ...outputs]) one.$parent = next;
  if (!next && !extension(model, 'zeebe:IoMapping')) return;
  writer.set(element, model, { extensionElements: withExtension(writer.factory, model, 'zeebe:IoMapping', next) });
}

/** One input of a step by its name; empty takes it away. */
export function setInput(writer: Writer, element: Element, target: string, source: string) {
  const before = mappings(element.businessObject, 'input');
  const known = before.some((one) => one.target === target);
  const next = known ? before.map((one) => (one.target === target ? { source, target } : one)) : [...before, { source, target }];
  setMappings(writer, element, { input: next.filter((one) => one.target !== target || one.source !== '') });
}

/** An expression of the standard, such as a condition or a duration; `undefined` for none. */
export function formal(factory: Factory, parent: Moddle, body: string): Moddle | undefined {
  if (body === '') return undefined;
  const made = factory.create('bpmn:FormalExpression', { body });
  made.$parent = parent;
  return made;
}

export function eventDefinition(model: Moddle): Moddle | undefined {
  return (model.get?.('eventDefinitions') as Moddle[] | undefined)?.[0];
}

export function definitionsOf(model: Moddle): Moddle | undefined {
  let at: Moddle | undefined = model;
  while (at && at.$type !== 'bpmn:Definitions') at = at.$parent;
  return at;
}

/** Messages, errors, signals and escalations stand beside the processes and are shared by their name. */
export function roots(model: Moddle, type: string): Moddle[] {
  return ((definitionsOf(model)?.rootElements ?? []) as Moddle[]).filter((one) => one.$type === type);
}

/** The root of this type that `match` finds, or a new one. */
export function root(writer: Writer, element: Element, type: string, match: (root: Moddle) => boolean, properties: Record<string, unknown>): Moddle {
  const found = roots(element.businessObject, type).find(match);
  if (found) return found;
  const definitions = definitionsOf(element.businessObject);
  const made = writer.factory.create(type, properties);
  if (definitions) {
    made.$parent = definitions;
    writer.set(element, definitions, { rootElements: [...(definitions.rootElements ?? []), made] });
  }
  return made;
}

/** `io.x` is a plugin's step: `plugin/step@major`. */
export function stepType(model: Moddle): string {
  return (extension(model, 'zeebe:TaskDefinition')?.type as string | undefined) ?? '';
}

export function isApproval(model: Moddle): boolean {
  return is(model, 'bpmn:UserTask') && headers(model).approval !== undefined;
}
