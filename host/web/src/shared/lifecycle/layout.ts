// Where the states of a lifecycle stand in a picture: in columns by how far they are from the first one, and the arrows between them.
import type { Category } from '../api/types';

export interface LifecycleState {
  id: string;
  title: string;
  category: Category;
}
export interface LifecycleTransition {
  from: string[];
  to: string;
  title: string;
}
export interface Box extends LifecycleState {
  x: number;
  y: number;
}
export interface Arrow {
  from: string;
  to: string;
  title: string;
  path: string;
}
export interface Layout {
  boxes: Box[];
  arrows: Arrow[];
  width: number;
  height: number;
}

export const BOX = { width: 132, height: 40 };
const GAP = { x: 76, y: 34 };
const MARGIN = 30;

/** Steps from the first state; what cannot be reached stands at the end. */
function columns(states: LifecycleState[], transitions: LifecycleTransition[]): Map<string, number> {
  const column = new Map<string, number>();
  let wave = states.slice(0, 1).map(({ id }) => id);
  for (let step = 0; wave.length > 0; step += 1) {
    for (const id of wave) column.set(id, step);
    const next = wave.flatMap((id) => transitions.filter(({ from }) => from.includes(id)).map(({ to }) => to));
    wave = [...new Set(next)].filter((id) => !column.has(id));
  }
  // What ends the work stands behind everything that is work.
  const ends = states.filter(({ category }) => category === 'closed' || category === 'cancelled');
  const last = Math.max(0, ...states.filter((state) => !ends.includes(state)).map(({ id }) => column.get(id) ?? 0));
  for (const { id } of ends) column.set(id, last + 1);
  for (const { id } of states) if (!column.has(id)) column.set(id, last + 1);
  return column;
}

export function layout(states: LifecycleState[], transitions: LifecycleTransition[]): Layout {
  const column = columns(states, transitions);
  const rows = new Map<number, number>();
  const boxes = states.map((state) => {
    const place = column.get(state.id) ?? 0;
    const row = rows.get(place) ?? 0;
    rows.set(place, row + 1);
    return { ...state, x: MARGIN + place * (BOX.width + GAP.x), y: MARGIN + row * (BOX.height + GAP.y) };
  });
  const at = new Map(boxes.map((box) => [box.id, box]));
  const arrows = transitions.flatMap(({ from, to, title }) =>
    from.flatMap((start) => {
      const [one, other] = [at.get(start), at.get(to)];
      return one && other ? [{ from: start, to, title, path: path(one, other) }] : [];
    }),
  );
  const width = MARGIN * 2 + BOX.width + Math.max(0, ...column.values()) * (BOX.width + GAP.x);
  const height = MARGIN * 2 + Math.max(1, ...rows.values()) * (BOX.height + GAP.y) - GAP.y;
  return { boxes, arrows, width, height };
}

/** Forward arrows run from side to side, those that go back run below, those within a column at its left. */
function path(from: Box, to: Box): string {
  const middle = BOX.height / 2;
  if (to.x > from.x) {
    const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + middle, to.x - 3, to.y + middle];
    const far = to.x - from.x > BOX.width + GAP.x;
    // A long arrow bends above what stands between.
    if (far && y1 === y2) return `M${x1 - 12} ${from.y} C${x1 + 24} ${from.y - 32} ${x2 - 40} ${to.y - 32} ${to.x + 12} ${to.y - 3}`;
    return `M${x1} ${y1} C${x1 + 40} ${y1} ${x2 - 40} ${y2} ${x2} ${y2}`;
  }
  if (to.x < from.x) {
    const [x1, x2] = [from.x + BOX.width / 3, to.x + (BOX.width * 2) / 3];
    const [y1, y2] = [from.y + BOX.height, to.y + BOX.height + 3];
    const low = Math.max(y1, y2) + 26;
    return `M${x1} ${y1} C${x1} ${low} ${x2} ${low} ${x2} ${y2}`;
  }
  if (to.y > from.y) return `M${from.x + 24} ${from.y + BOX.height} L${to.x + 24} ${to.y - 3}`;
  return `M${from.x + BOX.width - 24} ${from.y} L${to.x + BOX.width - 24} ${to.y + BOX.height + 3}`;
}
