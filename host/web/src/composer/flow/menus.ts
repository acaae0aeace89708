// The menus of the diagram: what bpmn-js would offer is replaced by what is in the catalogue, so that nothing can be drawn that does not run.
import type { Element } from '../bpmn/types';
import { is } from '../bpmn/types';
import { SIGNS, type Entry } from '../catalog';
import { c } from '../texts';
import type { Composer } from './composer.svelte';

interface MenuEntry {
  label: string;
  description: string;
  className: string;
  group: { id: string; name: string };
  search: string;
  action: () => void;
}

function menu(entries: Entry[], act: (entry: Entry) => void, close: () => void): Record<string, MenuEntry> {
  return Object.fromEntries(
    entries.map((entry) => [
      entry.id,
      {
        label: entry.title,
        description: entry.description.slice(0, 120),
        className: SIGNS[entry.type] ?? '',
        group: { id: entry.of || entry.group, name: entry.of || c(`group.${entry.group}`) },
        search: entry.of,
        action: () => {
          close();
          act(entry);
        },
      },
    ]),
  );
}

/** A module of bpmn-js for one composer. */
export function providers(composer: Composer): Record<string, unknown> {
  function Menus(this: unknown, popupMenu: any, contextPad: any) {
    const close = () => popupMenu.close();
    const openAt = (name: string, element: Element) => {
      const box = composer.get('canvas').getAbsoluteBBox(element);
      const frame = composer.get('canvas').getContainer().getBoundingClientRect();
      popupMenu.open(element, name, { x: frame.left + box.x + box.width + 8, y: frame.top + box.y }, { title: c(name === 'bpmn-replace' ? 'menu.change' : 'menu.add'), width: 320, search: true });
    };
    popupMenu.registerProvider('weft-append', {
      getPopupMenuEntries: (element: Element) =>
        menu(composer.entries.filter((entry) => !entry.attached || is(element, 'bpmn:Activity')), (entry) => composer.add(entry, element), close),
    });
    // Comes last, and so decides what is left of the others.
    popupMenu.registerProvider('bpmn-replace', 100, {
      getPopupMenuEntries: (element: Element) => () =>
        menu(composer.entries.filter((entry) => composer.editor.fits(element, entry)), (entry) => composer.select(composer.editor.change(element, entry)), close),
      getPopupMenuHeaderEntries: () => () => ({}),
    });
    contextPad.registerProvider(100, {
      getContextPadEntries: (element: Element) => (before: Record<string, unknown>) => {
        const kept = ['connect', 'delete'].filter((name) => name in before).map((name) => [name, before[name]]);
        const step = is(element, 'bpmn:FlowNode');
        const own: Record<string, unknown> = {};
        if ((step && !is(element, 'bpmn:EndEvent')) || is(element, 'bpmn:SequenceFlow')) {
          own['weft-add'] = { group: 'model', className: 'bpmn-icon-task weft-add', title: c('menu.add'), action: { click: () => openAt('weft-append', element) } };
        }
        if (step) own['weft-change'] = { group: 'edit', className: 'bpmn-icon-screw-wrench', title: c('menu.change'), action: { click: () => openAt('bpmn-replace', element) } };
        return { ...own, ...Object.fromEntries(kept) };
      },
      getMultiElementContextPadEntries: () => (before: Record<string, unknown>) => ('delete' in before ? { delete: before.delete } : {}),
    });
  }
  (Menus as unknown as { $inject: string[] }).$inject = ['popupMenu', 'contextPad'];
  return { __init__: ['weftMenus'], weftMenus: ['type', Menus] };
}
