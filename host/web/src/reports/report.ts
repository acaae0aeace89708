// How the numbers of a report are said: rows to labels, values to words.
import type { ReportResult, ReportRow, ReportSummary } from '../shared/api/types';
import type { Point } from '../shared/chart/Chart.svelte';
import { directory } from '../shared/directory.svelte';
import { display } from '../shared/form/schema';
import { t } from '../shared/i18n/index.svelte';
import { formatSpan } from '../shared/time';

export function label(report: ReportSummary, row: ReportRow): string {
  if (row.key === '') return t('reports.without');
  if (row.title) return row.title;
  switch (report.group) {
    case 'group':
    case 'assignee':
      return directory.name(row.key);
    case 'state':
      return directory.stateTitle(report.kind, row.key);
    case 'category':
      return t(`category.${row.key as 'new'}`);
    case 'space':
      return directory.spaceTitle(row.key);
    case 'kind':
      return directory.kind(row.key)?.title ?? row.key;
    case 'age':
      return t('reports.age', { days: row.key });
    default: {
      const field = report.group?.startsWith('field.') ? report.group.slice('field.'.length) : '';
      const rule = directory.kind(report.kind)?.fields.find(([name]) => name === field)?.[1];
      return rule ? display(row.key, rule.schema) || row.key : row.key;
    }
  }
}

export function say(unit: ReportResult['unit'], locale: string): (value: number) => string {
  const number = (options: Intl.NumberFormatOptions) => (value: number) => new Intl.NumberFormat(locale, options).format(value);
  if (unit === 'share') return number({ style: 'percent', maximumFractionDigits: 1 });
  if (unit === 'seconds') return (value) => formatSpan(value * 1000, locale, 'minute');
  return number({ maximumFractionDigits: unit === 'count' ? 0 : 2 });
}

/** The heads of the table twin; what stands behind the value depends on what is measured. */
export function heads(result: ReportResult): [string, string, ...string[]] {
  const more = { count: [], share: [t('reports.met'), t('reports.count')], seconds: [t('reports.p90'), t('reports.count')], number: [...(result.report.measure === 'spread' ? [t('reports.p90')] : []), t('reports.count')] };
  const value = { count: t('reports.count'), share: t('reports.share'), seconds: t('reports.median'), number: t(result.report.measure === 'sum' ? 'reports.sum' : result.report.measure === 'spread' ? 'reports.median' : 'reports.mean') };
  return [t('reports.row'), value[result.unit], ...more[result.unit]];
}

export function points(result: ReportResult, locale: string): Point[] {
  const format = say(result.unit, locale);
  const whole = new Intl.NumberFormat(locale);
  return result.rows.map((row) => {
    const more = {
      count: [],
      share: [whole.format(row.met ?? 0), whole.format(row.count)],
      seconds: [row.p90 === null ? '–' : format(row.p90), whole.format(row.count)],
      number: [...(result.report.measure === 'spread' ? [row.p90 === null ? '–' : format(row.p90)] : []), whole.format(row.count)],
    };
    return { key: row.key, label: label(result.report, row), value: row.value, more: more[result.unit] };
  });
}
