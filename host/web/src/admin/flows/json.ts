// Variables as an administrator writes them.
import type { Fields } from '../../shared/api/types';

export type Read = { values: Fields; why?: undefined } | { values?: undefined; why: string };

/** A JSON object; nothing at all is an empty one. */
export function readObject(text: string): Read {
  if (text.trim() === '') return { values: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { values: value as Fields };
    return { why: text.trim().slice(0, 40) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
