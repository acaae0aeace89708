// The catalogue without the same tile again and again: what several departments offer is one tile with a choice. Pure.
import type { Kind, Space } from '../../shared/api/types';

export interface Department {
  space: Space;
  kinds: Kind[];
}

export interface Offers {
  shared: { kind: Kind; spaces: Space[] }[];
  own: Department[];
}

export function catalogue(departments: readonly Department[]): Offers {
  const spaces = new Map<string, { kind: Kind; spaces: Space[] }>();
  for (const { space, kinds } of departments) {
    for (const kind of kinds) spaces.set(kind.id, { kind, spaces: [...(spaces.get(kind.id)?.spaces ?? []), space] });
  }
  const several = (kind: Kind) => (spaces.get(kind.id)?.spaces.length ?? 0) > 1;
  return {
    shared: [...spaces.values()].filter(({ kind }) => several(kind)),
    own: departments.map(({ space, kinds }) => ({ space, kinds: kinds.filter((kind) => !several(kind)) })).filter(({ kinds }) => kinds.length > 0),
  };
}
