/** The page of the view Timeline: what pointer and keys do, and the same in words. */
import type { TimelineMark, TimelinePoint, TimelineRange } from '../../adapter/dap/custom.ts';
import { packetNumber } from '../../adapter/packets/format.ts';
import type { SessionState } from '../session/session-state.ts';
import type { Found } from '../timeline/found-rows.ts';
import type { FromPage, TimelineCommand, ToPage } from '../timeline/messages.ts';
import {
  ends,
  keyTarget,
  LANES,
  momentAt,
  other,
  packetAt,
  panned,
  partAt,
  revealed,
  type Stretch,
  secondsText,
  tableOf,
  turned,
  withRows,
  zoomed,
} from '../timeline/timeline-model.ts';
import { attributes, html, setText } from './dom.ts';
import type { TimelineStrings } from './strings.ts';
import { TimelinePicture } from './timeline-picture.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Stretch | undefined;
  setState(state: Stretch): void;
};

/** How much one step of a key or a button zooms, and one notch of a wheel. */
const STEP = 2;
const NOTCH = 1.2;
/** Pixels of a wheel's notch. */
const NOTCH_PIXELS = 100;
/** Rows of the table for screen readers. */
const ROWS = 10;

const vscode = acquireVsCodeApi();
const root = document.getElementById('timeline') as HTMLElement;
const strings = JSON.parse(root.dataset['strings'] ?? '{}') as TimelineStrings;
const picture = new TimelinePicture(strings);
const notice = html('p', { id: 'notice', role: 'status' });
const plot = html('div', { id: 'plot', role: 'slider', tabindex: '0', 'aria-label': strings.label });
const details = html('p', { id: 'details' });
const words = html('section', { id: 'words', class: 'unseen', 'aria-label': strings.label });
plot.append(picture.element);
plot.setAttribute('aria-describedby', 'details');
root.append(notice, plot, details, words);

let stretch: Stretch = vscode.getState() ?? { axis: 'ns' };
/** What was read last, along whichever axis was wanted then. */
let read: TimelineRange | undefined;
let found: Found = { marks: [], plots: [] };
let state: SessionState = 'ended';
/** Where the user is about to go: a place of the axis, or a mark. */
let target: number | TimelineMark | undefined;
/** A moment that was asked for and is not there yet, and one that came meanwhile. */
let going = false;
let next: string | undefined;

/** What is drawn: what was read along the axis that is wanted. */
function drawn(): TimelineRange | undefined {
  return read?.axis === stretch.axis ? withRows(read, found.marks) : undefined;
}

/** Asks for what the page shows now. */
function want(): void {
  vscode.setState(stretch);
  vscode.postMessage({ type: 'wanted', wanted: { ...stretch, buckets: picture.parts } });
}

function placeOf(place: number | TimelineMark | undefined): number | undefined {
  return typeof place === 'object' ? place[stretch.axis] : place;
}

function draw(): void {
  const shown = drawn();
  plot.hidden = read === undefined;
  details.hidden = plot.hidden;
  words.hidden = plot.hidden;
  setText(notice, read ? '' : state === 'stopped' || state === 'running' ? strings.off : strings.none);
  if (shown) {
    picture.draw(shown, ends(stretch, shown.end), { cursor: placeOf(target), plots: found.plots });
    describe(shown);
  }
}

// ---- The same in words ----

/** A place: both of its axes, what is there, and the marks there. */
function wordsAt(shown: TimelineRange, place: number): string {
  const ns = shown.axis === 'ns' ? place : other(shown, place);
  const part = partAt(shown, place);
  const counts = LANES.filter((lane) => shown.lanes[lane][part]).map(
    (lane) => `${strings[lane]}: ${shown.lanes[lane][part]}`,
  );
  return [`${secondsText(ns)}, ${strings.packet} ${packetAt(shown, place)}`, ...counts].join('  ·  ');
}

function markWords(mark: TimelineMark): string {
  const kind = mark.kind === 'saved' ? '' : strings[mark.kind];
  return `${kind} ${mark.text} (${secondsText(mark.ns)}, ${strings.packet} ${packetNumber(mark)})`;
}

function hereWords({ here, inPast }: TimelineRange): string {
  if (!here) {
    return strings.running;
  }
  const when = inPast ? strings.past : strings.present;
  return `${strings.here}: ${secondsText(here.ns)}, ${strings.packet} ${packetNumber(here)}, ${when}`;
}

function describe(shown: TimelineRange): void {
  const at = target ?? shown.here?.[shown.axis];
  const text = typeof at === 'object' ? markWords(at) : at === undefined ? hereWords(shown) : wordsAt(shown, at);
  const help = state === 'running' && !going ? strings.pause : strings.help;
  setText(details, `${target === undefined ? hereWords(shown) : text}  ·  ${help}`);
  attributes(plot, {
    'aria-valuemin': '0',
    'aria-valuemax': String(shown.end[shown.axis]),
    'aria-valuenow': String(placeOf(at) ?? shown.end[shown.axis]),
    'aria-valuetext': target === undefined ? hereWords(shown) : text,
  });
}

