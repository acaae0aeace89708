// What can be put into a flow: the elements of the standard in the words of those who compose, and what the enabled plugins bring.
import type { Plugin, Schema } from '../shared/api/types';
import type { Element, Factory, Moddle, Writer } from './bpmn/types';
import { extension, headers, setExtension, setHeaders, setMappings, stepType, mappings } from './bpmn/zeebe';
import type { Text } from './texts';

/** A JSON Schema of an object: the inputs of a step, the parameters of an approval rule. */
export interface ObjectSchema extends Schema {
  properties?: Record<string, Schema>;
  required?: string[];
}

export interface Step {
  id: string;
  title: string;
  description: string;
  inputs: ObjectSchema;
  outputs: ObjectSchema;
}

export type ComposingPlugin = Plugin & { steps: Step[]; approval: { parameters: ObjectSchema } | null };

export type Group = 'people' | 'steps' | 'ways' | 'waits' | 'ends' | 'parts';

export interface Entry {
  id: string;
  group: Group;
  /** The heading below the group: the plugin of a step. */
  of: string;
  title: string;
  description: string;
  type: string;
  /** The trigger or result of an event. */
  event?: string;
  expanded?: boolean;
  attributes?: Record<string, unknown>;
  /** Attached to an activity instead of following it. */
  attached?: boolean;
  apply?: (writer: Writer, element: Element) => void;
}

/** The signs of bpmn-js for the popup menus. */
export const SIGNS: Record<string, string> = {
  'bpmn:UserTask': 'bpmn-icon-user-task',
  'bpmn:ServiceTask': 'bpmn-icon-service-task',
  'bpmn:BusinessRuleTask': 'bpmn-icon-business-rule-task',
  'bpmn:ScriptTask': 'bpmn-icon-script-task',
  'bpmn:ReceiveTask': 'bpmn-icon-receive-task',
  'bpmn:CallActivity': 'bpmn-icon-call-activity',
  'bpmn:SubProcess': 'bpmn-icon-subprocess-expanded',
  'bpmn:ExclusiveGateway': 'bpmn-icon-gateway-xor',
  'bpmn:ParallelGateway': 'bpmn-icon-gateway-parallel',
  'bpmn:InclusiveGateway': 'bpmn-icon-gateway-or',
  'bpmn:EventBasedGateway': 'bpmn-icon-gateway-eventbased',
  'bpmn:StartEvent': 'bpmn-icon-start-event-none',
  'bpmn:EndEvent': 'bpmn-icon-end-event-none',
  'bpmn:IntermediateCatchEvent': 'bpmn-icon-intermediate-event-catch-timer',
  'bpmn:IntermediateThrowEvent': 'bpmn-icon-intermediate-event-none',
  'bpmn:BoundaryEvent': 'bpmn-icon-intermediate-event-catch-timer',
};

const TIMER = 'bpmn:TimerEventDefinition';
const MESSAGE = 'bpmn:MessageEventDefinition';
const ERROR = 'bpmn:ErrorEventDefinition';

/** Elements of the standard. Their texts have the keys `entry.<id>` and `entry.<id>.about`. */
const PLAIN = [
  { id: 'task', group: 'people', type: 'bpmn:UserTask', apply: (writer, element) => setExtension(writer, element, 'zeebe:UserTask', {}, { keep: true }) },
  { id: 'choice', group: 'ways', type: 'bpmn:ExclusiveGateway' },
  { id: 'parallel', group: 'ways', type: 'bpmn:ParallelGateway' },
  { id: 'inclusive', group: 'ways', type: 'bpmn:InclusiveGateway' },
  { id: 'first', group: 'ways', type: 'bpmn:EventBasedGateway' },
  { id: 'decision', group: 'ways', type: 'bpmn:BusinessRuleTask' },
  { id: 'wait', group: 'waits', type: 'bpmn:IntermediateCatchEvent', event: TIMER },
  { id: 'message', group: 'waits', type: 'bpmn:IntermediateCatchEvent', event: MESSAGE },
  { id: 'deadline', group: 'waits', type: 'bpmn:BoundaryEvent', event: TIMER, attached: true },
  { id: 'reminder', group: 'waits', type: 'bpmn:BoundaryEvent', event: TIMER, attached: true, attributes: { cancelActivity: false } },
  { id: 'error', group: 'waits', type: 'bpmn:BoundaryEvent', event: ERROR, attached: true },
  { id: 'call', group: 'parts', type: 'bpmn:CallActivity' },
  { id: 'group', group: 'parts', type: 'bpmn:SubProcess', expanded: true },
  { id: 'script', group: 'parts', type: 'bpmn:ScriptTask' },
  { id: 'start', group: 'ends', type: 'bpmn:StartEvent' },
  { id: 'start-timer', group: 'ends', type: 'bpmn:StartEvent', event: TIMER },
  { id: 'start-message', group: 'ends', type: 'bpmn:StartEvent', event: MESSAGE },
  { id: 'end', group: 'ends', type: 'bpmn:EndEvent' },
  { id: 'end-error', group: 'ends', type: 'bpmn:EndEvent', event: ERROR },
  { id: 'end-all', group: 'ends', type: 'bpmn:EndEvent', event: 'bpmn:TerminateEventDefinition' },
] as const satisfies readonly (Omit<Entry, 'of' | 'title' | 'description'>)[];

