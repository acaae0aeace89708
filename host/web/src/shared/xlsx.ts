// Lists as a workbook: one sheet, its head in bold and kept in sight, with a filter on every column. Text is written as text, so that a
// spreadsheet never runs it as a formula; numbers are numbers, and instants are dates that can be sorted. Loaded when somebody asks for one.
import { type CellValue, type Cell as Styled, writeXlsx } from 'hucre/xlsx';

export type Cell = string | number | boolean | null | undefined | object;

/** What a cell may hold in every spreadsheet. */
const TEXT_LENGTH_MAX = 32_767;
const SHEET_NAME_LENGTH_MAX = 31;
const COLUMN_WIDTH = { min: 8, max: 60 };
/** Rows that are looked at for the width of a column. */
const WIDTH_ROWS_MAX = 200;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const INSTANT_FORMAT = 'yyyy\\-mm\\-dd\\ hh:mm';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** What a spreadsheet would read as one letter written by its number. */
const LETTER_BY_NUMBER = /_(?=x[\dA-Fa-f]{4}_)/g;
/** What XML has no way to write, and halves of a character. */
// eslint-disable-next-line no-control-regex -- these are the characters that XML 1.0 leaves out
const UNWRITABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** The file with a workbook. */
export async function xlsx(title: string, head: string[], rows: Cell[][]): Promise<Blob> {
  const name = title.replace(/[[\]:*?/\\']/g, ' ').trim().slice(0, SHEET_NAME_LENGTH_MAX).trim() || 'Weft';
  const data = [head.map(cut), ...rows.map((row) => row.map(written))];
  const cells = new Map<string, Partial<Styled>>();
  data.forEach((row, line) =>
    row.forEach((value, index) => {
      if (line === 0) cells.set(`0,${index}`, { style: { font: { bold: true } } });
      else if (value instanceof Date) cells.set(`${line},${index}`, { style: { numFmt: INSTANT_FORMAT } });
    }),
  );
  const bytes = await writeXlsx({
    sheets: [
      {
        name,
        rows: data,
        cells,
        columns: widths(head, rows),
        freezePane: { rows: 1 },
        autoFilter: { range: `A1:${column(Math.max(0, head.length - 1))}${data.length}` },
      },
    ],
  });
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: TYPE });
}

/** A value as the library takes it; nothing is ever a formula. */
export function written(value: Cell): CellValue {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const instant = INSTANT.test(text) ? new Date(text) : undefined;
  return instant && !Number.isNaN(instant.getTime()) ? instant : cut(text);
}

function cut(text: string): string {
  return text.toWellFormed().replace(UNWRITABLE, '').slice(0, TEXT_LENGTH_MAX).replace(LETTER_BY_NUMBER, '_x005F_');
}

function widths(head: string[], rows: Cell[][]): { width: number }[] {
  return head.map((title, index) => {
    const longest = rows.slice(0, WIDTH_ROWS_MAX).reduce((most, row) => Math.max(most, String(row[index] ?? '').length), title.length);
    return { width: Math.min(COLUMN_WIDTH.max, Math.max(COLUMN_WIDTH.min, longest + 2)) };
  });
}

/** `0` is A, `26` is AA. */
export function column(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : column(Math.floor(index / 26) - 1) + letter;
}
