// Who is signed in, and what that opens. The server decides; this only keeps doors off the screen that would not open.
import { api, ApiProblem } from './api/client';
import type { Role, Session } from './api/types';
import { forgetAll } from './kept';

const PLATFORM = '*';
const WORKING: Role[] = ['agent', 'approver', 'manager', 'auditor'];

class CurrentSession {
  current = $state.raw<Session | null>(null);
  loaded = $state(false);

  get me() {
    return this.current?.person.id ?? '';
  }

  get zone() {
    return this.current?.person.zone;
  }

  get works() {
    return this.#any(WORKING);
  }

  get administers() {
    return this.#any(['administrator']);
  }

  /** Reads the journal: those who run the platform, and those who look at what others do. */
  get audits() {
    return this.#any(['administrator', 'auditor', 'manager']);
  }

  /** The roles that count in a space: those held there and those held everywhere. */
  roles(space: string): Role[] {
    const roles = this.current?.roles ?? {};
    return [...new Set([...(roles[space] ?? []), ...(roles[PLATFORM] ?? [])])];
  }

  get home() {
    return this.works ? '/agent' : this.administers ? '/admin/plugins' : '/portal';
  }

  async load() {
    try {
      this.current = await api.get<Session>('/session');
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 401)) throw error;
      this.current = null;
    } finally {
      this.loaded = true;
    }
  }

  async signIn(login: string, password: string) {
    this.current = await api.post<Session>('/session', { login, password });
  }

  async signInAs(login: string) {
    this.current = await api.post<Session>('/session/persona', { login });
  }

  async signOut() {
    await api.delete('/session').catch(() => undefined);
    forgetAll();
    // Nothing of one person stays in memory for the next.
    location.assign('/signin');
  }

  #any(wanted: Role[]) {
    return Object.values(this.current?.roles ?? {}).some((roles) => roles.some((role) => wanted.includes(role)));
  }
}

export const session = new CurrentSession();
