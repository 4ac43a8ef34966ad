/** The page of the view Rings: draws what the extension sends, and says which descriptor is to be opened. */
import type { RingsBody, RingView } from '../../adapter/dap/custom.ts';
import { keyTarget, type RingPicture, ringPicture, type Segment, SIZE } from '../views/ring-layout.ts';
import { attributes, html, svg } from './dom.ts';
import type { RingStrings } from './strings.ts';

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const vscode = acquireVsCodeApi();
const root = document.getElementById('rings') as HTMLElement;
const strings = JSON.parse(root.dataset['strings'] ?? '{}') as RingStrings;
const KINDS = ['rx', 'tx'] as const;

type Kind = (typeof KINDS)[number];

/** One ring on the page: its elements are kept and changed, so that focus and selection stay. */
class RingPanel {
  readonly element = html('section', { class: 'ring' });
  readonly #nic: string;
  readonly #kind: Kind;
  readonly #title = html('h2', {});
  readonly #svg = svg('svg', { viewBox: `${-SIZE} ${-SIZE} ${2 * SIZE} ${2 * SIZE}`, role: 'listbox' });
  readonly #details = html('p', { class: 'details', 'aria-live': 'polite' });
  readonly #problems = html('ul', { class: 'problems', role: 'alert' });
  readonly #legend = html('ul', { class: 'legend' });
  readonly #packets = html('ol', { class: 'packets' });
  #ring: RingView | undefined;
  #picture: RingPicture = { segments: [], pointers: [], totals: new Map() };
  #selected = -1;

  constructor(nic: string, kind: Kind) {
    this.#nic = nic;
    this.#kind = kind;
    this.#svg.dataset['ring'] = kind;
    this.#details.dataset['details'] = kind;
    this.#svg.setAttribute('aria-label', strings[kind]);
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
    this.#svg.addEventListener('focusin', (event) => this.#select(event.target));
    this.#svg.addEventListener('pointerover', (event) => this.#show(this.#segmentOf(event.target)));
    this.#svg.addEventListener('pointerleave', () => this.#show(this.#picture.segments[this.#selected]));
    this.#svg.addEventListener('click', (event) => this.#open(this.#segmentOf(event.target)));
    this.element.append(this.#title, this.#problems, this.#svg, this.#details, this.#legend, this.#packets);
  }

  update(ring: RingView): void {
    const sameShape = this.#ring?.count === ring.count;
    this.#ring = ring;
    this.#picture = ringPicture(ring);
    this.#showProblems(ring.problems);
    const off = ring.enabled ? '' : ` (${strings.disabled})`;
    this.#title.textContent = `${strings[this.#kind]}${off}`;
    this.element.classList.toggle('none', ring.count === 0);
    if (!sameShape) {
      this.#build();
    }
    if (ring.count === 0) {
      this.#details.textContent = strings.noRing;
      this.#legend.replaceChildren();
      this.#packets.replaceChildren();
      return;
    }
    this.#paint();
    this.#show(this.#picture.segments[this.#selected]);
    this.#legend.replaceChildren(...this.#legendRows());
    this.#packets.replaceChildren(...this.#packetRows(ring));
  }

  #showProblems(problems: readonly string[]): void {
    const shown = [...this.#problems.children].map((row) => row.textContent);
    if (shown.join('\n') !== problems.join('\n')) {
      this.#problems.replaceChildren(
        ...problems.map((text) => {
          const row = html('li', {});
          row.textContent = text;
          return row;
        }),
      );
    }
  }

