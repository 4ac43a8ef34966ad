/** The packets of a capture as a grid: only the rows that are seen are elements. */
import type { ListingWidths, PacketBreakpoint, PacketMark, PacketRow } from '../captures/messages.ts';
import { RowCache } from '../captures/row-cache.ts';
import { ROW_HEIGHT, RowScroll } from '../captures/row-scroll.ts';
import { attributes, html, setText } from './dom.ts';
import type { ListingStrings } from './strings.ts';

/** Columns by their names in `ListingStrings`; the margin for breakpoints comes first. */
const COLUMNS = ['margin', 'number', 'time', 'source', 'destination', 'protocol', 'length', 'info'] as const;

type Column = (typeof COLUMNS)[number];

/** What a grid tells its page. */
export interface GridListener {
  /** Rows `[from, to)` are wanted. */
  wanted(from: number, to: number): void;
  selected(packet: number): void;
  marginClicked(packet: number): void;
}

/** An element of a row, used for one row after the other. */
interface RowElement {
  readonly element: HTMLElement;
  readonly cells: Readonly<Record<Column, HTMLElement>>;
}

export class PacketGrid {
  readonly element = html('div', { id: 'packets', role: 'grid', tabindex: '0' });
  readonly #strings: ListingStrings;
  readonly #listener: GridListener;
  readonly #scroller = html('div', { class: 'scroller', role: 'presentation' });
  readonly #spacer = html('div', { class: 'spacer', role: 'presentation' });
  readonly #window = html('div', { class: 'window', role: 'rowgroup' });
  readonly #elements: RowElement[] = [];
  #count = 0;
  #scroll = new RowScroll(0, ROW_HEIGHT);
  #rows = new RowCache(0, () => {});
  /** Numbers of the packets that are shown, if not all. */
  #shown: Uint32Array | undefined;
  #breakpoints = new Map<number, PacketBreakpoint>();
  #marks = new Map<number, PacketMark>();
  /** Numbers of packets; 0 for none. */
  #selected = 0;
  #stopped = 0;
  #painting = 0;

  constructor(strings: ListingStrings, listener: GridListener) {
    this.#strings = strings;
    this.#listener = listener;
    attributes(this.element, { 'aria-label': strings.list, 'aria-colcount': `${COLUMNS.length}` });
    this.#scroller.append(this.#spacer);
    this.#spacer.append(this.#window);
    this.element.append(this.#header(), this.#scroller);
    this.#scroller.addEventListener('scroll', () => {
      this.#scroll.scrolled(this.#scroller.scrollTop);
      this.#paintSoon();
    });
    this.element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#window.addEventListener('mousedown', (event) => this.#pressed(event));
    new ResizeObserver(() => this.#layOut()).observe(this.#scroller);
  }

  get selected(): number {
    return this.#selected;
  }

