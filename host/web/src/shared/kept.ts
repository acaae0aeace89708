// What somebody is typing, kept in this tab until it is sent: a reload, a lost connection or a phone that clears its memory loses nothing.
// Nothing of one person stays for the next: each entry carries whose it is, and signing out forgets them all.

const PREFIX = 'weft.kept.';
/** Characters of one entry; what is longer is not kept. */
const LENGTH_MAX = 200_000;

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const name = (me: string, place: string) => `${PREFIX}${me}.${place}`;

/** A browser may have no storage for us, or none that is left: then a reload loses what was typed, as everywhere. */
function quietly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** Keeps a value under a place, for this person; nothing forgets it. */
export function keep(me: string, place: string, value: unknown, shelf: () => Shelf = () => sessionStorage) {
  quietly(() => {
    const text = value === undefined ? '' : JSON.stringify(value);
    if (text === '' || text.length > LENGTH_MAX) shelf().removeItem(name(me, place));
    else shelf().setItem(name(me, place), text);
  });
}

export function kept<T>(me: string, place: string, shelf: () => Shelf = () => sessionStorage): T | undefined {
  return quietly(() => JSON.parse(shelf().getItem(name(me, place)) ?? '') as T);
}

/** When somebody signs out. */
export function forgetAll(shelf: () => Shelf = () => sessionStorage) {
  quietly(() => {
    const all = Array.from({ length: shelf().length }, (_, place) => shelf().key(place) ?? '');
    for (const key of all.filter((key) => key.startsWith(PREFIX))) shelf().removeItem(key);
  });
}
