// What the composer asks of the server: definitions, problems, deployments, differences and trials.
import { api } from '../shared/api/client';
import type { Definition, DefinitionSource, FlowEvent } from '../shared/api/flow';
import type { Fields, Page } from '../shared/api/types';
import { list } from '../shared/directory.svelte';
import type { ComposingPlugin } from './catalog';

export interface File {
  file: string;
  text: string;
}

export interface FlowProblem {
  /** `/` and the id of an element; empty for the whole. */
  pointer: string;
  code: string;
  message: string;
  file?: string;
  line?: number;
}

export interface Report {
  errors: FlowProblem[];
  warnings: FlowProblem[];
}

export interface Deployed {
  definitions: { type: string; key: string; version: number; changed: boolean }[];
  warnings: FlowProblem[];
}

export interface FlowChange {
  type: 'added' | 'removed' | 'changed';
  id: string;
  attribute: string | null;
  from: string | null;
  to: string | null;
  text: string;
}

export interface Mock {
  outputs?: Fields;
  error?: string;
  failure?: string;
  answer?: 'approve' | 'reject' | 'abstain';
  silent?: boolean;
}

export interface Simulation {
  process?: string;
  variables?: Fields;
  names?: Fields;
  zone?: string;
  at?: string;
  mocks?: Record<string, Mock>;
  messages?: { name: string; variables?: Fields }[];
  seconds_per_task?: number;
}

export interface Simulated {
  process: string;
  status: string;
  stuck: boolean;
  variables: Fields;
  lines: { at: string; event: FlowEvent }[];
  waits: string[];
  incidents: string[];
  ended_at: string;
}

type Type = Definition['type'];
const of = (type: Type, key: string) => `/flows/${type}/${encodeURIComponent(key)}`;

export const flows = {
  /** Every definition of a type that is deployed, at most a page of them. */
  all: async (type: Type) => list(await api.get<Page<Definition>>('/flows', { type, limit: 200 })),
  source: (type: Type, key: string, version?: number) => api.get<DefinitionSource>(of(type, key), { version }),
  versions: async (type: Type, key: string) => list(await api.get<Page<Definition>>(`${of(type, key)}/versions`)),
  plugins: async () => list(await api.get<Page<ComposingPlugin>>('/plugins')),
  lint: (files: File[]) => api.post<Report>('/flows/lint', { files }),
  deploy: (files: File[]) => api.post<Deployed>('/flows', { files }),
  diff: async (before: string, after: string) => list(await api.post<Page<FlowChange>>('/flows/diff', { old: before, new: after })),
  simulate: (files: File[], simulation: Simulation) => api.post<Simulated>('/flows/simulate', { files, simulation }),
};

/** The element that a problem is about. */
export function elementOf({ pointer }: FlowProblem): string {
  return pointer.replace(/^\//, '').split('/')[0] ?? '';
}