  /** The packets, or `more` of the same. What was selected stays, if it is there. */
  open(count: number, widths: ListingWidths, more: boolean): void {
    if (!more) {
      this.#shown = undefined;
    }
    if (more && this.#shown) {
      return;
    }
    this.#count = count;
    if (more) {
      this.#rows.grow(count);
    } else {
      this.#rows = new RowCache(count, (from, to) => this.#listener.wanted(from, to));
    }
    attributes(this.element, { 'aria-rowcount': `${count + 1}` });
    this.#setWidths(widths);
    this.#layOut();
    if (!more) {
      this.select(Math.min(Math.max(1, this.#selected), count));
    }
  }

  #setWidths(widths: ListingWidths): void {
    const { style } = this.element;
    for (const [column, characters] of Object.entries(widths)) {
      style.setProperty(`--${column}-width`, `${characters}ch`);
    }
  }

  /** Only these packets of `all` are shown, or all of them. What was selected stays, or what comes after it. */
  showOnly(shown: Uint32Array | undefined, all: number): void {
    this.#shown = shown;
    this.#count = shown?.length ?? all;
    this.#rows = new RowCache(this.#count, (from, to) => this.#listener.wanted(from, to));
    attributes(this.element, { 'aria-rowcount': `${this.#count + 1}` });
    this.#layOut();
    if (this.#count > 0) {
      this.select(this.#numberAt(Math.min(this.#indexOf(Math.max(1, this.#selected)), this.#count - 1)), true);
    }
  }

  /** Rows say something else now. */
  renew(widths: ListingWidths): void {
    this.#setWidths(widths);
    this.#rows.renew();
    this.#paintSoon();
  }

  #numberAt(i: number): number {
    return this.#shown ? (this.#shown[i] ?? 0) : i + 1;
  }

  /** The row of a packet, or of the next one that is shown. */
  #indexOf(packet: number): number {
    const { length } = this.#shown ?? [];
    if (!this.#shown || length === undefined) {
      return packet - 1;
    }
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#shown[middle] ?? 0) < packet) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #isShown(packet: number): boolean {
    return packet >= 1 && this.#numberAt(this.#indexOf(packet)) === packet && this.#indexOf(packet) < this.#count;
  }

  /** Rows that were wanted. */
  add(from: number, rows: readonly PacketRow[]): void {
    this.#rows.add(from, rows);
    this.#paintSoon();
  }

  setBreakpoints(breakpoints: readonly PacketBreakpoint[]): void {
    this.#breakpoints = new Map(breakpoints.map((b) => [b.packet, b]));
    this.#paintSoon();
  }

  setMarks(marks: readonly PacketMark[]): void {
    this.#marks = new Map(marks.map((mark) => [mark.packet, mark]));
    this.#paintSoon();
  }

  /** The machine stands at this packet, which comes into view; 0 for none. */
  setStopped(packet: number): void {
    this.#stopped = packet;
    if (this.#isShown(packet)) {
      this.#show(packet, true);
    }
    this.#paintSoon();
  }

  /** Selects a packet and has it in view. */
  select(packet: number, centre = false): void {
    if (this.#isShown(packet)) {
      this.#selected = packet;
      this.#show(packet, centre);
      this.#listener.selected(packet);
    }
    this.#paintSoon();
  }

  #show(packet: number, centre: boolean): void {
    this.#scroll.reveal(this.#indexOf(packet), centre);
    this.#scroller.scrollTop = this.#scroll.scrollTop;
  }

