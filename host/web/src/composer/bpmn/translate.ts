// The words of bpmn-js itself, where the composer shows them. English ones are as they come.
import type { Locale } from '../../shared/i18n/index.svelte';

const GERMAN: Record<string, string> = {
  'Connect to other element': 'Mit anderem Element verbinden',
  'Connect using sequence/message flow or association': 'Mit anderem Element verbinden',
  Delete: 'Löschen',
  Remove: 'Entfernen',
  'Change type': 'Art ändern',
  'Change element': 'Art ändern',
  Append: 'Anfügen',
  'Append element': 'Element anfügen',
  'Search in diagram': 'Im Diagramm suchen',
  'Open {element}': '{element} öffnen',
  'no process or collaboration to display': 'Kein Ablauf, der sich zeigen lässt',
  'no diagram to display': 'Kein Diagramm, das sich zeigen lässt',
  'element {element} referenced by {referenced}#{property} not yet drawn': 'Das Element {element}, das {referenced}#{property} nennt, ist nicht gezeichnet',
};

type Translate = (template: string, replacements?: Record<string, string>) => string;

export function translation(locale: Locale): Translate {
  return (template, replacements = {}) => {
    const text = (locale === 'de' ? GERMAN[template] : undefined) ?? template;
    return text.replace(/\{([^}]+)\}/g, (hole, name: string) => replacements[name] ?? hole);
  };
}
