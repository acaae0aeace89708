// Between DMN and a table that is edited. Everything of a model that the table does not show stays as it was.

export interface Column {
  label: string;
  /** The expression of an input, the name of an output. */
  text: string;
  type: string;
  /** The values that it may have, as unary tests; empty for all. */
  values: string;
  /** What an output is when no rule matches. */
  otherwise: string;
}

export interface Rule {
  id: string;
  inputs: string[];
  outputs: string[];
  note: string;
}

export interface Table {
  name: string;
  policy: string;
  aggregation: string;
  inputs: Column[];
  outputs: Column[];
  noteName: string;
  rules: Rule[];
  /** Values that it reads besides its columns, by name and type. */
  needs: { name: string; type: string }[];
}

export const POLICIES = ['UNIQUE', 'FIRST', 'ANY', 'PRIORITY', 'RULE ORDER', 'OUTPUT ORDER', 'COLLECT'] as const;
export const AGGREGATIONS = ['', 'SUM', 'MIN', 'MAX', 'COUNT'] as const;
export const TYPES = ['', 'string', 'number', 'boolean', 'date', 'dateTime', 'time', 'dayTimeDuration'] as const;
export const RULES_MAX = 500;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function all(parent: Element | Document, name: string): Element[] {
  const root = 'documentElement' in parent ? (parent as Document).documentElement : (parent as Element);
  return Array.from(parent.getElementsByTagNameNS(root.namespaceURI, name)) as Element[];
}

function childrenOf(parent: Element, name: string): Element[] {
  return (Array.from(parent.childNodes) as Element[]).filter((child) => child.nodeType === 1 && child.localName === name);
}

const child = (parent: Element | undefined, name: string) => parent && childrenOf(parent, name)[0];
const textOf = (parent: Element | undefined) => (child(parent, 'text')?.textContent ?? '').trim();
const attribute = (element: Element | undefined, name: string) => element?.getAttribute(name) ?? '';

export function parse(xml: string): Document {
  const document = new DOMParser().parseFromString(xml, 'application/xml');
  if (document.getElementsByTagName('parsererror').length > 0) throw new Error('not XML');
  return document;
}

function decisionOf(document: Document, id: string): Element | undefined {
  return all(document, 'decision').find((one) => one.getAttribute('id') === id);
}

/** The table of a decision; nothing where its logic is something else. */
export function read(document: Document, id: string): Table | undefined {
  const decision = decisionOf(document, id);
  const table = child(decision, 'decisionTable');
  if (!decision || !table) return undefined;
  const notes = childrenOf(table, 'annotation');
  const inputs = childrenOf(table, 'input').map((input) => ({
    label: attribute(input, 'label'),
    text: textOf(child(input, 'inputExpression')),
    type: attribute(child(input, 'inputExpression'), 'typeRef'),
    values: textOf(child(input, 'inputValues')),
    otherwise: '',
  }));
  const outputs = childrenOf(table, 'output').map((output) => ({
    label: attribute(output, 'label'),
    text: attribute(output, 'name'),
    type: attribute(output, 'typeRef'),
    values: textOf(child(output, 'outputValues')),
    otherwise: textOf(child(output, 'defaultOutputEntry')),
  }));
  const rules = childrenOf(table, 'rule').map((rule, index) => ({
    id: attribute(rule, 'id') || `rule-${index + 1}`,
    inputs: childrenOf(rule, 'inputEntry').map(textOf),
    outputs: childrenOf(rule, 'outputEntry').map(textOf),
    note: textOf(childrenOf(rule, 'annotationEntry')[0]),
  }));
  const shown = inputs.map(({ text }) => text);
  return {
    name: attribute(decision, 'name') || id,
    policy: attribute(table, 'hitPolicy') || 'UNIQUE',
    aggregation: attribute(table, 'aggregation'),
    inputs,
    outputs,
    noteName: attribute(notes[0], 'name'),
    rules,
    needs: required(document, decision).map(({ name, type }) => ({ name, type })).filter(({ name }) => !shown.includes(name)),
  };
}

