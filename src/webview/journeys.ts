/** The page of journeys: a table whose columns are the parts of the path; a dot leads to the moment. */
import type { JourneyRow, Stop } from '../journeys/lanes.ts';
import type { FromPage, ToPage } from '../journeys/messages.ts';
import { html } from './dom.ts';
import type { JourneyStrings } from './strings.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const vscode = acquireVsCodeApi();
const root = document.getElementById('journeys') as HTMLElement;
const strings = JSON.parse(root.dataset['strings'] ?? '{}') as JourneyStrings;

function cell(tag: 'th' | 'td', text: string, attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  const element = html(tag, attributes);
  element.textContent = text;
  return element;
}

function dot({ id, dropped }: JourneyRow, { fn, moment, ms }: Stop, lane: string, last: boolean): HTMLElement {
  const words = `${strings.packet} ${id}, ${lane}: ${fn}, ${ms.toFixed(3)} ms`;
  const button = html('button', {
    type: 'button',
    'aria-label': words,
    title: words,
    'data-end': last ? (dropped ? 'dropped' : 'delivered') : '',
  });
  button.addEventListener('click', () => vscode.postMessage({ type: 'go', moment }));
  return button;
}

function rowOf(row: JourneyRow, lanes: readonly string[]): HTMLElement {
  const element = html('tr', { 'data-journey': String(row.id) });
  const used = row.stops.map(({ lane }) => lane);
  const [first, last] = [Math.min(...used), Math.max(...used)];
  // Which end a packet stopped at is told by time, as it may go either way.
  const lastStop = row.stops.reduce<Stop | undefined>((a, b) => (a && a.ms > b.ms ? a : b), undefined);
  element.append(cell('th', String(row.id), { scope: 'row' }), cell('td', row.text, { class: 'text' }));
  for (const [lane, name] of lanes.entries()) {
    const stop = row.stops.find((s) => s.lane === lane);
    const line = lane >= first && lane <= last ? (lane === first ? 'first' : lane === last ? 'last' : 'through') : '';
    const td = html('td', { class: 'lane', 'data-line': first === last ? '' : line });
    if (stop) {
      td.append(dot(row, stop, name, stop === lastStop));
    }
    element.append(td);
  }
  element.append(cell('td', row.end, { class: row.dropped ? 'end dropped' : 'end' }));
  return element;
}

window.addEventListener('message', ({ data: { lanes, rows } }: MessageEvent<ToPage>) => {
  if (rows.length === 0) {
    root.textContent = strings.none;
    return;
  }
  const table = html('table', {});
  const head = html('thead', {});
  const titles = html('tr', {});
  titles.append(
    ...[strings.number, strings.packet, ...lanes, strings.end].map((text) => cell('th', text, { scope: 'col' })),
  );
  head.append(titles);
  const body = html('tbody', {});
  body.append(...rows.map((row) => rowOf(row, lanes)));
  table.append(head, body);
  root.replaceChildren(table);
});
vscode.postMessage({ type: 'ready' });
