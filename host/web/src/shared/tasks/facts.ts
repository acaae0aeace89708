// What an approval is about, in the few facts that fit on a card. Pure.
import type { Task, TaskDetail, TaskSubject } from '../api/flow';
import type { FieldRule, Kind } from '../api/types';
import { control, display, isEmpty } from '../form/schema';

export interface Fact {
  name: string;
  title: string;
  value: string;
  /** How much: it stands on the card, the rest inside. */
  amount: boolean;
}

/** What the requester said, in the order of the kind; numbers as they are written in the language. */
export function facts(subject: TaskSubject, kind: Kind | undefined, locale: string): Fact[] {
  const numbers = new Intl.NumberFormat(locale);
  const said = (rule: FieldRule, name: string): Fact => {
    const value = subject.fields[name];
    const amount = ['integer', 'number'].includes(control(rule.schema).type) && typeof value === 'number';
    return { name, title: rule.title, value: amount ? numbers.format(value) : display(value, rule.schema), amount };
  };
  return (kind?.fields ?? [])
    .filter(([name]) => name !== kind?.portal?.rating && !isEmpty(subject.fields[name]))
    .map(([name, rule]) => said(rule, name));
}

/** Whether this person still has to answer. */
export function waitsFor(task: TaskDetail, me: string): boolean {
  return task.state === 'open' && task.actions.includes('vote') && task.candidate_people.includes(me) && !task.votes.some((vote) => vote.person === me);
}

/** Approvals among tasks that this person was asked for by name. */
export function asked(tasks: readonly Task[], me: string): Task[] {
  return tasks.filter((task) => task.rule !== null && task.candidate_people.includes(me));
}
