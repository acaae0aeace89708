// Ids from names.

/** A letter first, then small letters, figures and hyphens. */
export function idFor(name: string): string {
  const plain = name.replace(/ß/g, 'ss').replace(/[äöü]/gi, (letter) => `${letter}e`).normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  const id = plain.replace(/[^a-z0-9]+/g, '-').replace(/^[-0-9]+|-+$/g, '').slice(0, 60);
  return id === '' ? 'new' : id;
}
