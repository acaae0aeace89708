// The vocabulary is written to a real model, and read again from its XML.
import { BpmnModdle } from 'bpmn-moddle';
import { expect, test } from 'vitest';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import type { Element, Moddle, Writer } from './types';
import { extension, formal, headers, mappings, root, setExtension, setHeaders, setInput, setMappings, stepType } from './zeebe';

const MODEL = `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:other="urn:other" id="d" targetNamespace="x">
  <bpmn:process id="p" isExecutable="true">
    <bpmn:serviceTask id="t"><bpmn:extensionElements><other:note text="kept" /><zeebe:taskDefinition type="notify/people" retries="5" /></bpmn:extensionElements></bpmn:serviceTask>
  </bpmn:process>
</bpmn:definitions>`;

async function open() {
  const moddle: any = new (BpmnModdle as any)({ zeebe });
  const { rootElement } = await moddle.fromXML(MODEL);
  const task = rootElement.rootElements[0].flowElements[0] as Moddle;
  const element = { id: 't', type: task.$type, businessObject: task } as Element;
  let changes = 0;
  const writer: Writer = {
    factory: moddle,
    set: (_, target, properties) => {
      changes += 1;
      for (const [name, value] of Object.entries(properties)) target[name] = value;
    },
    together: (work) => work(),
  };
  const xml = async (): Promise<string> => (await moddle.toXML(rootElement, { format: true })).xml;
  const again = async () => (await moddle.fromXML(await xml())).rootElement.rootElements[0].flowElements[0] as Moddle;
  return { writer, element, task, xml, again, changes: () => changes };
}

test('inputs are set, changed and taken away by name, each as one change', async () => {
  const { writer, element, again, changes } = await open();
  setInput(writer, element, 'subject', '="Hello"');
  setInput(writer, element, 'body', '=text');
  setInput(writer, element, 'subject', '="Good <morning>"');
  setInput(writer, element, 'body', '');
  expect(changes()).toBe(4);
  expect(mappings(await again(), 'input')).toEqual([{ target: 'subject', source: '="Good <morning>"' }]);
});

test('what other tools wrote stays', async () => {
  const { writer, element, xml, again } = await open();
  setHeaders(writer, element, { timeout: 'PT20S' });
  setMappings(writer, element, { output: [{ source: '=id', target: 'ticket_id' }] });
  setExtension(writer, element, 'zeebe:TaskDefinition', { type: 'ticket-steps/create' });
  expect(await xml()).toContain('<other:note text="kept" />');
  const task = await again();
  expect(stepType(task)).toBe('ticket-steps/create');
  expect(extension(task, 'zeebe:TaskDefinition')?.retries).toBe('5');
  expect(headers(task)).toEqual({ timeout: 'PT20S' });
});

test('the last header, mapping and extension leave nothing empty behind', async () => {
  const { writer, element, xml } = await open();
  setHeaders(writer, element, { backoff: 'PT1M' });
  setHeaders(writer, element, { backoff: '' });
  setInput(writer, element, 'a', '=1');
  setInput(writer, element, 'a', '');
  expect(await xml()).not.toMatch(/taskHeaders|ioMapping/);
});

test('a message is shared by its name and stands beside the process', async () => {
  const { writer, element, task, xml } = await open();
  const first = root(writer, element, 'bpmn:Message', ({ name }) => name === 'paid', { id: 'm1', name: 'paid' });
  const second = root(writer, element, 'bpmn:Message', ({ name }) => name === 'paid', { id: 'm2', name: 'paid' });
  expect(second).toBe(first);
  setExtension(writer, element, 'zeebe:Subscription', { correlationKey: '=order.id' }, { model: first });
  const written = await xml();
  expect(written.match(/<bpmn:message /g)).toHaveLength(1);
  expect(written).toContain('correlationKey="=order.id"');
  expect(formal(writer.factory, task, '')).toBeUndefined();
});
