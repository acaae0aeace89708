// The JSON of `/api/v1` as the screens read it: the same words as the host's domain crate.

export type Role = 'requester' | 'agent' | 'approver' | 'manager' | 'administrator' | 'auditor';
export type Category = 'new' | 'active' | 'paused' | 'resolved' | 'closed' | 'cancelled';
export type Visibility = 'public' | 'internal';
export type ClockState = 'running' | 'paused' | 'stopped' | 'cancelled';
/** A value of a kind-specific field. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Fields = Record<string, Value>;

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Person {
  id: string;
  login: string;
  name: string;
  email?: string;
  locale?: string;
  zone?: string;
}

export interface Group {
  id: string;
  title: string;
  space: string;
  members: string[];
}

export interface Space {
  id: string;
  title: string;
}

export interface Session {
  person: Person;
  roles: Record<string, Role[]>;
  groups: string[];
  demo: boolean;
}

export interface Persona {
  login: string;
  name: string;
  role_title: string;
  summary: string;
}

/** The part of JSON Schema (2020-12) that the generic form understands. */
export interface Schema {
  type?: string | string[];
  enum?: Value[];
  oneOf?: { const: Value; title?: string }[];
  format?: string;
  title?: string;
  description?: string;
  default?: Value;
  const?: Value;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  examples?: Value[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
}

export interface FieldRule {
  title: string;
  description: string;
  schema: Schema;
  required: boolean;
  write: Role[];
  read: Role[];
  /** Only asked for then. */
  when?: { field: string; is: Value[] };
}

export interface Kind {
  id: string;
  noun: 'ticket' | 'record';
  title: string;
  plural: string;
  prefix: string;
  plugin: string;
  plugin_title?: string | null;
  states: { id: string; title: string; category: Category }[];
  transitions: { from: string[]; to: string; title: string; roles: Role[]; required: string[]; comment: boolean }[];
  fields: [string, FieldRule][];
  create: Role[];
  portal?: { spaces: string[]; summary: string; rating: string | null; hidden: boolean; text?: string; feedback?: Told };
  /** Who reads records of it besides those who look around in their space. */
  readers?: { roles: Role[]; states: string[]; when: { field: string; is: Value[] }[]; fields: string[] }[];
  screen?: {
    calendar?: { from: string; to: string; sort?: string; conflicts?: string; recurring?: string; bands?: string[] };
    agenda?: { show: string[] };
    room?: { when?: { field: string; is: Value[] }; cis?: string[] };
  };
  keep_days?: number;
  hold?: { states: string[]; people?: string; tickets?: string; spaces?: string };
}

/** How readers say whether a record helped: a ticket of this kind. */
export interface Told {
  kind: string;
  about: string;
  rating: string;
  remark?: string | null;
}

export interface Ticket {
  id: string;
  number: string;
  kind: string;
  space: string;
  state: string;
  category: Category;
  title: string;
  requester: string | null;
  opened_by: string | null;
  group: string | null;
  assignee: string | null;
  parent: string | null;
  restricted: boolean;
  version: number;
  opened_at: string;
  updated_at: string;
  resolved_at: string | null;
  closed_at: string | null;
  due_at: string | null;
  fields: Fields;
  names?: Record<string, string>;
}

export interface LegalTransition {
  to: string;
  title: string;
  required: string[];
  comment: boolean;
}

export interface Clock {
  name: string;
  plugin: string;
  title: string;
  state: ClockState;
  started_at: string;
  due_at: string | null;
  stopped_at: string | null;
  breached_at: string | null;
  reason: string;
}

export interface Link {
  from: string;
  type: string;
  to: string;
}

export interface TicketDetail extends Ticket {
  clocks: Clock[];
  watchers: string[];
  access: { people: string[]; groups: string[] };
  links: Link[];
  actions: {
    transitions: LegalTransition[];
    can_edit: boolean;
    can_comment_public: boolean;
    can_comment_internal: boolean;
    can_assign: boolean;
    /** Fields that the caller may set. */
    fields: string[];
  };
  names: Record<string, string>;
}

export interface TimelineEntry {
  seq: number;
  at: string;
  actor: string;
  actor_name: string | null;
  kind: string;
  data: Record<string, Value>;
  comment?: { visibility: Visibility; body: string } | null;
}

export interface Attachment {
  id: string;
  name: string;
  media_type: string;
  size: number;
  author: string;
  at: string;
}

export interface BulkResult {
  id: string;
  status: number;
  ticket?: Ticket;
  problem?: ProblemBody;
}

export interface FieldProblem {
  pointer: string;
  code: string;
  message: string;
}

/** RFC 9457. */
export interface ProblemBody {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  trace_id?: string;
  errors?: FieldProblem[];
  legal?: { to: string; title: string }[];
  retry_after?: number;
}

export type PluginState = 'active' | 'disabled' | 'consent-needed' | 'quarantined' | 'broken';

export interface Plugin {
  id: string;
  version: string;
  title: string;
  summary: string;
  digest: string;
  size: number;
  enabled: boolean;
  state: PluginState;
  reason?: string | null;
  grants: { sentence: string; reason: string; granted: boolean }[];
  capabilities: string[];
  kinds: string[];
  health: {
    calls: number;
    faults: number;
    last_fault?: { at: string; function: string; cause: string } | null;
    p50_micros: number | null;
    p99_micros: number | null;
    total_micros: number;
    held_jobs: number;
  };
  settings_schema: { key: string; title: string; description: string; schema: Schema; default: Value }[];
  settings: Fields;
  imports: string[];
}

/** What a component says of itself before it is installed. */
export type Inspection = Pick<Plugin, 'id' | 'version' | 'title' | 'summary' | 'digest' | 'size' | 'grants' | 'imports'> & {
  /** The version that is installed, and what it has that the other one does not bring any more. */
  replaces?: { version: string; digest: string; grants: Plugin['grants']; kinds: string[]; settings: string[] };
};

export interface Job {
  id: string;
  work: { type: string; plugin?: string; ticket?: string; seq?: number; clock?: string; key?: string };
  due_at: string;
  attempts: number;
  state: 'ready' | 'held' | 'dead';
  last_error: string | null;
}

/** Something that shall leave the house or did: where it went and how it ended. */
export interface OutboxItem {
  id: string;
  item_type: 'http' | 'mail';
  target: string;
  state: 'waiting' | 'sending' | 'delivered' | 'unknown' | 'dead' | 'cancelled';
  attempts: number;
  attempts_max: number;
  plugin: string | null;
  ticket: string | null;
  process: string | null;
  instance: string | null;
  created_at: string;
  next_at: string | null;
  last_error: string | null;
  reason: string | null;
}

/** An instance went on. */
export interface LiveFlow {
  kind: string;
  instance: string;
  process: string;
  ticket: string | null;
}

export interface LiveEvent {
  kind: string;
  ticket: string;
  number: string;
  version: number;
}

/** What administration shows of a person. */
export interface PersonDetail extends Person {
  email: string;
  manager: string | null;
  locale: string;
  zone: string;
  active: boolean;
  attributes: Fields;
  version: number;
}

/** What erasing a person would do. */
export interface Erasure {
  held_by: string[];
  goes: string[];
}

export interface RoleIn {
  space: string;
  role: Role;
}

export interface SpaceDetail extends Space {
  confidential: boolean;
  calendar: string | null;
  version: number;
}

export interface Token {
  id: string;
  name: string;
  created_at: string;
  expires_at: string;
}

export interface Calendar {
  key: string;
  title: string;
  zone: string;
  definition: Fields;
  version: number;
}

export interface ServerSetting {
  key: string;
  help: string;
  value: Value;
  origin: string;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  kind: string;
  subject_kind: string;
  subject: string;
  space: string;
  origin: string;
  data: Value;
  hash: string;
}

export interface NodeInfo {
  id: string;
  name: string;
  version: string;
  started_at: string;
  seen_at: string;
  lease_until: string;
}

export interface Found {
  tickets: Ticket[];
  tickets_total: number;
  records: { id: string; number: string; kind: string; space: string; state: string; title: string }[];
  cis: { id: string; name: string; class: string; space: string }[];
  people: { id: string; name: string; email: string }[];
  corrected: string | null;
}

export interface ReportSummary {
  plugin: string;
  plugin_title?: string;
  id: string;
  title: string;
  description: string;
  kind: string;
  measure: string;
  group: string | null;
  days: number | null;
}

export interface ReportRow {
  key: string;
  title: string | null;
  count: number;
  value: number | null;
  p90: number | null;
  percentiles?: Record<string, number>;
  met: number | null;
}

export interface ReportResult {
  report: ReportSummary;
  unit: 'count' | 'share' | 'seconds' | 'number';
  since: string | null;
  /** The time that is over of which this is told. */
  as_of?: string;
  rows: ReportRow[];
  total: ReportRow;
  complete: boolean;
}

/** What a number of a report counted. */
export interface Behind {
  noun: 'ticket' | 'record' | 'ci';
  id: string;
  number: string | null;
  title: string;
  kind: string;
  space: string;
  state: string | null;
  category: Category | null;
}

/** What somebody may do with a ticket, and by which policies. */
export interface AccessCheck {
  person: string;
  noun: 'ticket' | 'record';
  id: string;
  number: string | null;
  space: string;
  actions: { action: string; allowed: boolean; policies: string[] }[];
  roles: Role[];
  facts: string[];
  hidden_fields: string[];
  restricted_because?: string;
}

export type Audience = { type: 'owner' | 'everyone' } | { type: 'space'; space: string };

export interface SavedQuery {
  id: string;
  owner: string;
  audience: Audience;
  question: Record<string, unknown>;
  version: number;
}

export interface Watching {
  person: string;
  name: string;
  writes: boolean;
}

export interface RelatedTicket {
  ticket: Ticket;
  relation: 'same-ci' | 'same-words' | 'same-requester';
}

export interface Ci {
  id: string;
  name: string;
  class: string;
  space: string;
  attributes: Fields;
  version: number;
}

export interface Impact {
  items: { ci: Ci; distance: number; path: string[]; hidden_between: number }[];
  total: number;
  hidden: number;
  /** What loses some of what it depends on, and lives on what is left. */
  at_risk: { ci: Ci; failed: number; of: number; needs: number }[];
  at_risk_hidden: number;
}

export interface CiRelation {
  from: string;
  type: string;
  to: string;
}

export interface RecordItem {
  id: string;
  number: string;
  kind: string;
  space: string;
  state: string;
  category: Category;
  title: string;
  version: number;
  updated_at: string;
  fields: Fields;
}
