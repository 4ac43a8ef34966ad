/** The page of a packet listing: shows what the extension reads of a capture. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import type { FromPage, ListingState, ToPage } from '../captures/messages.ts';
import { html } from './dom.ts';
import { PacketGrid } from './packet-grid.ts';
import type { ListingStrings } from './strings.ts';

/** What is kept while the page is hidden. */
interface Kept {
  readonly selected: number;
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

const grid = new PacketGrid(strings, {
  wanted: (from, to) => vscode.postMessage({ type: 'rows', generation, from, to }),
  selected: (packet) => {
    vscode.setState({ selected: packet });
    vscode.postMessage({ type: 'select', packet });
  },
  marginClicked: (packet) => vscode.postMessage({ type: 'toggleBreakpoint', packet }),
});
root.append(notice, warnings, grid.element);

function button(text: string, message: FromPage): HTMLElement {
  const element = html('vscode-button', {});
  element.textContent = text;
  element.addEventListener('click', () => vscode.postMessage(message));
  return element;
}

/** What stands in the way of packets, or nothing. */
function noticeOf(state: ListingState): (HTMLElement | string)[] {
  const text = html('p', {});
  switch (state.type) {
    case 'reading':
      text.textContent = strings.reading;
      progress.toggleAttribute('indeterminate', state.total === 0);
      progress.setAttribute('value', `${state.total === 0 ? 0 : Math.floor((100 * state.done) / state.total)}`);
      return [text, progress, button(strings.cancel, { type: 'cancel' })];
    case 'failed':
      text.textContent = state.message;
      text.className = 'error';
      return [text, button(strings.again, { type: 'again' })];
    case 'cancelled':
      text.textContent = strings.cancelled;
      return [text, button(strings.again, { type: 'again' })];
    case 'opened':
      text.textContent = strings.empty;
      return state.count === 0 ? [text] : [];
  }
}

function show(state: ListingState): void {
  const again = state.type === 'reading' && root.dataset['state'] === 'reading';
  const parts = noticeOf(state);
  // While it is read, the button that cancels stays the same one.
  if (!again) {
    notice.replaceChildren(...parts);
  }
  root.dataset['state'] = state.type;
  const opened = state.type === 'opened' ? state : undefined;
  warnings.replaceChildren(
    ...(opened?.warnings ?? []).map((warning) => {
      const item = html('li', {});
      item.textContent = warning;
      return item;
    }),
  );
  grid.element.hidden = opened === undefined || opened.count === 0;
  if (opened !== undefined) {
    generation = opened.generation;
    grid.open(opened.count, opened.widths);
    if (kept > 0) {
      grid.select(kept, true);
      kept = 0;
    }
  }
}

function received(message: ToPage): void {
  switch (message.type) {
    case 'rows':
      if (message.generation === generation) {
        grid.add(message.from, message.rows);
      }
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
window.addEventListener('focus', () => grid.element.focus());
document.addEventListener('copy', (event) => {
  if (document.getSelection()?.isCollapsed !== false && grid.selectedText !== '') {
    event.clipboardData?.setData('text/plain', grid.selectedText);
    event.preventDefault();
  }
});
vscode.postMessage({ type: 'ready' });
