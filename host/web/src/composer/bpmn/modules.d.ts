// Parts of bpmn-js that come without types.
declare module 'bpmn-js/lib/features/palette';
declare module 'bpmn-js/lib/features/align-elements';
declare module 'bpmn-js/lib/features/distribute-elements';
declare module 'bpmn-js/lib/features/space-tool';
declare module 'bpmn-moddle';
declare module 'bpmn-auto-layout' {
  export function layoutProcess(xml: string): Promise<string>;
}
