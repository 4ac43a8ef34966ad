/** A packet for those who show its tree beside its bytes: plain data, which crosses between programs. */
import { dissect, type TreeNode } from './dissect.ts';
import type { PacketView } from './packet-view.ts';
import { formatSummary, summary } from './summary.ts';

/** A line of the tree. */
export interface PacketLine {
  /** 0 for a protocol, 1 for its fields, and so on. */
  readonly depth: number;
  /** Wireshark's name, or empty. */
  readonly name: string;
  readonly text: string;
  /** The bytes that it stands for. */
  readonly start: number;
  readonly length: number;
}

export interface PacketDetails {
  /** Its number, 0 if it has none, and its line of a packet list. */
  readonly number: number;
  readonly summary: string;
  readonly lines: readonly PacketLine[];
  /** All of its bytes, in hexadecimal. */
  readonly hex: string;
}

/** The packet of a view. Never throws, whatever the bytes. */
export function packetDetails(view: PacketView): PacketDetails {
  const bytes = view.buf.subarray(view.off, view.off + view.len);
  return {
    number: view.number,
    summary: formatSummary(summary(view)),
    lines: dissect(view).flatMap((node) => linesOf(node, 0)),
    hex: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}

function linesOf({ name, label, start, length, children }: TreeNode, depth: number): PacketLine[] {
  const line = { depth, name, text: label, start: Math.max(0, start), length };
  return [line, ...children.flatMap((child) => linesOf(child, depth + 1))];
}
