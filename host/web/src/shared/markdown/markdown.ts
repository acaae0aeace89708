// Markdown as a tree that is drawn with our own elements: there is never HTML of an author. Pure.
//
// `marked` reads the text; what it found becomes a tree by a list of what is allowed, and everything that is not on the list stays
// text. So HTML is text, pictures are links, and a link leads to the web, to a mailbox, a telephone or a page of ours and nowhere else.
import { Lexer, type MarkedOptions, type Token, type Tokens, type TokensList } from 'marked';

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | { type: 'break' }
  | { type: 'strong'; children: Inline[] }
  | { type: 'em'; children: Inline[] }
  | { type: 'del'; children: Inline[] }
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
const DEPTH_MAX = 12;
/** What is longer is shown as it was typed: some of what a reader of Markdown looks for takes time by the square of the length. */
const PART_LENGTH_MAX = 20_000;
const TEXT_LENGTH_MAX = 500_000;
/** What stands above the text is the first heading of the page. */
const FIRST_LEVEL = 2;
const LAST_LEVEL = 6;
const OPTIONS: MarkedOptions = { gfm: true, breaks: false };

/** The text as blocks; headings begin below that of the page and leave no level out. */
export function markdown(text: string): Block[] {
  const found = text.length > TEXT_LENGTH_MAX ? plain(text) : blocks(new Bounded(OPTIONS).lex(text));
  const headings = found.filter((block) => block.type === 'heading');
  const highest = Math.min(...headings.map(({ level }) => level));
  let before = FIRST_LEVEL - 1;
  for (const heading of headings) {
    heading.level = Math.min(heading.level - highest + FIRST_LEVEL, before + 1, LAST_LEVEL);
    before = heading.level;
  }
  return found;
}

/** Where a link may lead: the address as it is, or nothing. */
export function safe(href: string): string | undefined {
  // Browsers leave out white space and control characters, and read a backslash as a slash; the others have no place in an address.
  if (/[\s\\"<>`\p{Cc}]/u.test(href)) return undefined;
  if (/^(https?:\/\/|mailto:|tel:)./i.test(href)) return href;
  return href.startsWith('/') && !href.startsWith('//') ? href : undefined;
}

/** The reader of the library with an end to how deep it goes and how long a line of words it looks through. */
class Bounded extends Lexer {
  #depth = 0;

  override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], lastParagraphClipped?: boolean): Token[] {
    return this.#within(tokens, src, () => super.blockTokens(src, tokens, lastParagraphClipped));
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (src.length > PART_LENGTH_MAX) return asTyped(tokens, src);
    return this.#within(tokens, src, () => super.inlineTokens(src, tokens));
  }

  #within(tokens: Token[], src: string, read: () => Token[]): Token[] {
    if (this.#depth >= DEPTH_MAX) return asTyped(tokens, src);
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}

function asTyped(tokens: Token[], text: string): Token[] {
  tokens.push({ type: 'text', raw: text, text });
  return tokens;
}

function plain(text: string): Block[] {
  return [{ type: 'paragraph', children: [{ type: 'text', text }] }];
}

function blocks(tokens: readonly Token[]): Block[] {
  return tokens.flatMap((token) => block(token as Tokens.Generic));
}

function block(token: Tokens.Generic): Block[] {
  switch (token.type) {
    case 'space':
    case 'def':
      return [];
    case 'heading':
      return [{ type: 'heading', level: token.depth, children: inline(token.tokens) }];
    case 'code':
      return [{ type: 'code', text: token.text }];
    case 'blockquote':
      return [{ type: 'quote', blocks: blocks(token.tokens ?? []) }];
    case 'list':
      return [{ type: 'list', ordered: token.ordered, start: token.start === '' ? 1 : token.start, items: (token as Tokens.List).items.map(item) }];
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      const cells = (row: Tokens.TableCell[]) => row.map((cell) => inline(cell.tokens));
      return [{ type: 'table', head: cells(header), rows: rows.map(cells) }];
    }
    case 'hr':
      return [{ type: 'rule' }];
    case 'paragraph':
    case 'text':
      return [{ type: 'paragraph', children: token.tokens ? inline(token.tokens) : [words(token.text)] }];
    default:
      // HTML, and whatever a later edition of the library may find.
      return token.raw.trim() === '' ? [] : plain(token.raw.trim());
  }
}

/** The box of a task stands before its words, as a sign: nobody ticks it here. */
function item({ tokens }: Tokens.ListItem): Block[] {
  const [first, ...rest] = tokens;
  if (first?.type !== 'checkbox') return blocks(tokens);
  const [lead, ...others] = blocks(rest);
  const box = inline([first]);
  return lead?.type === 'paragraph' ? [{ type: 'paragraph', children: [...box, ...lead.children] }, ...others] : [{ type: 'paragraph', children: box }, ...blocks(rest)];
}

function inline(tokens: readonly Token[] = []): Inline[] {
  return joined(tokens.map((token) => part(token as Tokens.Generic)));
}

function part(token: Tokens.Generic): Inline {
  switch (token.type) {
    case 'strong':
    case 'em':
    case 'del':
      return { type: token.type, children: inline(token.tokens) };
    case 'codespan':
      return { type: 'code', text: token.text };
    case 'br':
      return { type: 'break' };
    case 'checkbox':
      return { type: 'text', text: token.checked ? '☑ ' : '☐ ' };
    case 'link':
    case 'image': {
      const href = safe(token.href);
      const children = inline(token.tokens);
      if (href === undefined) return { type: 'em', children };
      return { type: 'link', href, children: children.length > 0 ? children : [{ type: 'text', text: href }] };
    }
    case 'escape':
    case 'text':
      return token.tokens ? { type: 'text', text: inline(token.tokens).map((one) => ('text' in one ? one.text : '')).join('') } : words(token.text);
    default:
      return { type: 'text', text: token.raw };
  }
}

/** Signs that were written by name. They are drawn as text, whatever they say. */
function words(text: string): Inline {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00A0' };
  const number = (digits: string, base: number) => {
    const code = Number.parseInt(digits, base);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  };
  const read = text.replace(/&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#[xX]([\da-fA-F]{1,6}));/g, (_, name, decimal, hex) =>
    name ? named[name]! : decimal ? number(decimal, 10) : number(hex, 16),
  );
  return { type: 'text', text: read.replace(/\n/g, ' ') };
}

/** Neighbouring texts as one. */
function joined(parts: Inline[]): Inline[] {
  const all: Inline[] = [];
  for (const one of parts) {
    const last = all.at(-1);
    if (last?.type === 'text' && one.type === 'text') last.text += one.text;
    else all.push(one.type === 'text' ? { ...one } : one);
  }
  return all;
}