  /** New elements: one for each segment, the pointers, and the numbers in the middle. */
  #build(): void {
    const segments = this.#picture.segments.map(({ index, path }) =>
      svg('path', { d: path, role: 'option', tabindex: '-1', 'data-index': String(index), 'fill-rule': 'evenodd' }),
    );
    const pointers = this.#picture.pointers.flatMap(({ name }) => [
      svg('path', { 'data-pointer': name, class: 'pointer' }),
      svg('text', { 'data-label': name, class: 'label' }),
    ]);
    const middle = (['head', 'tail', 'count'] as const).map((name, i) =>
      svg('text', { x: '0', y: String(i * 18 - 14), 'data-field': name, class: 'number' }),
    );
    this.#svg.replaceChildren(...segments, ...pointers, ...(this.#picture.segments.length > 0 ? middle : []));
    this.#selected = Math.min(this.#selected, segments.length - 1);
  }

  #paint(): void {
    const { segments, pointers } = this.#picture;
    const current =
      this.#selected >= 0
        ? this.#selected
        : Math.max(
            0,
            segments.findIndex(({ head }) => head),
          );
    for (const [i, segment] of segments.entries()) {
      const element = this.#svg.children[i] as SVGElement;
      attributes(element, {
        'data-state': segment.state,
        'data-owner': segment.owner,
        'aria-label': this.#words(segment),
        'aria-selected': String(i === this.#selected),
        tabindex: i === current ? '0' : '-1',
      });
    }
    for (const { name, path, x, y } of pointers) {
      this.#svg.querySelector(`[data-pointer="${name}"]`)?.setAttribute('d', path);
      const label = this.#svg.querySelector<SVGElement>(`[data-label="${name}"]`);
      if (label !== null) {
        attributes(label, { x: String(x), y: String(y) });
        label.textContent = name === 'head' ? 'H' : 'T';
      }
    }
    this.#number('head', `${this.#kind === 'rx' ? 'RDH' : 'TDH'} ${this.#ring?.head ?? 0}`);
    this.#number('tail', `${this.#kind === 'rx' ? 'RDT' : 'TDT'} ${this.#ring?.tail ?? 0}`);
    this.#number('count', `/ ${this.#ring?.count ?? 0}`);
  }

  #number(field: string, text: string): void {
    const element = this.#svg.querySelector(`[data-field="${field}"]`);
    if (element !== null) {
      element.textContent = text;
    }
  }

  #words(segment: Segment): string {
    const { index, count, state, head, tail } = segment;
    const last = index + count - 1;
    const name = count === 1 ? `${strings.descriptor} ${index}` : `${strings.descriptors} ${index} - ${last}`;
    const held = this.#ring?.packets.find((p) => p.index >= index && p.index <= last)?.summary;
    return [
      `${name}: ${strings[state]}`,
      ...(head ? [strings.head] : []),
      ...(tail ? [strings.tail] : []),
      ...(held === undefined ? [] : [held]),
    ].join(', ');
  }

  #show(segment: Segment | undefined): void {
    const text = segment === undefined ? strings.help : this.#words(segment);
    this.#details.classList.toggle('help', segment === undefined);
    if (this.#details.textContent !== text) {
      this.#details.textContent = text;
    }
  }

  #segmentOf(target: EventTarget | null): Segment | undefined {
    const index = target instanceof SVGElement ? target.dataset['index'] : undefined;
    return index === undefined ? undefined : this.#picture.segments.find((s) => s.index === Number(index));
  }

  #select(target: EventTarget | null): void {
    const segment = this.#segmentOf(target);
    if (segment !== undefined) {
      this.#selected = this.#picture.segments.indexOf(segment);
      this.#paint();
      this.#show(segment);
    }
  }

  #key(event: KeyboardEvent): void {
    const segment = this.#segmentOf(event.target);
    if (segment === undefined || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#open(segment);
      return;
    }
    const to = keyTarget(event.key, this.#picture.segments.indexOf(segment), this.#picture);
    if (to !== undefined && to >= 0) {
      event.preventDefault();
      (this.#svg.children[to] as SVGElement).focus();
    }
  }

  /** Opens a descriptor; of several in a segment the first that holds something. */
  #open(segment: Segment | undefined): void {
    if (segment !== undefined) {
      const { index, count } = segment;
      const held = this.#ring?.packets.find((p) => p.index >= index && p.index < index + count);
      this.#openIndex(held?.index ?? index);
    }
  }

  #openIndex(index: number): void {
    vscode.postMessage({ type: 'open', nic: this.#nic, ring: this.#kind, index });
  }

  #legendRows(): HTMLElement[] {
    return [...this.#picture.totals].map(([state, total]) => {
      const row = html('li', {});
      row.append(html('span', { class: 'swatch', 'data-state': state }), `${total} ${strings[state]}`);
      return row;
    });
  }

  #packetRows(ring: RingView): HTMLElement[] {
    this.#packets.setAttribute('aria-label', strings.packets);
    if (ring.packets.length === 0) {
      const none = html('li', { class: 'nothing' });
      none.textContent = strings.noPackets;
      return [none];
    }
    const focused = (document.activeElement as HTMLElement | null)?.dataset['packet'];
    return ring.packets.map(({ index, summary }) => {
      const row = html('li', {});
      const button = html('button', { type: 'button', 'data-packet': `${this.#kind} ${index}` });
      button.textContent = `${index}: ${summary}`;
      button.title = summary;
      button.addEventListener('click', () => this.#openIndex(index));
      row.append(button);
      if (focused === button.dataset['packet']) {
        queueMicrotask(() => button.focus());
      }
      return row;
    });
  }
}

const panels = new Map<string, { readonly section: HTMLElement; readonly rings: Record<Kind, RingPanel> }>();

function update({ nics, absent }: RingsBody): void {
  const names = new Set(nics.map(({ name }) => name));
  for (const [name, { section }] of panels) {
    if (!names.has(name)) {
      section.remove();
      panels.delete(name);
    }
  }
  const message = document.getElementById('message');
  if (message !== null) {
    message.textContent = nics.length === 0 ? (absent ?? strings.none) : '';
  }
  for (const nic of nics) {
    const panel = panels.get(nic.name) ?? addPanel(nic.name);
    for (const kind of KINDS) {
      panel.rings[kind].update(nic[kind]);
    }
  }
}

function addPanel(nic: string): { section: HTMLElement; rings: Record<Kind, RingPanel> } {
  const section = html('div', { class: 'nic', 'data-nic': nic });
  const title = html('h1', {});
  title.textContent = nic;
  const rings = { rx: new RingPanel(nic, 'rx'), tx: new RingPanel(nic, 'tx') };
  section.append(title, rings.rx.element, rings.tx.element);
  root.append(section);
  const panel = { section, rings };
  panels.set(nic, panel);
  return panel;
}

window.addEventListener('message', ({ data }: MessageEvent<{ readonly type: string; readonly body: RingsBody }>) => {
  if (data.type === 'rings') {
    update(data.body);
  }
});
vscode.postMessage({ type: 'ready' });
