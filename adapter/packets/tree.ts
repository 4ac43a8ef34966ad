/** The dissection tree: what the packet details pane shows. */
import type { ChecksumResult } from './checksum.ts';
import { FIELDS, formatField } from './fields.ts';
import { hex } from './format.ts';
import type { PacketView } from './packet-view.ts';

/** A line of the tree with the bytes it stands for; `start` counts from the packet's first byte. */
export interface TreeNode {
  /** Wireshark's field name, or the protocol's; empty for a line that is no field. */
  readonly name: string;
  /** The whole line, such as `Source Port: 5555`. */
  readonly label: string;
  /** The value alone, as text. */
  readonly value: string;
  readonly start: number;
  readonly length: number;
  readonly children: TreeNode[];
}

/** Makes nodes for one packet. */
export class TreeBuilder {
  readonly p: PacketView;
  constructor(p: PacketView) {
    this.p = p;
  }

  /** A node for `[from, from + length)` of the packet's buffer. */
  node(name: string, label: string, value: string, from: number, length: number, children: TreeNode[] = []): TreeNode {
    return { name, label, value, start: from - this.p.off, length, children };
  }

  /** A field of the table: `Description: value`, with `note` (a meaning) in brackets after it. */
  field(name: string, from: number, length: number, note = '', children: TreeNode[] = []): TreeNode {
    const f = FIELDS[name]!;
    const value = formatField(name, f.get(this.p));
    return this.node(
      name,
      `${f.description}: ${value}${note === '' ? '' : ` (${note})`}`,
      value,
      from,
      length,
      children,
    );
  }

  /** A field whose value is first said in words: `Type: IPv4 (0x0800)`. */
  named(name: string, words: string, from: number, length: number, children: TreeNode[] = []): TreeNode {
    const f = FIELDS[name]!;
    const value = formatField(name, f.get(this.p));
    return this.node(name, `${f.description}: ${words} (${value})`, value, from, length, children);
  }

  /** Bits of a byte or word as Wireshark draws them: `.... ..1. = Syn: Set`. `width` in bits. */
  bits(name: string, at: number, width: 8 | 16, mask: number, description: string, words = ''): TreeNode {
    const word = width === 8 ? this.p.u8(at) : this.p.u16(at);
    const shift = 31 - Math.clz32(mask & -mask);
    const v = (word & mask) >>> shift;
    let drawing = '';
    for (let i = width - 1; i >= 0; i--) {
      drawing += (mask >> i) & 1 ? String((word >> i) & 1) : '.';
      drawing += i % 4 === 0 && i > 0 ? ' ' : '';
    }
    const single = mask >>> shift === 1;
    const said = words !== '' ? words : single ? (v === 1 ? 'Set' : 'Not set') : String(v);
    return this.node(name, `${drawing} = ${description}: ${said}`, String(v), at, width / 8);
  }

  /** A checksum with its verdict. */
  checksum(name: string, at: number, r: ChecksumResult): TreeNode {
    const there = hex(this.p.u16(at), 4);
    const verdict = { good: ' [correct]', bad: ` incorrect, should be ${hex(r.right, 4)}`, unchecked: ' [unverified]' }[
      r.state
    ];
    const status = { good: 'Good', bad: 'Bad', unchecked: 'Unverified' }[r.state];
    return this.node(name, `${FIELDS[name]!.description}: ${there}${verdict}`, there, at, 2, [
      this.node(`${name}.status`, `[Checksum Status: ${status}]`, status, at, 0),
    ]);
  }

  /** Where a layer ends in the middle. */
  malformed(what: string, from: number): TreeNode {
    const label = `[Malformed Packet: ${what}]`;
    return this.node('_ws.malformed', label, what, from, Math.max(0, this.p.limit - from));
  }
}

/** The tree as indented text, two spaces a level; for `print` and golden tests. */
export function formatTree(nodes: readonly TreeNode[], indent = 0): string {
  return nodes.map((n) => `${' '.repeat(indent)}${n.label}\n${formatTree(n.children, indent + 2)}`).join('');
}
