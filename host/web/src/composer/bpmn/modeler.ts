// bpmn-js with the parts that the composer uses. Its palette and its menus are replaced: what can be added is in the catalogue.
import BaseModeler from 'bpmn-js/lib/Modeler';
import PaletteModule from 'bpmn-js/lib/features/palette';
import AlignElementsModule from 'bpmn-js/lib/features/align-elements';
import DistributeElementsModule from 'bpmn-js/lib/features/distribute-elements';
import SpaceToolModule from 'bpmn-js/lib/features/space-tool';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-codes.css';
import './canvas.css';
import type { Locale } from '../../shared/i18n/index.svelte';
import { translation } from './translate';
import type { Element, Moddle, Writer } from './types';

/** Looked up by name; typed where it is used. */
export type Services = (name: string) => any;

/** Icons of these have inline styles, which the pages do not allow. */
const LEFT_OUT = [PaletteModule, AlignElementsModule, DistributeElementsModule];

/** Colours of the page, so that the diagram follows its theme. */
export const COLOURS = {
  defaultFillColor: 'var(--surface)',
  defaultStrokeColor: 'var(--fg)',
  defaultLabelColor: 'var(--fg)',
};

export function createModeler(container: HTMLElement, locale: Locale, providers: Record<string, unknown>) {
  const all = (BaseModeler.prototype as unknown as { _modules: unknown[] })._modules;
  return new BaseModeler({
    container,
    modules: all.filter((one) => !LEFT_OUT.includes(one as never)),
    additionalModules: [SpaceToolModule, { translate: ['value', translation(locale)] }, providers],
    moddleExtensions: { zeebe },
    bpmnRenderer: COLOURS,
    textRenderer: { defaultStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 12 } },
  } as never);
}

/** Runs everything that a change is made of as one entry of the history. */
class Together {
  preExecute({ work }: { work: () => void }) {
    work();
  }
}

export function createWriter(get: Services): Writer {
  const stack = get('commandStack');
  stack.registerHandler('weft.together', Together);
  return {
    // It gives ids to what needs one.
    factory: get('bpmnFactory'),
    set: (element: Element, target: Moddle, properties: Record<string, unknown>) => {
      const modeling = get('modeling');
      // What is drawn from the element itself, such as its name, is drawn again only by this one.
      if (target === element.businessObject) modeling.updateProperties(element, properties);
      else modeling.updateModdleProperties(element, target, properties);
    },
    together: (work) => stack.execute('weft.together', { work }),
  };
}

/** Models from elsewhere may come without a drawing. */
export async function withDrawing(xml: string): Promise<string> {
  if (/<(\w+:)?BPMNPlane\b/.test(xml) && /<(\w+:)?BPMNShape\b/.test(xml)) return xml;
  const { layoutProcess } = await import('bpmn-auto-layout');
  return layoutProcess(xml);
}

/** A process that starts and ends, to begin with. */
export function blank(id: string, name: string): string {
  const escaped = name.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="${id}-model" targetNamespace="https://weft.example/flows">
  <bpmn:process id="${id}" name="${escaped}" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>start-to-end</bpmn:outgoing></bpmn:startEvent>
    <bpmn:endEvent id="end"><bpmn:incoming>start-to-end</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="start-to-end" sourceRef="start" targetRef="end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="${id}-diagram">
    <bpmndi:BPMNPlane id="${id}-plane" bpmnElement="${id}">
      <bpmndi:BPMNShape id="start-shape" bpmnElement="start"><dc:Bounds x="180" y="200" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="end-shape" bpmnElement="end"><dc:Bounds x="300" y="200" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="start-to-end-edge" bpmnElement="start-to-end"><di:waypoint x="216" y="218" /><di:waypoint x="300" y="218" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>`;
}
