// Lists as files for a spreadsheet. A cell that a spreadsheet would run as a formula is made text (an apostrophe before it).
import { api } from './api/client';
import type { Page } from './api/types';

/** Rows of one file; the pages of an endless list end here. */
const ROWS_MAX = 10_000;
const PAGE = 200;
const FORMULA = /^[=+\-@\t\r\0]/;
/** A number is no formula. */
const NUMBER = /^-?\d+([.,]\d+)?$/;

export function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\n\r;]/.test(safe) || safe !== text ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(head: string[], rows: unknown[][]): string {
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** All rows of a list of the API, page by page. */
export async function everything<T>(path: string, query: Record<string, string | number | undefined>): Promise<T[]> {
  const rows: T[] = [];
  let after: string | null = null;
  do {
    const page: Page<T> = await api.get<Page<T>>(path, { ...query, limit: PAGE, after });
    rows.push(...page.items);
    after = page.next;
  } while (after && rows.length < ROWS_MAX);
  return rows;
}

/** Hands a file to the browser. */
export function saveBlob(name: string, file: Blob) {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
