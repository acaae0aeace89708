// The queue's filters: the address is where they are kept, so that a view is a link.

export const CATEGORIES = ['open', 'new', 'active', 'paused', 'resolved', 'closed', 'cancelled', 'any'] as const;
export const SORTS = ['due_at', 'updated_at', 'opened_at', 'number'] as const;
export type Sort = (typeof SORTS)[number];

export interface Filter {
  kind: string;
  space: string;
  category: (typeof CATEGORIES)[number];
  group: string;
  /** `me`, `none`, an id, or empty for anybody. */
  assignee: string;
  text: string;
  sort: Sort;
}

/** What an address without a query shows: the open work, what is due first on top. */
export const DEFAULT: Filter = { kind: '', space: '', category: 'open', group: '', assignee: '', text: '', sort: 'due_at' };

export function fromQuery(query: URLSearchParams): Filter {
  const filter = { ...DEFAULT };
  for (const name of ['kind', 'space', 'group', 'assignee', 'text'] as const) filter[name] = query.get(name) ?? '';
  filter.category = CATEGORIES.find((category) => category === query.get('category')) ?? DEFAULT.category;
  filter.sort = SORTS.find((sort) => sort === query.get('sort')) ?? DEFAULT.sort;
  return filter;
}

/** The query of a filter, without what is the default. */
export function toQuery(filter: Filter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== DEFAULT[name as keyof Filter]) query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** What the API is asked; `order` fits the sort: what is due first, what is newest first. */
export function toApi(filter: Filter): Record<string, string> {
  const { sort, category, ...rest } = filter;
  return {
    ...rest,
    category: category === 'any' ? '' : category,
    sort,
    order: sort === 'due_at' ? 'asc' : 'desc',
  };
}

/** The part that a counter depends on. */
export function toCount(filter: Filter): Record<string, string> {
  const { sort: _sort, order: _order, ...rest } = toApi(filter);
  return rest;
}

/** Whether two filters show the same tickets, in whatever order. */
export function sameTickets(one: Filter, other: Filter): boolean {
  return toQuery({ ...one, sort: DEFAULT.sort }) === toQuery({ ...other, sort: DEFAULT.sort });
}

export interface SavedView {
  name: string;
  query: string;
}

const STORED = 'weft.views';

export function readViews(): SavedView[] {
  try {
    const views: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]');
    return Array.isArray(views) ? views.filter((view) => typeof view?.name === 'string' && typeof view?.query === 'string') : [];
  } catch {
    return [];
  }
}

export function writeViews(views: SavedView[]) {
  localStorage.setItem(STORED, JSON.stringify(views));
}