export type PlainId = (typeof PLAIN)[number]['id'];
type Say = (key: Text) => string;

export function catalog(plugins: readonly ComposingPlugin[], say: Say): Entry[] {
  const plain: Entry[] = PLAIN.map((one) => ({
    of: '',
    ...(one as Omit<Entry, 'of' | 'title' | 'description'>),
    title: say(`entry.${one.id}`),
    description: say(`entry.${one.id}.about`),
  }));
  const enabled = plugins.filter(({ enabled, state }) => enabled && state !== 'broken');
  const rules = enabled.filter(({ approval }) => approval !== null && approval !== undefined);
  const approvals: Entry[] = rules.map((plugin) => ({
    id: `approval:${plugin.id}`,
    group: 'people',
    of: say('entry.approval'),
    title: plugin.title,
    description: plugin.summary,
    type: 'bpmn:UserTask',
    apply: (writer, element) => {
      setExtension(writer, element, 'zeebe:UserTask', {}, { keep: true });
      setHeaders(writer, element, { approval: plugin.id, approvers: headers(element.businessObject).approvers ?? '=[requester.manager]' });
    },
  }));
  const steps: Entry[] = enabled.flatMap((plugin) =>
    (plugin.steps ?? []).map((step) => ({
      id: `step:${plugin.id}/${step.id}`,
      group: 'steps',
      of: plugin.title,
      title: step.title,
      description: step.description,
      type: 'bpmn:ServiceTask',
      apply: (writer, element) => becomeStep(writer, element, `${plugin.id}/${step.id}`, step),
    })),
  );
  return [...plain.filter(({ group }) => group === 'people'), ...approvals, ...steps, ...plain.filter(({ group }) => group !== 'people')];
}

/** Names the step, and keeps of the inputs what the step knows; what it must have stands there to be filled in. */
function becomeStep(writer: Writer, element: Element, type: string, step: Step) {
  const before = extension(element.businessObject, 'zeebe:TaskDefinition');
  setExtension(writer, element, 'zeebe:TaskDefinition', { type, retries: (before?.retries as string | undefined) ?? '3' });
  const known = mappings(element.businessObject, 'input').filter(({ target }) => target in (step.inputs.properties ?? {}));
  if (known.length !== mappings(element.businessObject, 'input').length) setMappings(writer, element, { input: known });
}

export interface Offered {
  plugin: ComposingPlugin;
  step: Step;
}

/** The step that a task names, where its plugin is here. */
export function stepOf(plugins: readonly ComposingPlugin[], model: Moddle): Offered | undefined {
  const [path = ''] = stepType(model).split('@');
  const [id, name] = path.split('/');
  const plugin = plugins.find((one) => one.id === id);
  const step = plugin?.steps?.find((one) => one.id === name) ?? (name === undefined ? plugin?.steps?.[0] : undefined);
  return plugin && step ? { plugin, step } : undefined;
}

export function ruleOf(plugins: readonly ComposingPlugin[], model: Moddle): ComposingPlugin | undefined {
  const [id] = (headers(model).approval ?? '').split('@');
  return plugins.find((one) => one.id === id && one.approval);
}

/** The event definition of an entry, which bpmn-js makes with the shape. */
export function shapeOf(entry: Entry, factory: Factory): Record<string, unknown> {
  const business = factory.create(entry.type, entry.attributes);
  if (entry.event) {
    const definition = factory.create(entry.event);
    definition.$parent = business;
    business.eventDefinitions = [definition];
  }
  return { type: entry.type, businessObject: business, ...(entry.expanded ? { isExpanded: true } : {}) };
}