function required(document: Document, decision: Element) {
  const data = all(document, 'inputData');
  return childrenOf(decision, 'informationRequirement').flatMap((requirement) => {
    const href = attribute(child(requirement, 'requiredInput'), 'href').replace(/^#/, '');
    const found = data.find((one) => one.getAttribute('id') === href);
    return found ? [{ requirement, data: found, id: href, name: attribute(found, 'name'), type: attribute(child(found, 'variable'), 'typeRef') }] : [];
  });
}

/** The model with the table as it is now. The document is changed. */
export function write(document: Document, id: string, table: Table): string {
  const decision = decisionOf(document, id);
  const old = child(decision, 'decisionTable');
  if (!decision || !old) throw new Error(`there is no table ${id}`);
  decision.setAttribute('name', table.name);
  const variable = child(decision, 'variable');
  // The variable of a decision has its name: the standard asks for it.
  if (variable) variable.setAttribute('name', table.name);
  const space = document.documentElement.namespaceURI;
  const prefix = document.documentElement.prefix;
  const make = (name: string, attributes: Record<string, string> = {}) => {
    const element = document.createElementNS(space, prefix ? `${prefix}:${name}` : name);
    for (const [key, value] of Object.entries(attributes)) if (value !== '') element.setAttribute(key, value);
    return element;
  };
  const withText = (name: string, text: string, attributes?: Record<string, string>) => {
    const element = make(name, attributes);
    const inner = make('text');
    inner.textContent = text;
    element.appendChild(inner);
    return element;
  };

  const own = attribute(old, 'id') || `${id}-table`;
  const next = make('decisionTable', { id: own, hitPolicy: table.policy, aggregation: table.policy === 'COLLECT' ? table.aggregation : '' });
  table.inputs.forEach((input, index) => {
    const element = make('input', { id: `${id}-input-${index + 1}`, label: input.label });
    element.appendChild(withText('inputExpression', input.text, { id: `${id}-input-${index + 1}-expression`, typeRef: input.type }));
    if (input.values) element.appendChild(withText('inputValues', input.values));
    next.appendChild(element);
  });
  table.outputs.forEach((output, index) => {
    const name = table.outputs.length > 1 ? output.text : '';
    const element = make('output', { id: `${id}-output-${index + 1}`, label: output.label, name, typeRef: output.type });
    if (output.values) element.appendChild(withText('outputValues', output.values));
    if (output.otherwise) element.appendChild(withText('defaultOutputEntry', output.otherwise));
    next.appendChild(element);
  });
  const noted = table.noteName !== '' || table.rules.some(({ note }) => note !== '');
  if (noted) next.appendChild(make('annotation', { name: table.noteName }));
  for (const rule of table.rules) {
    const element = make('rule', { id: rule.id });
    for (const text of rule.inputs) element.appendChild(withText('inputEntry', text === '' ? '-' : text));
    for (const text of rule.outputs) element.appendChild(withText('outputEntry', text));
    if (noted) element.appendChild(withText('annotationEntry', rule.note));
    next.appendChild(element);
  }
  decision.replaceChild(next, old);
  require(document, decision, id, table, make);
  return new XMLSerializer().serializeToString(document);
}

/** Every name that the table reads is an input of the model; what nothing reads any more goes. */
function require(document: Document, decision: Element, id: string, table: Table, make: (name: string, attributes?: Record<string, string>) => Element) {
  const columns = table.inputs.filter(({ text }) => NAME.test(text)).map(({ text, type }) => ({ name: text, type }));
  const wanted = [...columns, ...table.needs.filter(({ name }) => name !== '' && !columns.some((column) => column.name === name))];
  const before = required(document, decision);
  for (const { requirement, data, id: href, name } of before) {
    if (wanted.some((one) => one.name === name)) continue;
    requirement.parentNode?.removeChild(requirement);
    const used = [...all(document, 'requiredInput')].some((other) => other.getAttribute('href') === `#${href}`);
    if (!used) data.parentNode?.removeChild(data);
    const gone = used ? [requirement.getAttribute('id')] : [requirement.getAttribute('id'), href];
    for (const drawn of Array.from(document.getElementsByTagName('*')) as Element[]) {
      if (gone.includes(drawn.getAttribute('dmnElementRef') ?? '')) drawn.parentNode?.removeChild(drawn);
    }
  }
  for (const { name, type } of wanted) {
    const known = before.find((one) => one.name === name);
    if (known) {
      const variable = child(known.data, 'variable');
      if (variable && type) variable.setAttribute('typeRef', type);
      continue;
    }
    const shared = all(document, 'inputData').find((one) => one.getAttribute('name') === name);
    const href = shared?.getAttribute('id') ?? `${id}-data-${name}`;
    if (!shared) {
      const data = make('inputData', { id: href, name });
      data.appendChild(make('variable', { id: `${href}-variable`, name, typeRef: type }));
      decision.parentNode?.insertBefore(data, decision);
    }
    const requirement = make('informationRequirement', { id: `${id}-needs-${name}` });
    requirement.appendChild(make('requiredInput', { href: `#${href}` }));
    decision.insertBefore(requirement, child(decision, 'decisionTable') ?? null);
  }
}

/** A table to begin with. */
export function blank(id: string, name: string): string {
  const escaped = name.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="${id}-model" name="${escaped}" namespace="https://weft.example/decisions">
  <inputData id="${id}-data-amount" name="amount"><variable id="${id}-data-amount-variable" name="amount" typeRef="number" /></inputData>
  <decision id="${id}" name="${escaped}">
    <variable id="${id}-result" name="${escaped}" typeRef="string" />
    <informationRequirement id="${id}-needs-amount"><requiredInput href="#${id}-data-amount" /></informationRequirement>
    <decisionTable id="${id}-table" hitPolicy="UNIQUE">
      <input id="${id}-input-1" label="Amount"><inputExpression id="${id}-input-1-expression" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="${id}-output-1" label="Result" typeRef="string" />
      <annotation name="Why" />
      <rule id="${id}-rule-1"><inputEntry><text>&lt;= 100</text></inputEntry><outputEntry><text>"small"</text></outputEntry><annotationEntry><text /></annotationEntry></rule>
      <rule id="${id}-rule-2"><inputEntry><text>&gt; 100</text></inputEntry><outputEntry><text>"large"</text></outputEntry><annotationEntry><text /></annotationEntry></rule>
    </decisionTable>
  </decision>
</definitions>`;
}

/** Moves an element of a list; out of its bounds nothing happens. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  if (to < 0 || to >= list.length) return [...list];
  const next = [...list];
  const [one] = next.splice(from, 1);
  next.splice(to, 0, one as T);
  return next;
}

/** The numbers of the rules that an explanation names, such as `because rules 1, 3 of "Discounts" match`. */
export function fired(explanation: string, name: string): number[] {
  const found = /rules? ([\d, ]+) of "([^"]*)"/g;
  const numbers: number[] = [];
  for (const [, list = '', of] of explanation.matchAll(found)) if (of === name) numbers.push(...list.split(',').map(Number).filter((one) => one > 0));
  return [...new Set(numbers)];
}

/** A process that only asks the decision: so it is tried by what runs it. */
export function wrapper(decision: string): string {
  const flow = (id: string, from: string, to: string) => `<bpmn:sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}"/>`;
  return `<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="trial" targetNamespace="https://weft.example/flows"><bpmn:process id="trial-of-a-decision" isExecutable="true"><bpmn:startEvent id="begin"><bpmn:outgoing>a</bpmn:outgoing></bpmn:startEvent><bpmn:businessRuleTask id="decide"><bpmn:extensionElements><zeebe:calledDecision decisionId="${decision}" resultVariable="result"/></bpmn:extensionElements><bpmn:incoming>a</bpmn:incoming><bpmn:outgoing>b</bpmn:outgoing></bpmn:businessRuleTask><bpmn:endEvent id="end"><bpmn:incoming>b</bpmn:incoming></bpmn:endEvent>${flow('a', 'begin', 'decide')}${flow('b', 'decide', 'end')}</bpmn:process></bpmn:definitions>`;
}
