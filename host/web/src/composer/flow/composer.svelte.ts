// One flow that is being composed: the model, what is selected, what is wrong, and the draft. Diagram, outline and fields all work on it.
import { ApiProblem, asProblem } from '../../shared/api/client';
import type { Definition } from '../../shared/api/flow';
import type { ProblemBody } from '../../shared/api/types';
import { language } from '../../shared/i18n/index.svelte';
import { elementOf, flows, type FlowProblem, type Report } from '../api';
import { createModeler, createWriter, blank, withDrawing, type Services } from '../bpmn/modeler';
import { Editor } from '../bpmn/edit';
import { outline, type Row } from '../bpmn/outline';
import { is, type Element, type Writer } from '../bpmn/types';
import { catalog, type ComposingPlugin, type Entry } from '../catalog';
import { dropDraft, keepDraft, readDraft, type Draft } from '../drafts';
import { c } from '../texts';
import { providers } from './menus';

/** How long nothing must change before the draft is kept and checked. */
const SETTLE_MS = 500;
/** A smaller drawing is not read any more. */
const READABLE = 0.7;

export class Composer {
  readonly process: string;
  /** Counts every change: what reads the model reads this as well. */
  revision = $state(0);
  selected = $state.raw<Element>();
  ready = $state(false);
  fault = $state.raw<ProblemBody>();
  report = $state.raw<Report>();
  checking = $state(false);
  unreachable = $state(false);
  draft = $state.raw<Draft>();
  /** Something could not be kept in this browser. */
  full = $state(false);
  versions = $state.raw<Definition[]>([]);
  plugins = $state.raw<ComposingPlugin[]>([]);
  decisions = $state.raw<Definition[]>([]);
  forms = $state.raw<Definition[]>([]);
  processes = $state.raw<Definition[]>([]);
  canUndo = $state(false);
  canRedo = $state(false);
  /** Variables of a run that was opened with the flow. */
  entries = $derived<Entry[]>(catalog(this.plugins, c));

  #modeler: ReturnType<typeof createModeler> | undefined;
  #timer = 0;
  #checked = 0;
  #opened = '';
  editor!: Editor;
  writer!: Writer;

  constructor(process: string) {
    this.process = process;
  }

  get: Services = (name) => this.#modeler?.get(name);

  async open(container: HTMLElement, name: string) {
    try {
      const [found, plugins, decisions, forms, processes] = await Promise.all([
        this.#deployed(),
        flows.plugins(),
        flows.all('decision'),
        flows.all('form'),
        flows.all('process'),
      ]);
      Object.assign(this, { plugins, decisions, forms, processes });
      this.draft = readDraft('process', this.process);
      const source = found ? this.#adopted(found.source, found.plugin) : blank(this.process, name);
      this.#modeler = createModeler(container, language.locale, providers(this));
      this.writer = createWriter(this.get);
      this.editor = new Editor(this.get, this.writer);
      this.#listen();
      this.#opened = source;
      await this.#show(this.draft?.text ?? source);
      if (found) this.versions = await flows.versions('process', this.process);
      this.ready = true;
      void this.check();
    } catch (error) {
      this.fault = asProblem(error);
    }
  }

  close() {
    clearTimeout(this.#timer);
    if (this.#timer && this.ready) void this.#keep();
    this.#modeler?.destroy();
    this.#modeler = undefined;
  }

  async #deployed() {
    try {
      return await flows.source('process', this.process);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return undefined;
      throw error;
    }
  }

  /** A flow of a plugin names the plugin's forms by their file; from outside they are named with the plugin. */
  #adopted(source: string, plugin: string | null): string {
    if (!plugin) return source;
    return source.replace(/(formId=")([^"/]+)(")/g, (whole, before: string, id: string, after: string) =>
      this.forms.some(({ key }) => key === `${plugin}/${id}`) ? `${before}${plugin}/${id}${after}` : whole,
    );
  }

