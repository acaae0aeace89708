import { expect, test } from 'vitest';
import { type Block, type Inline, markdown, safe } from './markdown';

/** The tree in one line: what is drawn, without the words of its types. */
function drawn(text: string): string {
  const line = (parts: Inline[]): string =>
    parts
      .map((part) => {
        switch (part.type) {
          case 'text':
            return part.text;
          case 'code':
            return `‹${part.text}›`;
          case 'break':
            return '↵';
          case 'link':
            return `[${line(part.children)}→${part.href}]`;
          default:
            return `${part.type}(${line(part.children)})`;
        }
      })
      .join('');
  const block = (one: Block): string => {
    switch (one.type) {
      case 'paragraph':
        return `p(${line(one.children)})`;
      case 'heading':
        return `h${one.level}(${line(one.children)})`;
      case 'code':
        return `pre(${one.text})`;
      case 'quote':
        return `quote(${one.blocks.map(block).join(' ')})`;
      case 'list':
        return `${one.ordered ? `ol${one.start}` : 'ul'}(${one.items.map((item) => item.map(block).join(' ')).join(', ')})`;
      case 'table':
        return `table(${[one.head, ...one.rows].map((row) => row.map(line).join('|')).join(' / ')})`;
      case 'rule':
        return 'rule';
    }
  };
  return markdown(text).map(block).join(' ');
}

test.each([
  ['One line\nflows on.\n\nNext.', 'p(One line flows on.) p(Next.)'],
  ['ends here  \nnext', 'p(ends here↵next)'],
  ['1. Open the client.\n2. Choose *Office*.\n3. Confirm.', 'ol1(p(Open the client.), p(Choose em(Office).), p(Confirm.))'],
  ['3. three\n4. four', 'ol3(p(three), p(four))'],
  ['- a\n  - b\n- c', 'ul(p(a) ul(p(b)), p(c))'],
  ['- a\n\n- b\n\nend', 'ul(p(a), p(b)) p(end)'],
  ['# Top\n### Deep\n## Mid', 'h2(Top) h3(Deep) h3(Mid)'],
  ['#no heading', 'p(#no heading)'],
  ['> said\n> twice', 'quote(p(said twice))'],
  ['```sh\nrm <x> **y**\n```\nafter', 'pre(rm <x> **y**) p(after)'],
  ['~~~\nopen end', 'pre(open end)'],
  ['| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 |', 'table(a|b / 1|strong(2) / 3|)'],
  ['---', 'rule'],
  ['**bold** __too__ and *em* or _em_', 'p(strong(bold) strong(too) and em(em) or em(em))'],
  ['snake_case_name and 2 * 3 * 4', 'p(snake_case_name and 2 * 3 * 4)'],
  ['*a **b** c*', 'p(em(a strong(b) c))'],
  ['`a *b*` and ``a ` b``', 'p(‹a *b*› and ‹a ` b›)'],
  ['\\*not\\* [x', 'p(*not* [x)'],
  ['[the *page*](/portal) and https://example.com/a_b.', 'p([the em(page)→/portal] and [https://example.com/a_b→https://example.com/a_b].)'],
  ['![a picture](https://example.com/p.png)', 'p([a picture→https://example.com/p.png])'],
  ['<https://example.com>', 'p([https://example.com→https://example.com])'],
  ['~~gone~~', 'p(del(gone))'],
  ['- [x] done\n- [ ] open', 'ul(p(☑ done), p(☐ open))'],
  ['AT&amp;T &lt;b&gt; &#65; &unknown;', 'p(AT&T <b> A &unknown;)'],
  ['[one][1]\n\n[1]: https://example.com/one "Title"', 'p([one→https://example.com/one])'],
  ['[site](https://example.com/a_(b) "Title")', 'p([site→https://example.com/a_(b)])'],
])('%j', (text, expected) => expect(drawn(text)).toBe(expected));

test('HTML stays text', () => {
  expect(drawn('<script>alert(1)</script> <img src=x onerror=alert(1)>')).toBe('p(<script>alert(1)</script> <img src=x onerror=alert(1)>)');
});

test.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', 'vbscript:x', '//evil.example', '/\\evil.example', '\\\\evil', '/\t/evil.example', 'java\nscript:x', 'ftp://x', 'portal', ''])(
  '%j is no link',
  (href) => {
    expect(safe(href)).toBeUndefined();
    expect(drawn(`[here](${href})`)).not.toContain('→');
  },
);

test.each(['https://example.com', 'http://example.com', 'mailto:a@example.com', 'tel:+4912', '/portal/new/incident?space=it'])('%j is a link', (href) =>
  expect(safe(href)).toBe(href),
);

test.each([
  ['brackets', '['.repeat(100_000)],
  ['links', '[a]('.repeat(40_000)],
  ['stars', '*a '.repeat(60_000)],
  ['double stars', '**a'.repeat(60_000)],
  ['ticks', '`a``b'.repeat(40_000)],
  ['quotes', '>'.repeat(100_000)],
  ['lists', '- '.repeat(60_000)],
  ['nested lists', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth * 2)}- a`).join('\n')],
  ['pipes', `${'|'.repeat(50_000)}\n${'|-'.repeat(50_000)}|`],
  ['hashes', `# a ${'#'.repeat(100_000)} b`],
  ['addresses', 'http://a '.repeat(20_000)],
  ['underscores', '_a '.repeat(60_000)],
  ['tildes', '~~a'.repeat(60_000)],
  ['entities', '&#x41;'.repeat(60_000)],
  ['definitions', '[a]: /b\n'.repeat(20_000)],
  ['comments', '<!-- '.repeat(60_000)],
  ['tags', '<a '.repeat(60_000)],
  ['backslashes', '\\'.repeat(200_000)],
  ['mixed containers', '> - 1. '.repeat(20_000)],
  ['a book', 'word '.repeat(400_000)],
  ['under heads', `a|\n${'-'.repeat(100_000)}|x`],
])('%s take no longer than their length', (_, text) => {
  const start = performance.now();
  markdown(text);
  expect(performance.now() - start).toBeLessThan(3000);
});
