// What a process calls its elements: read from the model that was deployed, kept for each version. Nothing here decides anything.
import { SvelteMap } from 'svelte/reactivity';
import { api } from '../api/client';
import type { DefinitionSource } from '../api/flow';

export interface ModelNode {
  id: string;
  name: string;
  /** The element of BPMN: `userTask`, `exclusiveGateway`. */
  type: string;
  documentation: string;
}

export interface Model {
  name: string;
  nodes: Map<string, ModelNode>;
}

const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL';
/** Elements that a token can stand in. */
const NODE = /(Task|task|Event|Gateway|subProcess|adHocSubProcess|callActivity|transaction)$/;
/** Versions that are kept; a page seldom shows more than one. */
const MODELS_MAX = 30;

/** Read a model. What is no BPMN has no names: the ids are shown then. */
export function readModel(xml: string): Model {
  const document = new DOMParser().parseFromString(xml, 'application/xml');
  const nodes = new Map<string, ModelNode>();
  for (const element of document.getElementsByTagNameNS(BPMN, '*')) {
    const id = element.getAttribute('id');
    if (!id || !NODE.test(element.localName)) continue;
    const words = [...element.children].find((child) => child.localName === 'documentation')?.textContent?.trim() ?? '';
    nodes.set(id, { id, name: element.getAttribute('name') ?? '', type: element.localName, documentation: words });
  }
  const process = document.getElementsByTagNameNS(BPMN, 'process')[0];
  return { name: process?.getAttribute('name') ?? '', nodes };
}

class Models {
  #known = new SvelteMap<string, Model>();
  #asked = new Set<string>();

  /** The model, once it is there; the newest without a version. */
  get(process: string, version?: number): Model | undefined {
    const key = `${process}/${version ?? ''}`;
    if (!this.#asked.has(key)) {
      if (this.#asked.size >= MODELS_MAX) this.#asked.clear();
      this.#asked.add(key);
      // Asked for while something is drawn: what comes back draws it again.
      queueMicrotask(() => void this.#load(key, process, version));
    }
    return this.#known.get(key);
  }

  async #load(key: string, process: string, version: number | undefined) {
    try {
      const found = await api.get<DefinitionSource>(`/flows/process/${encodeURIComponent(process)}`, { version });
      this.#known.set(key, readModel(found.source));
    } catch {
      // Without names the ids are shown; the page itself says if the server is away.
      this.#asked.delete(key);
    }
  }
}

export const models = new Models();

/** What people call an element: its name, or its id where the model has none. */
export function nodeName(model: Model | undefined, node: string): string {
  return model?.nodes.get(node)?.name || node;
}
