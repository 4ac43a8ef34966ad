/** The dissection tree: what the packet details pane shows, derived from what the protocols declare. */
import { malformedPart } from './declare.ts';
import { formatValue, visible } from './format.ts';
import type { Layer } from './layer.ts';
import { type LinkType, PacketView } from './packet-view.ts';
import {
  type Bits,
  type Declaration,
  type FieldDeclaration,
  type FieldScalar,
  GROUP,
  GROUP_NAMES,
  type Part,
  SEVERITY,
  SEVERITY_NAMES,
} from './protocol.ts';
import { data } from './protocols/data.ts';

/** A line of the tree with the bytes it stands for; `start` counts from the packet's first byte. */
export interface TreeNode {
  /** Wireshark's field name, or the protocol's; another name, or none, for a line that is no field. */
  readonly name: string;
  /** The whole line, such as `Source Port: 5555`. */
  readonly label: string;
  /** The value alone, as text. */
  readonly value: string;
  /** The value itself, as `$pkt` has it; undefined for a line that is no field. */
  readonly raw: FieldScalar | undefined;
  readonly start: number;
  readonly length: number;
  readonly children: TreeNode[];
}

/**
 * Dissects the packet of a view (with its `conversations`, if relative numbers are wanted). Never throws, whatever the
 * bytes.
 */
export function dissect(p: PacketView): TreeNode[] {
  const malformed = p.malformed();
  const layers = p.layers();
  const out = layers.filter((l) => l.protocol.declaration.line !== null).map((l) => layerNode(p, l));
  if (malformed !== null) {
    const top = layers.filter((l) => l.protocol !== data).at(-1);
    const node = partNode(p, malformedPart(p, malformed.declaration.column, top?.body ?? p.off));
    out.splice(layers.at(-1)?.protocol === data ? -1 : out.length, 0, ...node);
  }
  return out;
}

/** `dissect` for bytes. */
export function dissectBytes(buf: Uint8Array, linktype: LinkType = 'ethernet'): TreeNode[] {
  return dissect(new PacketView(buf, linktype));
}

/** The tree as indented text, two spaces a level; for `print` and golden tests. */
export function formatTree(nodes: readonly TreeNode[], indent = 0): string {
  return nodes.map((n) => `${' '.repeat(indent)}${n.label}\n${formatTree(n.children, indent + 2)}`).join('');
}

function layerNode(p: PacketView, l: Layer): TreeNode {
  const { name, title, line, length, fields } = l.protocol.declaration;
  return {
    name,
    label: visible(line?.(p, l) ?? title),
    value: '',
    raw: true,
    start: l.at - p.off,
    length: length?.(p, l) ?? l.body - l.at,
    children: [...fields.flatMap((d) => nodesOf(p, l, d)), ...expertNodes(p, l)],
  };
}

/** What an expert says: `[Expert Info (Note/Sequence): Duplicate ACK (#1)]`. */
function expertNodes(p: PacketView, l: Layer): TreeNode[] {
  const place = { start: l.at - p.off, length: 0, raw: undefined, children: [] };
  return (l.protocol.declaration.experts?.(p, l) ?? []).map(({ message, severity, group }) => {
    const kind = `${SEVERITY_NAMES[SEVERITY[severity]]}/${GROUP_NAMES[GROUP[group]]}`;
    const label = `[Expert Info (${kind}): ${visible(message)}]`;
    return { name: '_ws.expert', label, value: visible(message), ...place };
  });
}

function nodesOf(p: PacketView, l: Layer, d: Declaration): TreeNode[] {
  if ('parts' in d) {
    return d.parts(p, l).flatMap((part) => partNode(p, part));
  }
  const raw = d.value?.(p, l);
  if (raw === undefined || d.shown?.(p, l) === false) {
    return [];
  }
  const value = d.text?.(p, l) ?? textOf(d, raw);
  const [from, length] = d.place?.(p, l) ?? [l.at, 0];
  const children = d.inside?.flatMap((x) => nodesOf(p, l, x)) ?? [];
  return [
    {
      name: d.name,
      label: visible(labelOf(p, l, d, raw, value)),
      value: visible(value),
      raw,
      start: from - p.off,
      length,
      children,
    },
  ];
}

/** A part as a node; none if it is not shown. */
function partNode(p: PacketView, part: Part): TreeNode[] {
  const { field, value, from, length } = part;
  if (part.label === undefined) {
    return [];
  }
  return [
    {
      name: field?.name ?? part.name ?? '',
      label: visible(part.label()),
      value: visible(part.text?.() ?? (field === undefined || value === undefined ? '' : textOf(field, value))),
      raw: field === undefined ? undefined : value,
      start: from - p.off,
      length,
      children: part.inside?.flatMap((x) => partNode(p, x)) ?? [],
    },
  ];
}

/** The value alone; a flag is 1 or 0. */
function textOf(d: FieldDeclaration, raw: FieldScalar): string {
  return d.bits !== undefined && typeof raw === 'boolean' ? String(Number(raw)) : formatValue(d, raw);
}

/** The usual lines: `Type: IPv4 (0x0800)`, `Code: 3 (Port unreachable)`, `.... ..1. = Syn: Set`. */
function labelOf(p: PacketView, l: Layer, d: FieldDeclaration, raw: FieldScalar, text: string): string {
  if (d.label) {
    return d.label(p, l);
  }
  const before = d.bits ? `${drawing(p, l, d.bits)} = ${d.description}` : d.description;
  return `${before}: ${saidOf(p, l, d, raw, text)}`;
}

/** The value in a line: by its name or in words if it has some, with a note if there is one. */
function saidOf(p: PacketView, l: Layer, d: FieldDeclaration, raw: FieldScalar, text: string): string {
  if (d.words) {
    return d.words(p, l);
  }
  const note = d.note?.(p, l);
  if (note !== undefined) {
    return note === '' ? text : `${text} (${note})`;
  }
  if (d.bits && typeof raw === 'boolean') {
    return raw ? 'Set' : 'Not set';
  }
  return d.names && typeof raw === 'number' ? `${d.names[raw] ?? 'Unknown'} (${text})` : text;
}

/** Bits of a word as Wireshark draws them: `.... ..1.`. */
function drawing(p: PacketView, l: Layer, { off, width, mask, drawn }: Bits): string {
  const at = l.at + off;
  const word = width === 8 ? p.u8(at) : width === 16 ? p.u16(at) : p.u32(at);
  let out = '';
  for (let i = drawn - 1; i >= 0; i--) {
    out += (mask >>> i) & 1 ? String((word >>> i) & 1) : '.';
    out += i % 4 === 0 && i > 0 ? ' ' : '';
  }
  return out;
}
