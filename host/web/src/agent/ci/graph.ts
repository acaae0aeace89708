// What depends on a CI, as rings of boxes in columns by distance; pure, so that it can be tested.
import type { Impact } from '../../shared/api/types';

export interface Node {
  id: string;
  name: string;
  class: string;
  x: number;
  y: number;
}
export interface Edge {
  from: string;
  to: string;
  path: string;
}

export const BOX = { width: 150, height: 34 };
const GAP = { x: 70, y: 14 };
/** More would be no picture any more; the table has all of them. */
const NODES_MAX = 60;

export function graph(start: { id: string; name: string; class: string }, impact: Impact) {
  const items = impact.items.slice(0, NODES_MAX);
  const rows = new Map<number, number>();
  const place = (distance: number) => {
    const row = rows.get(distance) ?? 0;
    rows.set(distance, row + 1);
    return { x: 10 + distance * (BOX.width + GAP.x), y: 10 + row * (BOX.height + GAP.y) };
  };
  const nodes: Node[] = [{ ...start, ...place(0) }, ...items.map(({ ci, distance }) => ({ id: ci.id, name: ci.name, class: ci.class, ...place(distance) }))];
  const at = new Map(nodes.map((node) => [node.id, node]));
  const edges: Edge[] = items.flatMap(({ ci, path }) => {
    // The step before the last one of the path; where that may not be seen, the start.
    const before = path.filter((id) => id !== ci.id).at(-1) ?? start.id;
    const [from, to] = [at.get(before) ?? at.get(start.id), at.get(ci.id)];
    if (!from || !to) return [];
    const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2];
    return [{ from: from.id, to: to.id, path: `M${x1} ${y1} C${x1 + 35} ${y1} ${x2 - 35} ${y2} ${x2} ${y2}` }];
  });
  const width = 20 + BOX.width + Math.max(0, ...rows.keys()) * (BOX.width + GAP.x);
  const height = 20 + Math.max(1, ...rows.values()) * (BOX.height + GAP.y) - GAP.y;
  return { nodes, edges, width, height, left: impact.total - items.length };
}