/** A table of what the picture shows, and a list of its marks. */
function tell(shown: TimelineRange): void {
  const table = html('table', {});
  const row = (tag: 'td' | 'th', texts: readonly string[]): HTMLElement => {
    const line = html('tr', {});
    line.append(...texts.map((text) => Object.assign(html(tag, {}), { textContent: text })));
    return line;
  };
  const at = (bound: TimelinePoint): string => `${secondsText(bound.ns)}, ${strings.packet} ${packetNumber(bound)}`;
  table.append(
    row('th', [strings.from, strings.to, ...LANES.map((lane) => strings[lane])]),
    ...tableOf(shown, ROWS).map(({ from, to, counts }) => row('td', [at(from), at(to), ...counts.map(String)])),
  );
  const list = html('ul', { 'aria-label': strings.marks });
  const own = shown.marks.filter(({ kind }) => kind !== 'saved');
  list.append(...own.map((mark) => Object.assign(html('li', {}), { textContent: markWords(mark) })));
  const plots = found.plots.map(({ name, points }) => {
    const values = points.map(({ value }) => value);
    const text = `${name}: ${Math.min(...values)} - ${Math.max(...values)}`;
    return Object.assign(html('p', {}), { textContent: text });
  });
  words.replaceChildren(Object.assign(html('p', {}), { textContent: hereWords(shown) }), table, list, ...plots);
}

// ---- Going there ----

function go(): void {
  const shown = drawn();
  if (target === undefined || !shown || (state !== 'stopped' && !going)) {
    return;
  }
  const moment = typeof target === 'object' ? target.moment : momentAt(shown.axis, target, shown.end);
  if (going) {
    next = moment;
    return;
  }
  going = true;
  vscode.postMessage({ type: 'go', moment });
}

/** The machine stands, after it was asked to go: goes on to where the pointer has been dragged meanwhile. */
function arrived(): void {
  if (!going) {
    return;
  }
  going = false;
  const moment = next;
  next = undefined;
  if (moment !== undefined) {
    going = true;
    vscode.postMessage({ type: 'go', moment });
  } else if (!dragging) {
    target = undefined;
  }
}

// ---- Pointer and wheel ----

let dragging = false;

function point(event: PointerEvent): void {
  target = picture.markAt(event.clientX) ?? picture.placeAt(event.clientX);
  draw();
}

plot.addEventListener('pointerdown', (event) => {
  if (event.button === 0 && drawn() && picture.holds(event.clientX)) {
    dragging = true;
    plot.setPointerCapture(event.pointerId);
    point(event);
    go();
  }
});
plot.addEventListener('pointermove', (event) => {
  if (drawn() && (dragging || (!going && picture.holds(event.clientX)))) {
    point(event);
  }
  if (dragging) {
    go();
  }
});
plot.addEventListener('pointerup', () => {
  dragging = false;
});
plot.addEventListener('pointerleave', () => {
  if (!dragging && !going) {
    target = undefined;
    draw();
  }
});
plot.addEventListener(
  'wheel',
  (event) => {
    const shown = drawn();
    if (shown) {
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      const notches = event.deltaY / NOTCH_PIXELS;
      show(
        Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey
          ? panned(stretch, sideways / NOTCH_PIXELS / 10, shown.end)
          : zoomed(stretch, NOTCH ** notches, picture.placeAt(event.clientX), shown.end),
      );
    }
  },
  { passive: false },
);

function show(wanted: Stretch): void {
  stretch = wanted;
  draw();
  want();
}

// ---- Keys and buttons ----

/** What a zoom leaves where it is: where the user is about to go, or the machine stands, if that is seen. */
function middle(shown: TimelineRange): number {
  const [from, to] = ends(stretch, shown.end);
  const place = placeOf(target) ?? shown.here?.[shown.axis];
  return place !== undefined && place >= from && place <= to ? place : (from + to) / 2;
}

function command(name: TimelineCommand): void {
  const range = drawn();
  if (!range) {
    return;
  }
  switch (name) {
    case 'zoomIn':
      show(zoomed(stretch, 1 / STEP, middle(range), range.end));
      return;
    case 'zoomOut':
      show(zoomed(stretch, STEP, middle(range), range.end));
      return;
    case 'showAll':
      show({ axis: stretch.axis });
      return;
    case 'toggleAxis':
      target = undefined;
      show(turned(stretch, range));
  }
}

const KEYS: Readonly<Record<string, TimelineCommand>> = {
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '0': 'showAll',
};

function key(event: KeyboardEvent): void {
  const range = drawn();
  if (!range || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const name = KEYS[event.key];
  const place = placeOf(target) ?? range.here?.[range.axis] ?? range.end[range.axis];
  const to = keyTarget(event.key, place, range);
  if (name) {
    command(name);
  } else if (event.key === 'Enter' || event.key === ' ') {
    go();
  } else if (event.key === 'Escape') {
    target = undefined;
    draw();
  } else if (to !== undefined) {
    target = to;
    const seen = revealed(stretch, placeOf(to) ?? 0, range.end);
    if (seen === stretch) {
      draw();
    } else {
      show(seen);
    }
  } else {
    return;
  }
  event.preventDefault();
}

plot.addEventListener('keydown', key);

// ---- What the extension says ----

function received(message: ToPage): void {
  switch (message.type) {
    case 'range':
      read = message.range ?? (message.state === 'running' && going ? read : undefined);
      state = message.state;
      if (state === 'stopped') {
        arrived();
      }
      draw();
      if (read) {
        tell(withRows(read, found.marks));
      }
      return;
    case 'found':
      ({ found } = message);
      picture.resize(root.clientWidth, found.plots.length);
      draw();
      return;
    case 'refused':
      next = undefined;
      arrived();
      draw();
      return;
    case 'command':
      command(message.command);
  }
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => received(data));
window.addEventListener('focus', () => plot.focus());
new ResizeObserver(() => {
  picture.resize(root.clientWidth, found.plots.length);
  draw();
  want();
}).observe(root);
picture.resize(root.clientWidth, 0);
want();
vscode.postMessage({ type: 'ready' });
