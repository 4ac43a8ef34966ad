/** The page of the view Packet: a tree of fields beside the bytes, each of which selects in the other. */
import type { PacketDetails } from '../../adapter/packets/details.ts';
import type { FromPage, ToPage } from '../packet/messages.ts';
import { characterOf, PacketTree, ROW } from '../packet/packet-model.ts';
import { attributes, html, setText } from './dom.ts';
import type { PacketStrings } from './strings.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const vscode = acquireVsCodeApi();
const root = document.getElementById('packet') as HTMLElement;
const strings = JSON.parse(root.dataset['strings'] ?? '{}') as PacketStrings;
const notice = html('p', { id: 'notice' });
const title = html('p', { id: 'title', 'aria-live': 'polite' });
const treeElement = html('div', { id: 'tree', role: 'tree', tabindex: '0', 'aria-label': strings.tree });
const dump = html('div', { id: 'bytes', role: 'img', 'aria-label': strings.bytes });
const parts = html('div', { id: 'parts' });
parts.append(treeElement, dump);
root.append(notice, title, parts);
notice.textContent = strings.none;
parts.hidden = true;

/** What is open, whatever packet is shown. */
const open = new Set<string>();
let tree = new PacketTree({ lines: [] }, open);
let selected = 0;
/** Elements of bytes, numbers and characters alike, in order. */
let cells: (readonly [HTMLElement, HTMLElement])[] = [];

function show({ packet }: ToPage): void {
  notice.hidden = packet !== undefined;
  parts.hidden = packet === undefined;
  if (!packet) {
    return;
  }
  setText(title, packet.number > 0 ? `${packet.number}: ${packet.summary}` : packet.summary);
  const before = tree.lines[selected]?.name;
  tree = new PacketTree(packet, open);
  const same = tree.lines.findIndex(({ name }) => name !== '' && name === before);
  selected = Math.max(0, same);
  drawBytes(packet);
  draw();
}

function draw(): void {
  treeElement.replaceChildren(
    ...tree.seen.map((i) => {
      const line = tree.lines[i];
      const children = tree.hasChildren(i);
      const element = html('div', {
        class: 'line',
        role: 'treeitem',
        id: `line-${i}`,
        'data-line': String(i),
        'data-depth': String(Math.min(9, line?.depth ?? 0)),
        'aria-level': String((line?.depth ?? 0) + 1),
        'aria-selected': String(i === selected),
        ...(children ? { 'aria-expanded': String(tree.isOpen(i)) } : {}),
      });
      element.append(html('span', { class: 'twistie', 'aria-hidden': 'true' }), line?.text ?? '');
      return element;
    }),
  );
  attributes(treeElement, { 'aria-activedescendant': `line-${selected}` });
  document.getElementById(`line-${selected}`)?.scrollIntoView({ block: 'nearest' });
  mark();
}

function drawBytes({ hex }: PacketDetails): void {
  const bytes = hex.match(/../g)?.map((two) => Number.parseInt(two, 16)) ?? [];
  cells = bytes.map((byte, i) => {
    const at = { 'data-byte': String(i) };
    const number = html('span', { ...at, class: 'byte' });
    number.textContent = byte.toString(16).padStart(2, '0');
    const character = html('span', { ...at, class: 'character' });
    character.textContent = characterOf(byte);
    return [number, character] as const;
  });
  const rows = Array.from({ length: Math.ceil(cells.length / ROW) }, (_, r) => {
    const row = html('div', { class: 'dump-row' });
    const here = cells.slice(r * ROW, (r + 1) * ROW);
    const [numbers, characters] = [html('span', { class: 'numbers' }), html('span', { class: 'characters' })];
    numbers.append(...here.map(([number]) => number));
    characters.append(...here.map(([, character]) => character));
    const place = html('span', { class: 'place' });
    place.textContent = (r * ROW).toString(16).padStart(4, '0');
    row.append(place, numbers, characters);
    return row;
  });
  dump.replaceChildren(...rows);
}

/** Marks the bytes of the selected line. */
function mark(): void {
  const { start = 0, length = 0 } = tree.lines[selected] ?? {};
  for (const [i, pair] of cells.entries()) {
    for (const cell of pair) {
      cell.classList.toggle('marked', i >= start && i < start + length);
    }
  }
  cells[start]?.[0].scrollIntoView({ block: 'nearest' });
  const range = strings.selected.replace('{0}', `${start}`).replace('{1}', `${start + length - 1}`);
  attributes(dump, { 'aria-label': length > 0 ? `${strings.bytes}: ${range}` : strings.bytes });
}

function select(i: number): void {
  selected = i;
  draw();
  vscode.postMessage({ type: 'field', name: tree.lines[i]?.name ?? '' });
}

treeElement.addEventListener('mousedown', (event) => {
  const line = (event.target as Element).closest('[data-line]');
  if (line) {
    const i = Number(line.getAttribute('data-line'));
    if ((event.target as Element).closest('.twistie') || event.detail === 2) {
      tree.toggle(i);
    }
    select(i);
    treeElement.focus();
    event.preventDefault();
  }
});
treeElement.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const toggles = event.key === 'Enter' || event.key === ' ';
  if (toggles) {
    tree.toggle(selected);
  }
  const to = toggles ? selected : tree.key(event.key, selected);
  if (to >= 0) {
    event.preventDefault();
    select(to);
  }
});
dump.addEventListener('mousedown', (event) => {
  const byte = (event.target as Element).getAttribute('data-byte');
  const line = byte === null ? -1 : tree.lineAt(Number(byte));
  if (line >= 0) {
    tree.reveal(line);
    select(line);
    treeElement.focus();
    event.preventDefault();
  }
});
document.addEventListener('copy', (event) => {
  if (document.getSelection()?.isCollapsed !== false) {
    event.clipboardData?.setData('text/plain', tree.lines[selected]?.text ?? '');
    event.preventDefault();
  }
});
window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => show(data));
window.addEventListener('focus', () => treeElement.focus());
vscode.postMessage({ type: 'ready' });
