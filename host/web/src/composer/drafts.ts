// Drafts: what was composed and not deployed yet, kept in this browser, one for each process, decision and form.
export interface Draft {
  text: string;
  /** The version that it began with; nothing for something new. */
  base?: number;
  savedAt: string;
}

type Type = 'process' | 'decision' | 'form';
/** Larger drafts are not kept: the room of a browser for all of them is about 5 MB. */
const LENGTH_MAX = 2_000_000;
const key = (type: Type, id: string) => `weft.draft.${type}.${id}`;

export function readDraft(type: Type, id: string): Draft | undefined {
  try {
    const text = localStorage.getItem(key(type, id));
    return text ? (JSON.parse(text) as Draft) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it could be kept. */
export function keepDraft(type: Type, id: string, draft: Draft): 'kept' | 'full' {
  try {
    if (draft.text.length > LENGTH_MAX) return 'full';
    localStorage.setItem(key(type, id), JSON.stringify(draft));
    return 'kept';
  } catch {
    return 'full';
  }
}

export function dropDraft(type: Type, id: string) {
  localStorage.removeItem(key(type, id));
}

/** The ids of all drafts of a type. */
export function drafts(type: Type): string[] {
  const start = key(type, '');
  const found: string[] = [];
  for (let index = 0; index < localStorage.length; index += 1) {
    const name = localStorage.key(index);
    if (name?.startsWith(start)) found.push(name.slice(start.length));
  }
  return found.sort();
}
