// Between what FEEL says and what a control shows. What is no plain value stays an expression; nothing is guessed.
import type { Value } from '../../shared/api/types';

/** The plain value of a source such as `="laptop"`, `=3` or a text without `=`; nothing for every other expression. */
export function literal(source: string): { value: Value } | undefined {
  if (source === '') return { value: null };
  if (!source.trimStart().startsWith('=')) return { value: source };
  const text = source.trim().slice(1).trim();
  try {
    return { value: JSON.parse(text) as Value };
  } catch {
    return undefined;
  }
}

/** JSON is FEEL as far as plain values go. */
export function toSource(value: Value): string {
  return value === null || value === '' ? '' : `=${JSON.stringify(value)}`;
}

/** The expression without its sign. */
export function bare(source: string): string {
  return source.trimStart().startsWith('=') ? source.trim().slice(1).trim() : source;
}

/** The members of a FEEL context such as `{quorum: 3, mode: "deciding"}`, each as an expression; nothing if it is something else. */
export function members(source: string): Record<string, string> | undefined {
  const text = bare(source).trim();
  if (text === '') return {};
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  const found: Record<string, string> = {};
  for (const part of split(text.slice(1, -1), ',')) {
    if (part.trim() === '') continue;
    const [name, ...rest] = split(part, ':');
    const key = name?.trim().replace(/^"(.*)"$/, '$1') ?? '';
    if (rest.length === 0 || !/^[A-Za-z_][\w-]*$/.test(key)) return undefined;
    found[key] = `=${rest.join(':').trim()}`;
  }
  return found;
}

export function context(all: Record<string, string>): string {
  const parts = Object.entries(all).filter(([, source]) => source !== '');
  if (parts.length === 0) return '';
  const name = (key: string) => (/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key));
  return `={${parts.map(([key, source]) => `${name(key)}: ${source.startsWith('=') ? bare(source) : JSON.stringify(source)}`).join(', ')}}`;
}

/** Splits where a separator stands outside of texts and brackets. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let part = '';
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] as string;
    if (letter === '\\' && quoted) {
      part += letter + (text[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (letter === '"') quoted = !quoted;
    else if (!quoted && '([{'.includes(letter)) depth += 1;
    else if (!quoted && ')]}'.includes(letter)) depth -= 1;
    if (letter === separator && !quoted && depth === 0) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part];
}

/** A plain list of texts, as `=["a", "b"]`; nothing for every other expression. */
export function texts(source: string): string[] | undefined {
  const found = literal(source);
  if (!found) return undefined;
  if (found.value === null) return [];
  if (typeof found.value === 'string') return found.value.split(',').map((one) => one.trim()).filter((one) => one !== '');
  return Array.isArray(found.value) && found.value.every((one) => typeof one === 'string') ? (found.value as string[]) : undefined;
}

export type Unit = 'minutes' | 'hours' | 'days' | 'weeks';
const DURATION = /^P(?:(\d+)W|(\d+)D|T(\d+)H|T(\d+)M)$/;

/** A duration with one unit; nothing for those that have more. */
export function duration(text: string): { amount: number; unit: Unit } | undefined {
  const found = DURATION.exec(text.trim());
  if (!found) return undefined;
  const units: Unit[] = ['weeks', 'days', 'hours', 'minutes'];
  const place = found.slice(1).findIndex((part) => part !== undefined);
  return { amount: Number(found[place + 1]), unit: units[place] as Unit };
}

export function toDuration(amount: number, unit: Unit): string {
  if (!Number.isFinite(amount) || amount <= 0) return '';
  const whole = Math.round(amount);
  return { minutes: `PT${whole}M`, hours: `PT${whole}H`, days: `P${whole}D`, weeks: `P${whole}W` }[unit];
}

/** A due time: within so much of somebody's working hours, or by the clock. */
export interface Due {
  within: string;
  /** An expression for a calendar; by the clock when absent. */
  calendar?: string;
}

export function due(source: string): Due | undefined {
  if (source === '') return undefined;
  if (!source.startsWith('=')) return duration(source) ? { within: source } : undefined;
  const working = /^due\(now\(\),\s*"(P[^"]+)",\s*([^)]+)\)$/.exec(bare(source));
  if (working?.[1] && working[2]) return { within: working[1], calendar: working[2].trim() };
  return undefined;
}

export function toDue({ within, calendar }: Due): string {
  if (within === '') return '';
  return calendar ? `=due(now(), "${within}", ${calendar})` : within;
}
