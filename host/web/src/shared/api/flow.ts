// The JSON of flows: definitions, instances, tasks, and what happened.
import type { Fields, Schema, Value } from './types';

export type InstanceStatus = 'running' | 'completed' | 'cancelled' | 'failed';
export type TaskState = 'open' | 'completed' | 'cancelled';
export type VoteAnswer = 'approve' | 'reject' | 'abstain';
export type TaskAction = 'claim' | 'unclaim' | 'assign' | 'complete' | 'vote';

export interface Definition {
  type: 'process' | 'decision' | 'form';
  key: string;
  version: number;
  name: string;
  version_tag: string | null;
  digest: string;
  plugin: string | null;
  deployed_at: string;
  deployed_by: string;
}

export interface DefinitionSource extends Definition {
  source: string;
}

export interface Instance {
  id: string;
  process: string;
  process_version: number;
  ticket: string | null;
  business_key: string | null;
  space: string;
  status: InstanceStatus;
  started_at: string;
  started_by: string;
  updated_at: string;
  ended_at: string | null;
  incidents: number;
  stuck: boolean;
  version: number;
}

export interface LiveElement {
  key: number;
  scope?: number | null;
  /** Node id; the process id for the scope of the process. */
  node: string;
  /** The called process that it is an element of. */
  called?: string;
  variables: Fields;
}

export interface Incident {
  incident: number;
  element: number;
  node: string;
  code: string;
  message: string;
}

export interface InstanceDetail extends Instance {
  variables: Fields;
  elements: LiveElement[];
  incident_list: Incident[];
}

export interface InstanceCount {
  process: string;
  running: number;
  with_incidents: number;
  stuck: number;
}

/** One thing that happened; which members it has depends on `event`. */
export interface FlowEvent {
  event: string;
  node?: string;
  element?: number;
  name?: string;
  outcome?: string;
  by?: string | null;
  vote?: Vote;
  verdict?: { verdict: string; reason?: string; needed?: string[]; message?: string };
  message?: string;
  reason?: string;
  code?: string;
  activated?: string[];
  renamed?: { element: number; node: string }[];
  [member: string]: unknown;
}

/** One wave. */
export interface HistoryEntry {
  place: number;
  at: string;
  actor: string;
  kind: string;
  data: { events?: FlowEvent[] } & Record<string, unknown>;
}

export interface History {
  entries: HistoryEntry[];
  next?: number | null;
}

export interface Outcome {
  instance: Instance;
  happened: FlowEvent[];
  existed: boolean;
}

export interface Vote {
  person: string;
  delegate?: string;
  answer: VoteAnswer;
  at: string;
  comment?: string;
}

export interface Task {
  id: string;
  instance: string;
  element: string;
  process: string;
  node: string;
  name: string;
  ticket: string | null;
  space: string;
  state: TaskState;
  assignee: string | null;
  owner: string | null;
  candidate_people: string[];
  candidate_groups: string[];
  priority: number;
  due_at: string | null;
  created_at: string;
  ended_at: string | null;
  ended_by: string | null;
  form: string | null;
  /** The approval rule, when people are asked to vote. */
  rule: string | null;
  variables: Fields;
  version: number;
}

export interface TaskDetail extends Task {
  form_schema: FormSchema | null;
  votes: Vote[];
  actions: TaskAction[];
  /** What an approval is about, also for those who may not see the ticket. */
  subject?: TaskSubject;
}

/** What the requester said. */
export interface TaskSubject {
  number: string;
  title: string;
  kind: string;
  requester: string | null;
  fields: Fields;
}

/** The form of a task: a JSON Schema of an object. `x-order` says in which order people are asked. */
export interface FormSchema {
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  'x-order'?: string[];
  additionalProperties?: Value;
}
