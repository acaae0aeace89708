import { readXlsx } from 'hucre/xlsx';
import { expect, test } from 'vitest';
import { type Cell, column, written, xlsx } from './xlsx';

/** The sheet as somebody else's spreadsheet reads it. */
async function sheet(title: string, head: string[], rows: Cell[][]) {
  const blob = await xlsx(title, head, rows);
  expect(blob.type).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
  const { sheets } = await readXlsx(new Uint8Array(await blob.arrayBuffer()), { readStyles: true });
  expect(sheets.length).toBe(1);
  return sheets[0]!;
}

test('a workbook is one sheet with a head that stays in sight and a filter', async () => {
  const read = await sheet('Tickets: open/all', ['number', 'title'], [['INC1', 'Drucker & Söhne'], ['INC2', 7], [true, null]]);
  expect(read.name).toBe('Tickets  open all');
  expect(read.rows.map((row) => [row[0] ?? null, row[1] ?? null])).toEqual([['number', 'title'], ['INC1', 'Drucker & Söhne'], ['INC2', 7], [true, null]]);
  expect(read.freezePane?.rows).toBe(1);
  expect(read.autoFilter?.range).toBe('A1:B4');
  expect(read.cells?.get('0,0')?.style?.font?.bold).toBe(true);
});

test.each(['=HYPERLINK("http://evil.example")', '+41 44', '-2+3', '@SUM(A1)', '\t=1+1', '|cmd', '0123', '1e5', 'TRUE', '2026-01-01', 'constructor', '__proto__', '_x0041_', ' a '])(
  '%j stays text',
  async (text) => {
    const read = await sheet('a', ['a'], [[text]]);
    expect(read.rows[1]![0]).toBe(text);
    expect(read.cells?.get('1,0')?.formula).toBeUndefined();
  },
);

test.each([
  [12.5, 12.5],
  [true, true],
  [null, null],
  ['', null],
  [Number.NaN, 'NaN'],
  ['2026-03-02T12:00:00Z', new Date('2026-03-02T12:00:00Z')],
  ['2026-13-02T12:00:00Z', '2026-13-02T12:00:00Z'],
  [{ a: 1 }, '{"a":1}'],
  [{ formula: '1+1' }, '{"formula":"1+1"}'],
])('%j is written as %j', (value, expected) => expect(written(value)).toEqual(expected));

test('an instant is a date of the spreadsheet, in UTC', async () => {
  const read = await sheet('a', ['at'], [['2026-03-02T14:00:00+02:00']]);
  expect(read.rows[1]![0]).toEqual(new Date('2026-03-02T12:00:00Z'));
  expect(read.cells?.get('1,0')?.style?.numFmt).toContain('yyyy');
});

test('what XML cannot hold is left out, and a text is never longer than a cell', async () => {
  const read = await sheet('a', ['a\u0000b\u001Fc<\uD800'], [['x'.repeat(40_000)]]);
  expect(read.rows[0]![0]).toBe('abc<\uFFFD');
  expect(read.rows[1]![0]).toHaveLength(32_767);
});

test('the longest list that is saved is a small file', { timeout: 30_000 }, async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => [`INC${index}`, `Printer ${index} has no paper ${(index * 7919) % 10_007}`, index, '2026-03-02T12:00:00Z']);
  const { size } = await xlsx('a', ['number', 'title', 'index', 'at'], rows);
  expect(size).toBeGreaterThan(100_000);
  expect(size).toBeLessThan(1_000_000);
});

test('columns count as spreadsheets do', () => expect([0, 25, 26, 51, 52, 701, 702].map(column)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']));
