// Markdown as a tree that is drawn with our own elements: there is never HTML of an author. Pure.
//
// What people write in articles is understood: headings, lists, tables, quotes, code, emphasis and links. HTML stays text, pictures
// become links, and a link leads to the web, to a mailbox, a telephone or a page of ours and nowhere else. Every search ahead is
// bounded, so that no text takes longer than in proportion to its length.

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | { type: 'break' }
  | { type: 'strong'; children: Inline[] }
  | { type: 'em'; children: Inline[] }
  | { type: 'link'; href: string; children: Inline[] };

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'heading'; level: number; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'quote'; blocks: Block[] }
  | { type: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { type: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { type: 'rule' };

/** Lists in lists, quotes in quotes, emphasis in emphasis. */
const DEPTH_MAX = 8;
/** How far the end of a link or of an emphasis is looked for. */
const AHEAD_MAX = 1000;
/** What stands above the text is the first heading of the page. */
const FIRST_LEVEL = 2;
const LAST_LEVEL = 6;

const FENCE = /^ {0,3}(```+|~~~+)/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const QUOTE = /^ {0,3}>/;
const HEADING = /^ {0,3}(#{1,6})(?: +|$)/;
const UNDER_HEAD = /^ *\|?(?: *:?-+:? *\|)* *:?-+:? *\|? *$/;

/** The text as blocks; headings begin below that of the page and leave no level out. */
export function markdown(text: string): Block[] {
  const found = blocks(text.replace(/\r\n?/g, '\n').replaceAll('\t', '    ').split('\n'), 0);
  const headings = found.filter((block) => block.type === 'heading');
  const highest = Math.min(...headings.map(({ level }) => level));
  let before = FIRST_LEVEL - 1;
  for (const heading of headings) {
    heading.level = Math.min(heading.level - highest + FIRST_LEVEL, before + 1, LAST_LEVEL);
    before = heading.level;
  }
  return found;
}

function blocks(lines: readonly string[], depth: number): Block[] {
  const found: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    const start = at;
    if (line.trim() === '') at += 1;
    else if (FENCE.test(line)) at = fence(lines, at, found);
    else if (HEADING.test(line)) {
      found.push({ type: 'heading', level: HEADING.exec(line)![1]!.length, children: inline(headingText(line), 0) });
      at += 1;
    } else if (RULE.test(line)) {
      found.push({ type: 'rule' });
      at += 1;
    } else if (QUOTE.test(line) && depth < DEPTH_MAX) {
      while (at < lines.length && QUOTE.test(lines[at]!)) at += 1;
      found.push({ type: 'quote', blocks: blocks(lines.slice(start, at).map((one) => one.replace(/^ {0,3}> ?/, '')), depth + 1) });
    } else if (ITEM.test(line) && depth < DEPTH_MAX) at = list(lines, at, depth, found);
    else if (isTable(lines, at)) at = table(lines, at, found);
    else {
      at += 1;
      while (at < lines.length && !interrupts(lines, at)) at += 1;
      found.push({ type: 'paragraph', children: inline(lines.slice(start, at).map((one) => one.trimStart()).join('\n').trimEnd(), 0) });
    }
  }
  return found;
}

/** Whether a line ends the paragraph before it. */
function interrupts(lines: readonly string[], at: number): boolean {
  const line = lines[at]!;
  return line.trim() === '' || [FENCE, HEADING, RULE, QUOTE, ITEM].some((start) => start.test(line)) || isTable(lines, at);
}

function headingText(line: string): string {
  const text = line.trimStart().replace(/^#+/, '').trim();
  let end = text.length;
  while (end > 0 && text[end - 1] === '#') end -= 1;
  return end === 0 || text[end - 1] === ' ' ? text.slice(0, end).trim() : text;
}

/** Without its end the code goes on to the end of the text. */
function fence(lines: readonly string[], start: number, found: Block[]): number {
  const mark = FENCE.exec(lines[start]!)![1]!;
  const ends = (line: string) => line.trim().startsWith(mark) && [...line.trim()].every((letter) => letter === mark[0]);
  let at = start + 1;
  while (at < lines.length && !ends(lines[at]!)) at += 1;
  found.push({ type: 'code', text: lines.slice(start + 1, at).join('\n') });
  return at + 1;
}

function list(lines: readonly string[], start: number, depth: number, found: Block[]): number {
  const first = ITEM.exec(lines[start]!)![2]!;
  const ordered = /\d/.test(first);
  const items: Block[][] = [];
  let at = start;
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]!);
    if (!item || RULE.test(lines[at]!) || /\d/.test(item[2]!) !== ordered) break;
    const indent = item[1]!.length + item[2]!.length + Math.min(Math.max(item[3]!.length, 1), 4);
    const own = [lines[at]!.slice(indent)];
    at += 1;
    while (at < lines.length) {
      const line = lines[at]!;
      const inside = line.search(/\S/) >= indent;
      const blankInside = line.trim() === '' && (lines[at + 1] ?? '').search(/\S/) >= indent;
      const goesOn = line.trim() !== '' && own.at(-1)!.trim() !== '' && !interrupts(lines, at);
      if (!inside && !blankInside && !goesOn) break;
      own.push(inside ? line.slice(indent) : line.trimStart());
      at += 1;
    }
    items.push(blocks(own, depth + 1));
    // One empty line between two items keeps the list together.
    if (lines[at]?.trim() === '' && ITEM.test(lines[at + 1] ?? '')) at += 1;
  }
  found.push({ type: 'list', ordered, start: ordered ? Number.parseInt(first, 10) : 1, items });
  return at;
}

function isTable(lines: readonly string[], at: number): boolean {
  const under = lines[at + 1] ?? '';
  return lines[at]!.includes('|') && under.includes('-') && under.includes('|') && UNDER_HEAD.test(under);
}

function table(lines: readonly string[], start: number, found: Block[]): number {
  const head = cells(lines[start]!);
  const rows: Inline[][][] = [];
  let at = start + 2;
  while (at < lines.length && lines[at]!.trim() !== '' && lines[at]!.includes('|')) {
    const row = cells(lines[at]!);
    rows.push(head.map((_, column) => row[column] ?? []));
    at += 1;
  }
  found.push({ type: 'table', head, rows });
  return at;
}

function cells(line: string): Inline[][] {
  const text = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return text.split('|').map((cell) => inline(cell.trim(), 0));
}

/** Where a link may lead: the address as it is, or nothing. */
export function safe(href: string): string | undefined {
  // Browsers leave out white space and control characters, and read a backslash as a slash.
  if (/[\s\\\p{Cc}]/u.test(href)) return undefined;
  if (/^(https?:\/\/|mailto:|tel:)./i.test(href)) return href;
  return href.startsWith('/') && !href.startsWith('//') ? href : undefined;
}

function inline(text: string, depth: number): Inline[] {
  const found: Inline[] = [];
  let plain = '';
  let at = 0;
  const put = (part: Inline, end: number) => {
    if (plain !== '') found.push({ type: 'text', text: plain });
    plain = '';
    found.push(part);
    at = end;
  };
  while (at < text.length) {
    const letter = text[at]!;
    const part = STARTS.includes(letter) && depth < DEPTH_MAX ? special(text, at, depth) : undefined;
    if (part) put(...part);
    else if (letter === '\\' && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '')) {
      plain += text[at + 1];
      at += 2;
    } else if (letter === '\n') {
      // Two spaces or a backslash at the end of a line break it; else it flows on.
      const breaks = plain.endsWith('  ') || plain.endsWith('\\');
      plain = plain.endsWith('\\') ? plain.slice(0, -1) : plain.trimEnd();
      if (breaks) put({ type: 'break' }, at + 1);
      else {
        plain += ' ';
        at += 1;
      }
    } else {
      plain += letter;
      at += 1;
    }
  }
  if (plain !== '') found.push({ type: 'text', text: plain });
  return found;
}

const STARTS = '`[!*_<hH';

/** What begins at a place, and where it ends; nothing when the sign is only a sign. */
function special(text: string, at: number, depth: number): [Inline, number] | undefined {
  switch (text[at]) {
    case '`':
      return code(text, at);
    case '!':
      return text[at + 1] === '[' ? link(text, at + 1, depth) : undefined;
    case '[':
      return link(text, at, depth);
    case '*':
    case '_':
      return emphasis(text, at, depth);
    case '<': {
      const end = text.slice(at, at + AHEAD_MAX).indexOf('>');
      const href = end > 0 ? text.slice(at + 1, at + end) : '';
      return /^(https?:\/\/|mailto:)/i.test(href) && safe(href) ? [{ type: 'link', href, children: [{ type: 'text', text: href }] }, at + end + 1] : undefined;
    }
    default:
      return address(text, at);
  }
}

function code(text: string, at: number): [Inline, number] | undefined {
  let ticks = 1;
  while (text[at + ticks] === '`') ticks += 1;
  // A run of ticks that is not closed is read once, not again from each of its ticks.
  const window = text.slice(at + ticks, at + ticks + AHEAD_MAX);
  const mark = '`'.repeat(ticks);
  let end = window.indexOf(mark);
  while (end >= 0 && (window[end + ticks] === '`' || (end > 0 && window[end - 1] === '`'))) {
    while (window[end] === '`') end += 1;
    end = window.indexOf(mark, end);
  }
  if (end < 0) return [{ type: 'text', text: mark }, at + ticks];
  const inside = window.slice(0, end).replaceAll('\n', ' ');
  const trimmed = inside.startsWith(' ') && inside.endsWith(' ') && inside.trim() !== '' ? inside.slice(1, -1) : inside;
  return [{ type: 'code', text: trimmed }, at + ticks + end + ticks];
}

function link(text: string, at: number, depth: number): [Inline, number] | undefined {
  const limit = Math.min(text.length, at + AHEAD_MAX);
  let open = 0;
  let end = at;
  for (; end < limit; end += 1) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '[') open += 1;
    else if (text[end] === ']' && (open -= 1) === 0) break;
  }
  if (end >= limit || text[end + 1] !== '(') return undefined;
  const close = text.slice(end + 2, end + 2 + AHEAD_MAX).indexOf(')');
  if (close < 0) return undefined;
  const target = text.slice(end + 2, end + 2 + close).trim();
  // A title after the address is left out: it says nothing that is read.
  const href = safe(target.replace(/^<|>$/g, '').split(/\s+["'(]/)[0] ?? '');
  const children = inline(text.slice(at + 1, end), depth + 1);
  const after = end + 2 + close + 1;
  if (href === undefined) return [{ type: 'em', children }, after];
  return [{ type: 'link', href, children: children.length > 0 ? children : [{ type: 'text', text: href }] }, after];
}

/** An address as it stands in the text. */
function address(text: string, at: number): [Inline, number] | undefined {
  if (/\w/.test(text[at - 1] ?? ' ')) return undefined;
  const found = /^https?:\/\/[^\s<>"|]{1,2000}/i.exec(text.slice(at, at + AHEAD_MAX));
  const href = found?.[0].replace(/[.,;:!?)*_'\]]+$/, '');
  if (!href || !safe(href) || href.length < 'http://a'.length) return undefined;
  return [{ type: 'link', href, children: [{ type: 'text', text: href }] }, at + href.length];
}

function emphasis(text: string, at: number, depth: number): [Inline, number] | undefined {
  const sign = text[at]!;
  const size = text[at + 1] === sign ? 2 : 1;
  const mark = sign.repeat(size);
  const inside = at + size;
  // It begins before a word and ends after one; an underscore within a word is part of it.
  if (/\s/.test(text[inside] ?? ' ') || (sign === '_' && /\w/.test(text[at - 1] ?? ' '))) return undefined;
  const limit = Math.min(text.length, inside + AHEAD_MAX);
  for (let end = text.indexOf(mark, inside + 1); end >= 0 && end < limit; end = text.indexOf(mark, end + 1)) {
    if (/\s/.test(text[end - 1]!) || text[end - 1] === '\\') continue;
    if (size === 1 && (text[end + 1] === sign || text[end - 1] === sign)) {
      // Two of them belong together and are somebody else's.
      while (text[end + 1] === sign) end += 1;
      continue;
    }
    if (sign === '_' && /\w/.test(text[end + size] ?? ' ')) continue;
    return [{ type: size === 2 ? 'strong' : 'em', children: inline(text.slice(inside, end), depth + 1) }, end + size];
  }
  return undefined;
}