  #layOut(): void {
    const before = this.#scroll.offset;
    this.#scroll = new RowScroll(this.#count, this.#scroller.clientHeight);
    this.#scroll.moveBy(before);
    this.#spacer.style.height = `${this.#scroll.height}px`;
    this.#scroller.scrollTop = this.#scroll.scrollTop;
    this.#paintSoon();
  }

  #header(): HTMLElement {
    const row = html('div', { class: 'row header', role: 'row', 'aria-rowindex': '1' });
    for (const column of COLUMNS) {
      const cell = html('div', { class: column, role: 'columnheader' });
      if (column === 'margin') {
        cell.setAttribute('aria-label', this.#strings.margin);
      } else {
        cell.textContent = this.#strings[column];
      }
      row.append(cell);
    }
    return row;
  }

  // ---- painting ----

  #paintSoon(): void {
    this.#painting ||= requestAnimationFrame(() => {
      this.#painting = 0;
      this.#paint();
    });
  }

  #paint(): void {
    const [from, to] = this.#scroll.seen;
    this.#rows.want(from, to);
    while (this.#elements.length < to - from) {
      this.#elements.push(this.#newRow());
    }
    const room = this.#elements.length;
    for (let k = 0; k < room; k++) {
      // A row keeps its element as long as it is seen.
      const i = from + ((((k - from) % room) + room) % room);
      const element = this.#elements[k];
      if (element) {
        this.#paintRow(element, i, i < to);
      }
    }
    const at = this.#indexOf(this.#selected);
    const active = this.#selected > 0 && at >= from && at < to;
    attributes(this.element, { 'aria-activedescendant': active ? `packet-${this.#selected}` : '' });
  }

  #newRow(): RowElement {
    const element = html('div', { class: 'row', role: 'row' });
    const cells = Object.fromEntries(COLUMNS.map((c) => [c, html('div', { class: c, role: 'gridcell' })])) as Record<
      Column,
      HTMLElement
    >;
    element.append(...Object.values(cells));
    this.#window.append(element);
    return { element, cells };
  }

  #paintRow({ element, cells }: RowElement, i: number, shown: boolean): void {
    element.hidden = !shown;
    if (!shown) {
      element.removeAttribute('id');
      return;
    }
    const packet = this.#numberAt(i);
    element.style.transform = `translateY(${i * ROW_HEIGHT - this.#scroll.offset}px)`;
    attributes(element, {
      id: `packet-${packet}`,
      'aria-rowindex': `${i + 2}`,
      'aria-selected': `${packet === this.#selected}`,
      'data-packet': `${packet}`,
      'data-vscode-context': JSON.stringify({ webviewSection: 'packet', packet, preventDefaultContextMenuItems: true }),
    });
    element.classList.toggle('stopped', packet === this.#stopped);
    const row = this.#rows.row(i);
    element.classList.toggle('coming', row === undefined);
    attributes(element, { 'data-protocol': row?.protocol ?? '', 'data-badness': row?.badness ?? '' });
    setText(cells.number, `${packet}`);
    for (const column of ['time', 'source', 'destination', 'protocol', 'length', 'info'] as const) {
      const text = row === undefined ? '' : `${row[column]}`;
      setText(cells[column], text);
    }
    this.#paintMargin(cells.margin, packet);
  }

  #paintMargin(cell: HTMLElement, packet: number): void {
    const breakpoint = this.#breakpoints.get(packet);
    const kind = breakpoint === undefined ? '' : breakpoint.condition === '' ? 'plain' : 'conditional';
    const mark = this.#marks.get(packet);
    const words = [
      ...(breakpoint === undefined ? [] : [`${this.#strings.breakpoint} ${breakpoint.condition}`.trim()]),
      ...(packet === this.#stopped ? [this.#strings.stopped] : []),
      ...(mark === undefined ? [] : [mark.text]),
    ].join(', ');
    attributes(cell, {
      'data-breakpoint': kind,
      'data-mark': mark?.kind ?? '',
      'data-enabled': `${breakpoint?.enabled ?? false}`,
      'aria-label': words,
    });
    cell.title = words;
  }

  // ---- mouse and keys ----

  #pressed(event: MouseEvent): void {
    const target = event.target as Element;
    const packet = Number(target.closest('[data-packet]')?.getAttribute('data-packet'));
    if (!(packet > 0)) {
      return;
    }
    this.select(packet);
    if (event.button === 0 && target.closest('.margin') !== null) {
      event.preventDefault();
      this.#listener.marginClicked(packet);
    }
    this.element.focus();
  }

  /** Where the scroll bar moves faster than the rows, a wheel moves the rows. */
  #wheel(event: WheelEvent): void {
    if (this.#scroll.scaled && !event.ctrlKey) {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : ROW_HEIGHT;
      this.#scroll.moveBy(event.deltaY * unit);
      this.#scroller.scrollTop = this.#scroll.scrollTop;
      this.#paintSoon();
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const { page } = this.#scroll;
    const steps: Readonly<Record<string, number>> = {
      ArrowUp: -1,
      ArrowDown: 1,
      PageUp: -page,
      PageDown: page,
      Home: -this.#count,
      End: this.#count,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const to = Math.max(0, Math.min(this.#count - 1, this.#indexOf(this.#selected) + step));
      this.select(this.#numberAt(to));
    } else if (event.key === ' ' && this.#selected > 0) {
      event.preventDefault();
      this.#listener.marginClicked(this.#selected);
    }
  }

  /** The selected row as text, its columns with tabs between them. */
  get selectedText(): string {
    const row = this.#rows.row(this.#indexOf(this.#selected));
    const columns = COLUMNS.filter((c) => c !== 'margin' && c !== 'number').map((c) => row?.[c as keyof PacketRow]);
    return row === undefined ? '' : [this.#selected, ...columns].join('\t');
  }
}