  async #show(xml: string) {
    await this.#modeler?.importXML(await withDrawing(xml));
    this.#look();
    this.select(undefined);
    this.revision += 1;
  }

  /** All of it where that can be read, else its beginning. */
  #look() {
    this.fit();
    const canvas = this.get('canvas');
    if (!canvas || canvas.zoom() >= READABLE) return;
    canvas.zoom(READABLE);
    const start = this.get('elementRegistry').find((element: Element) => is(element, 'bpmn:StartEvent') && element.parent === this.root);
    if (start) canvas.viewbox({ ...canvas.viewbox(), x: start.x - 60, y: start.y + start.height / 2 - canvas.viewbox().height / 2 });
  }

  fit() {
    const canvas = this.get('canvas');
    canvas?.resized();
    canvas?.zoom('fit-viewport', 'auto');
    // A small flow is not blown up.
    if (canvas && canvas.zoom() > 1) canvas.zoom(1, 'auto');
  }

  #listen() {
    const bus = this.get('eventBus');
    bus.on('commandStack.changed', () => {
      const stack = this.get('commandStack');
      [this.canUndo, this.canRedo] = [stack.canUndo(), stack.canRedo()];
      this.revision += 1;
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#settled(), SETTLE_MS);
    });
    bus.on('selection.changed', ({ newSelection }: { newSelection: Element[] }) => {
      const [one] = newSelection;
      this.selected = newSelection.length === 1 && one ? (one.labelTarget ?? one) : undefined;
    });
    // A shape that took the place of another is selected by bpmn-js; one that was removed is not any more.
  }

  async #settled() {
    this.#timer = 0;
    await this.#keep();
    await this.check();
  }

  async #keep() {
    if (!this.get('commandStack')) return;
    const text = await this.xml();
    const draft: Draft = { text, base: this.draft?.base ?? this.versions[0]?.version, savedAt: new Date().toISOString() };
    this.full = keepDraft('process', this.process, draft) === 'full';
    this.draft = draft;
  }

  /** Whether there is anything that is not deployed. */
  get changed() {
    return this.draft !== undefined || this.versions.length === 0;
  }

  async xml(): Promise<string> {
    const saved = await this.#modeler?.saveXML({ format: true });
    return saved?.xml ?? '';
  }

  async files() {
    return [{ file: `${this.process}.bpmn`, text: await this.xml() }];
  }

  async check() {
    const turn = ++this.#checked;
    this.checking = true;
    try {
      const report = await flows.lint(await this.files());
      if (turn !== this.#checked) return;
      this.report = report;
      this.unreachable = false;
      this.#mark();
    } catch {
      // It is tried again with the next change; a deployment says what is wrong.
      if (turn === this.#checked) this.unreachable = true;
    } finally {
      if (turn === this.#checked) this.checking = false;
    }
  }

  problems(element?: Element): { problem: FlowProblem; severity: 'error' | 'warning' }[] {
    const all = [
      ...(this.report?.errors ?? []).map((problem) => ({ problem, severity: 'error' as const })),
      ...(this.report?.warnings ?? []).map((problem) => ({ problem, severity: 'warning' as const })),
    ];
    return element ? all.filter(({ problem }) => elementOf(problem) === element.id) : all;
  }

  /** A sign at each element with a problem. */
  #mark() {
    const overlays = this.get('overlays');
    if (!overlays) return;
    overlays.remove({ type: 'weft-problem' });
    const ids = new Set(this.problems().map(({ problem }) => elementOf(problem)));
    for (const id of ids) {
      const element = this.element(id);
      if (!element || element === this.root) continue;
      const found = this.problems(element);
      const sign = document.createElement('button');
      sign.type = 'button';
      sign.className = `weft-mark ${found.some(({ severity }) => severity === 'error') ? 'error' : 'warning'}`;
      sign.textContent = '!';
      sign.title = found.map(({ problem }) => problem.message).join('\n');
      sign.setAttribute('aria-label', c('problems.at', { name: this.name(element) }));
      sign.addEventListener('click', () => this.select(element));
      overlays.add(element, 'weft-problem', { position: { top: -14, left: -14 }, html: sign });
    }
  }

  element(id: string): Element | undefined {
    return this.get('elementRegistry')?.get(id);
  }

  /** An id that nothing in the model has. */
  newId(kind: string): string {
    return this.get('moddle').ids.nextPrefixed(`${kind}_`);
  }

  get root(): Element {
    return this.get('canvas').getRootElement();
  }

  /** What people call an element. */
  name(element: Element): string {
    const model = element.businessObject;
    if (model.name) return model.name as string;
    if (is(element, 'bpmn:SequenceFlow') && element.source && element.target) return `${this.name(element.source)} → ${this.name(element.target)}`;
    const plain = this.entries.find((entry) => entry.type === element.type && entry.event === model.eventDefinitions?.[0]?.$type && !entry.id.includes(':'));
    return plain ? plain.title : element.id;
  }

  select(element: Element | undefined) {
    this.get('selection')?.select(element ?? []);
    this.selected = element;
    if (element && element !== this.root && !this.#seen(element)) this.get('canvas').scrollToElement(element, { top: 100, bottom: 100, left: 100, right: 160 });
  }

  /** Whether an element is on the part of the diagram that is shown: then nothing moves. */
  #seen(element: Element): boolean {
    const { x, y, width, height } = this.get('canvas').viewbox();
    const points = element.waypoints ?? [{ x: element.x, y: element.y }, { x: element.x + element.width, y: element.y + element.height }];
    return points.every((point) => point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height);
  }

  rows(): Row[] {
    void this.revision;
    return this.ready ? outline(this.root) : [];
  }

  undo() {
    this.get('commandStack').undo();
    this.#afterHistory();
  }

  redo() {
    this.get('commandStack').redo();
    this.#afterHistory();
  }

  #afterHistory() {
    if (this.selected && !this.element(this.selected.id)) this.select(undefined);
  }

  /** Adds what the catalogue has after what is selected, else at the end. */
  add(entry: Entry, at?: Element): Element | undefined {
    const rows = this.rows();
    const last = rows.findLast(({ kind, element }) => kind === 'step' && element.parent === this.root)?.element;
    const place = at ?? this.selected ?? last ?? this.root;
    const name = entry.id.includes(':') ? entry.title : '';
    const made = this.editor.addAfter(place, entry, name);
    if (made) this.select(made);
    return made;
  }

  /** Writes to an element that is not part of the model yet, past its history. */
  get unrecorded(): Writer {
    return {
      factory: this.writer.factory,
      set: (_, target, properties) => {
        for (const [name, value] of Object.entries(properties)) target.set(name, value);
      },
      together: (work) => work(),
    };
  }

  /** Deploys what is composed. Answers with what is wrong, when it was refused. */
  async deploy(): Promise<{ version?: number; problem?: ProblemBody }> {
    try {
      clearTimeout(this.#timer);
      this.#timer = 0;
      const done = await flows.deploy(await this.files());
      const mine = done.definitions.find(({ key }) => key === this.process);
      dropDraft('process', this.process);
      this.draft = undefined;
      this.#opened = await this.xml();
      this.versions = await flows.versions('process', this.process);
      return { version: mine?.version };
    } catch (error) {
      await this.check();
      return { problem: asProblem(error) };
    }
  }

  /** Back to what is deployed. */
  async discard() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    dropDraft('process', this.process);
    this.draft = undefined;
    await this.#show(this.#opened);
    this.canUndo = this.canRedo = false;
    await this.check();
  }

  /** Goes on from another text: an older version, or a file. */
  async load(xml: string) {
    await this.#show(xml);
    await this.#keep();
    await this.check();
  }
}
