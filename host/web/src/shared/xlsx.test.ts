import { expect, test } from 'vitest';
import { cellXml, column, crc32, escape, xlsx } from './xlsx';

/** The files of an archive that only stores, read by its directory. */
function files(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer);
  const text = (from: number, length: number) => new TextDecoder().decode(bytes.subarray(from, from + length));
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const found: Record<string, string> = {};
  let at = view.getUint32(end + 16, true);
  for (let rest = view.getUint16(end + 10, true); rest > 0; rest -= 1) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [sum, size, nameLength, local] = [view.getUint32(at + 16, true), view.getUint32(at + 24, true), view.getUint16(at + 28, true), view.getUint32(at + 42, true)];
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    expect(crc32(bytes.subarray(start, start + size))).toBe(sum);
    found[text(at + 46, nameLength)] = text(start, size);
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return found;
}

test('a workbook is an archive with a sheet that every spreadsheet opens', () => {
  const all = files(xlsx('Tickets: open/all', ['number', 'title'], [['INC1', 'Drucker & Söhne'], ['INC2', 7]]));
  expect(Object.keys(all)).toEqual(['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml', 'xl/_rels/workbook.xml.rels', 'xl/styles.xml', 'xl/worksheets/sheet1.xml']);
  expect(all['xl/workbook.xml']).toContain('<sheet name="Tickets  open all"');
  expect(all['xl/worksheets/sheet1.xml']).toContain('<c r="B2" t="inlineStr"><is><t xml:space="preserve">Drucker &amp; Söhne</t></is></c>');
  expect(all['xl/worksheets/sheet1.xml']).toContain('<c r="B3"><v>7</v></c>');
  expect(all['xl/worksheets/sheet1.xml']).toContain('<autoFilter ref="A1:B3"/>');
});

test.each(['=HYPERLINK("http://evil.example")', '+41 44', '-2+3', '@SUM(A1)', '\t=1+1', '|cmd'])('%j stays text', (text) => {
  const cell = cellXml(text, 'A1');
  expect(cell).toContain('t="inlineStr"');
  expect(cell).not.toContain('<f>');
});

test.each([
  [12.5, '<c r="A1"><v>12.5</v></c>'],
  [true, '<c r="A1" t="b"><v>1</v></c>'],
  [null, ''],
  ['', ''],
  [Number.NaN, '<c r="A1" t="inlineStr"><is><t xml:space="preserve">NaN</t></is></c>'],
  ['2026-03-02T12:00:00Z', '<c r="A1" s="2"><v>46083.5</v></c>'],
  [{ a: 1 }, '<c r="A1" t="inlineStr"><is><t xml:space="preserve">{&quot;a&quot;:1}</t></is></c>'],
])('%j is written as %s', (value, expected) => expect(cellXml(value, 'A1')).toBe(expected));

test('what XML cannot hold is left out, and a text is never longer than a cell', () => {
  expect(escape('a\u0000b\u001Fc<\n')).toBe('abc&lt;\n');
  expect(cellXml('x'.repeat(40_000), 'A1').match(/x/g)?.length).toBe(32_767 + 1);
});

test('columns count as spreadsheets do', () => expect([0, 25, 26, 51, 52, 701, 702].map(column)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']));

test('the sum is the one of everybody else', () => expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926));
