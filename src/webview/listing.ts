/** The page of a packet listing: shows what the extension reads of a capture. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import type { FromPage, ListingState, ReadingProgress, ToPage } from '../captures/messages.ts';
import { html, setText } from './dom.ts';
import { FilterBox } from './filter-box.ts';
import { PacketGrid } from './packet-grid.ts';
import { PacketHover } from './packet-hover.ts';
import type { ListingStrings } from './strings.ts';

/** What is kept while the page is hidden. */
interface Kept {
  readonly selected: number;
  readonly filter: string;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
};

const vscode = acquireVsCodeApi();
const root = document.getElementById('listing') as HTMLElement;
const strings = JSON.parse(root.dataset['strings'] ?? '{}') as ListingStrings;
const notice = html('div', { id: 'notice', role: 'status' });
const warnings = html('ul', { id: 'warnings', role: 'status' });
const progress = html('vscode-progress-bar', { 'aria-label': strings.reading });
let generation = 0;
/** The packet that was selected when the page was hidden. */
let kept = vscode.getState()?.selected ?? 0;
/** Packets of the capture so far. */
let all = 0;

const box = new FilterBox(strings, {
  wanted: (text) => {
    vscode.setState({ selected: grid.selected, filter: text });
    vscode.postMessage({ type: 'filter', text });
  },
  left: () => grid.element.focus(),
});

const grid = new PacketGrid(strings, {
  wanted: (from, to) => vscode.postMessage({ type: 'rows', generation, from, to }),
  selected: (packet) => {
    vscode.setState({ selected: packet, filter: box.text });
    vscode.postMessage({ type: 'select', packet });
  },
  marginClicked: (packet) => vscode.postMessage({ type: 'toggleBreakpoint', packet }),
});
const hover = new PacketHover(grid.element, (packet) => vscode.postMessage({ type: 'hover', packet }));
root.append(box.element, notice, warnings, grid.element, hover.element);

function button(text: string, message: FromPage): HTMLElement {
  const element = html('vscode-button', {});
  element.textContent = text;
  element.addEventListener('click', () => vscode.postMessage(message));
  return element;
}

/** How far reading is, with a button that ends it: always the same elements, so that it can be clicked. */
const reading = [html('p', {}), progress, button(strings.cancel, { type: 'cancel' })];

function told({ done, total }: ReadingProgress): HTMLElement[] {
  setText(reading[0] as HTMLElement, strings.reading);
  progress.toggleAttribute('indeterminate', total === 0);
  progress.setAttribute('value', `${total === 0 ? 0 : Math.floor((100 * done) / total)}`);
  return reading;
}

/** What is said in place of packets, or above them. */
function noticeOf(state: ListingState): HTMLElement[] {
  const text = html('p', {});
  switch (state.type) {
    case 'reading':
      return told(state.progress);
    case 'failed':
      text.textContent = state.message;
      text.className = 'error';
      return [text, button(strings.again, { type: 'again' })];
    case 'cancelled':
      text.textContent = strings.cancelled;
      return [text, button(strings.again, { type: 'again' })];
    case 'opened':
      text.textContent = strings.empty;
      return state.progress !== undefined ? told(state.progress) : state.count === 0 ? [text] : [];
  }
}

function show(state: ListingState): void {
  const parts = noticeOf(state);
  if (parts !== reading || notice.firstChild !== reading[0]) {
    notice.replaceChildren(...parts);
  }
  const opened = state.type === 'opened' ? state : undefined;
  notice.classList.toggle('above', opened !== undefined && opened.count > 0);
  warnings.replaceChildren(
    ...(opened?.warnings ?? []).map((warning) => {
      const item = html('li', {});
      item.textContent = warning;
      return item;
    }),
  );
  grid.element.hidden = opened === undefined || opened.count === 0;
  if (opened !== undefined) {
    const more = opened.generation === generation;
    generation = opened.generation;
    all = opened.count;
    box.element.hidden = false;
    grid.open(opened.count, opened.widths, more);
    if (kept > 0 && kept <= opened.count) {
      grid.select(kept, true);
      kept = 0;
    }
  }
}

/** A filter has been applied, or is wrong: then what was shown stays. */
function filtered(message: Extract<ToPage, { readonly type: 'filtered' }>): void {
  if (message.generation === generation && message.text === box.text) {
    box.answered(message.error, message.span, message.shown && [message.shown.length, all]);
    if (message.error === undefined) {
      grid.showOnly(message.shown, all);
    }
  }
}

function received(message: ToPage): void {
  switch (message.type) {
    case 'filtered':
      filtered(message);
      return;
    case 'filtering':
      box.working(message.progress);
      return;
    case 'changed':
      grid.renew(message.widths);
      return;
    case 'useFilter':
      box.use(message.text);
      return;
    case 'rows':
      if (message.generation === generation) {
        grid.add(message.from, message.rows);
      }
      return;
    case 'marks':
      grid.setMarks(message.marks);
      return;
    case 'hover':
      hover.show(message.packet, message.lines);
      return;
    case 'breakpoints':
      grid.setBreakpoints(message.breakpoints);
      return;
    case 'stopped':
      grid.setStopped(message.packet);
      return;
    case 'reveal':
      grid.select(message.packet, true);
      return;
    default:
      show(message);
  }
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => received(data));
window.addEventListener('focus', () => {
  if (document.activeElement === document.body) {
    grid.element.focus();
  }
});
document.addEventListener('keydown', (event) => {
  const find = event.key === '/' || (event.key === 'f' && (event.ctrlKey || event.metaKey));
  if (find && document.activeElement === grid.element) {
    event.preventDefault();
    box.focus();
  }
});
document.addEventListener('copy', (event) => {
  if (document.getSelection()?.isCollapsed !== false && grid.selectedText !== '') {
    event.clipboardData?.setData('text/plain', grid.selectedText);
    event.preventDefault();
  }
});
vscode.postMessage({ type: 'ready' });
const { filter = '' } = vscode.getState() ?? {};
if (filter !== '') {
  box.use(filter);
}
