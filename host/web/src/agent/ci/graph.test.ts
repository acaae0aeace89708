import { expect, test } from 'vitest';
import { graph } from './graph';

const ci = (id: string) => ({ id, name: id, class: 'server', space: 'it', attributes: {}, version: 1 });

test('what is further away stands further right, and an edge comes from the step before', () => {
  const drawn = graph(ci('switch'), {
    items: [
      { ci: ci('host'), distance: 1, path: ['switch', 'host'], hidden_between: 0 },
      { ci: ci('app'), distance: 2, path: ['switch', 'host', 'app'], hidden_between: 0 },
    ],
    total: 2,
    hidden: 0,
    at_risk: [],
    at_risk_hidden: 0,
  });
  const x = Object.fromEntries(drawn.nodes.map((node) => [node.id, node.x]));
  expect(x.switch).toBeLessThan(x.host ?? 0);
  expect(x.host).toBeLessThan(x.app ?? 0);
  expect(drawn.edges.map(({ from, to }) => `${from}>${to}`)).toEqual(['switch>host', 'host>app']);
});

test('a way through what may not be seen begins at the start', () => {
  const drawn = graph(ci('switch'), { items: [{ ci: ci('app'), distance: 2, path: ['switch', 'app'], hidden_between: 1 }], total: 1, hidden: 1, at_risk: [], at_risk_hidden: 0 });
  expect(drawn.edges.map(({ from, to }) => `${from}>${to}`)).toEqual(['switch>app']);
});
