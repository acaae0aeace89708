// Texts that were written to make a page run what they say. Whatever the library finds in them, the tree holds nothing but the parts that
// are drawn with our own elements, and no address that a browser would run.
import { expect, test } from 'vitest';
import { type Block, type Inline, markdown } from './markdown';

const ATTACKS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=https://evil.example/x.js></SCRIPT>',
  '<img src=x onerror=alert(1)>',
  '<IMG SRC="javascript:alert(1);">',
  '<IMG """><SCRIPT>alert(1)</SCRIPT>"\\>',
  '<img src=`x` onerror=alert`1`>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<body onload=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="></object>',
  '<embed src="javascript:alert(1)">',
  '<link rel="stylesheet" href="javascript:alert(1)">',
  '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
  '<base href="javascript:alert(1)//">',
  '<form action="javascript:alert(1)"><button>go</button></form>',
  '<input autofocus onfocus=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror=alert(1)></video>',
  '<a href="javascript:alert(1)">here</a>',
  '<a href="jav&#x09;ascript:alert(1)">here</a>',
  '<div style="background:url(javascript:alert(1))">',
  '<style>@import "javascript:alert(1)";</style>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '<?xml version="1.0"?><script>alert(1)</script>',
  '<xss id=x tabindex=1 onfocus=alert(1)></xss>',
  '<template><script>alert(1)</script></template>',
  '<x/onclick=alert(1)>click',
  '[here](javascript:alert(1))',
  '[here](JaVaScRiPt:alert(1))',
  '[here](javascript&colon;alert(1))',
  '[here](javascript&#58;alert(1))',
  '[here](&#106;avascript:alert(1))',
  '[here](&#x6A;avascript:alert(1))',
  '[here](java\nscript:alert(1))',
  '[here](java\tscript:alert(1))',
  '[here]( javascript:alert(1))',
  '[here](\u0001javascript:alert(1))',
  '[here](\u00A0javascript:alert(1))',
  '[here](<javascript:alert(1)>)',
  '[here](<java script:alert(1)>)',
  '[here](javascript://example.com/%0Aalert(1))',
  '[here](vbscript:msgbox(1))',
  '[here](livescript:alert(1))',
  '[here](data:text/html,<script>alert(1)</script>)',
  '[here](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[here](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)',
  '[here](blob:https://example.com/1)',
  '[here](file:///etc/passwd)',
  '[here](view-source:javascript:alert(1))',
  '[here](//evil.example)',
  '[here](/\\evil.example)',
  '[here](\\\\evil.example)',
  '[here](/%09/../..//evil.example "onmouseover=alert(1)")',
  '[here](https://example.com"onmouseover="alert(1))',
  '[here](https://example.com "\\" onmouseover=alert(1) x=\\"")',
  "[here](https://example.com 'x' onclick='alert(1)')",
  '[here][1]\n\n[1]: javascript:alert(1)',
  '[here][1]\n\n[1]: <javascript:alert(1)> "title"',
  '![x](javascript:alert(1))',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '![x](https://evil.example/pixel.gif"onerror="alert(1))',
  '![" onerror="alert(1)](https://example.com/x.png)',
  '![x][1]\n\n[1]: javascript:alert(1)',
  '<javascript:alert(1)>',
  '<https://example.com"onclick="alert(1)>',
  'https://example.com/"onmouseover="alert(1)',
  '**<img src=x onerror=alert(1)>**',
  '*[<img src=x onerror=alert(1)>](javascript:alert(1))*',
  '# <script>alert(1)</script>',
  '> <script>alert(1)</script>',
  '- <img src=x onerror=alert(1)>',
  '- [x](javascript:alert(1)) <svg onload=alert(1)>',
  '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
  '| [a](javascript:alert(1)) |\n|---|\n| [b](data:text/html,x) |',
  '```html"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```',
  '`</code><script>alert(1)</script>`',
  '    </pre><script>alert(1)</script>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;img src=x onerror=alert(1)&#62;',
  '\\<script>alert(1)\\</script>',
  'a<br onclick=alert(1)>b',
  '{@html "<script>alert(1)</script>"}',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<<script>alert(1)//<</script>',
  '<script\u0000>alert(1)</script>',
  '[a](https://example.com)<img src=x onerror=alert(1)>[b](javascript:alert(1))',
  '__proto__ [constructor](javascript:constructor.constructor("alert(1)")())',
];

const TYPES = new Set(['paragraph', 'heading', 'code', 'quote', 'list', 'table', 'rule', 'text', 'break', 'strong', 'em', 'del', 'link']);

/** Every part of a tree, with all that is in it. */
function* parts(all: readonly (Block | Inline)[]): Generator<Block | Inline> {
  for (const one of all) {
    yield one;
    if ('children' in one) yield* parts(one.children);
    if ('blocks' in one) yield* parts(one.blocks);
    if ('items' in one) yield* parts(one.items.flat());
    if ('head' in one) yield* parts([...one.head.flat(), ...one.rows.flat(2)]);
  }
}

test('there are many of them, each once', () => {
  expect(new Set(ATTACKS).size).toBe(ATTACKS.length);
  expect(ATTACKS.length).toBeGreaterThanOrEqual(60);
});

test.each(ATTACKS)('%j runs nothing', (attack) => {
  for (const text of [attack, `Before.\n\n${attack}\n\nAfter.`, `- one\n- ${attack}`, `> **x** ${attack}`]) {
    for (const part of parts(markdown(text))) {
      expect(TYPES).toContain(part.type);
      if (part.type !== 'link') continue;
      expect(part.href).toMatch(/^(https?:\/\/|mailto:|tel:|\/(?!\/))/i);
      expect(part.href).not.toMatch(/[\s\\<>"`\p{Cc}]/u);
      // What a browser makes of it on a page of ours: the same, and never something that runs.
      expect(['http:', 'https:', 'mailto:', 'tel:']).toContain(new URL(part.href, 'https://weft.example/portal').protocol);
    }
  }
});
