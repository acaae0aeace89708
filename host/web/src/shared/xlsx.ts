// Lists as a workbook (Office Open XML), written by ourselves: one sheet, its head in bold and kept in sight. Text is written as text
// (`inlineStr`), so that a spreadsheet never runs it as a formula; numbers are numbers, and instants are dates that can be sorted.

export type Cell = string | number | boolean | null | undefined | object;

/** What a cell may hold in every spreadsheet. */
const TEXT_LENGTH_MAX = 32_767;
const SHEET_NAME_LENGTH_MAX = 31;
const COLUMN_WIDTH = { min: 8, max: 60 };
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
/** Days from the first of January 1970 back to where spreadsheets begin to count. */
const EPOCH_DAYS = 25_569;
const STYLE = { head: 1, instant: 2 };

/** `0` is A, `26` is AA. */
export function column(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : column(Math.floor(index / 26) - 1) + letter;
}

/** Text of an element; what XML cannot hold is left out. */
export function escape(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the characters that XML 1.0 has no way to write
  const clean = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '');
  return clean.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);
}

export function cellXml(value: Cell, place: string): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'number' && Number.isFinite(value)) return `<c r="${place}"><v>${value}</v></c>`;
  if (typeof value === 'boolean') return `<c r="${place}" t="b"><v>${value ? 1 : 0}</v></c>`;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (INSTANT.test(text) && !Number.isNaN(Date.parse(text))) {
    return `<c r="${place}" s="${STYLE.instant}"><v>${Date.parse(text) / 86_400_000 + EPOCH_DAYS}</v></c>`;
  }
  return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escape(text.slice(0, TEXT_LENGTH_MAX))}</t></is></c>`;
}

function sheetXml(head: string[], rows: Cell[][]): string {
  const widths = head.map((title, index) => {
    const longest = rows.slice(0, 200).reduce((most, row) => Math.max(most, String(row[index] ?? '').length), title.length);
    return Math.min(COLUMN_WIDTH.max, Math.max(COLUMN_WIDTH.min, longest + 2));
  });
  const cols = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`).join('');
  const first = head.map((title, index) => `<c r="${column(index)}1" s="${STYLE.head}" t="inlineStr"><is><t xml:space="preserve">${escape(title)}</t></is></c>`).join('');
  const rest = rows.map((row, place) => `<row r="${place + 2}">${row.map((value, index) => cellXml(value, `${column(index)}${place + 2}`)).join('')}</row>`).join('');
  const last = `${column(Math.max(0, head.length - 1))}${rows.length + 1}`;
  return (
    `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
    `<cols>${cols}</cols><sheetData><row r="1">${first}</row>${rest}</sheetData><autoFilter ref="A1:${last}"/></worksheet>`
  );
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
export const XLSX_TYPE = `${TYPES}.sheet`;

/** The bytes of a workbook. */
export function xlsx(title: string, head: string[], rows: Cell[][]): Uint8Array<ArrayBuffer> {
  const name = title.replace(/[[\]:*?/\\']/g, ' ').trim().slice(0, SHEET_NAME_LENGTH_MAX) || 'Weft';
  return zip([
    ['[Content_Types].xml', `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPES}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/></Types>`],
    ['_rels/.rels', `${XML}<Relationships xmlns="${RELATIONS}"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${escape(name)}" sheetId="1" r:id="rId1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${XML}<Relationships xmlns="${RELATIONS}"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`],
    ['xl/styles.xml', `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`],
    ['xl/worksheets/sheet1.xml', sheetXml(head, rows)],
  ]);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let rest = index;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ (TABLE[(rest ^ byte) & 0xff] ?? 0);
  return (rest ^ 0xffffffff) >>> 0;
}

/** An archive whose files are stored as they are: a list of some thousand rows needs no compression. */
function zip(files: readonly [string, string][]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, text] of files) {
    const [path, bytes] = [encoder.encode(name), encoder.encode(text)];
    // Both headers share what stands from "version needed" to the lengths. The time is the first of January 1980: the same list is the same file.
    const common = [20, 0x0800, 0, 0, 0x21];
    const sizes = [crc32(bytes), bytes.length, bytes.length];
    const local = header(0x04034b50, common, sizes, [path.length, 0]);
    const central = header(0x02014b50, [20, ...common], sizes, [path.length, 0, 0, 0, 0, 0, 0], [offset]);
    parts.push(local, path, bytes);
    directory.push(central, path);
    offset += local.length + path.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = header(0x06054b50, [0, 0, files.length, files.length], [size, offset], [0]);
  return joined([...parts, ...directory, end]);
}

/** Little-endian numbers: a signature, then numbers of two, of four, of two and of four bytes. */
function header(signature: number, shorts: number[], longs: number[], more: number[], rest: number[] = []): Uint8Array {
  const bytes = new Uint8Array(4 + 2 * shorts.length + 4 * longs.length + 2 * more.length + 4 * rest.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (value: number, size: 2 | 4) => {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  };
  put(signature, 4);
  for (const value of shorts) put(value, 2);
  for (const value of longs) put(value, 4);
  for (const value of more) put(value, 2);
  for (const value of rest) put(value, 4);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
