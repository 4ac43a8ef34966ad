/** A packet that the user network has sent, field by field beside the one that was captured. */

import { GRADES, type PacketBytes } from '../engine/api.ts';
import { packetView } from '../inspect/packets.ts';
import { dissect, type TreeNode } from '../packets/dissect.ts';
import { FIELDS, formatField, knownFields, occurrences } from '../packets/fields.ts';
import { visible } from '../packets/format.ts';
import { summary } from '../packets/summary.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Fields that follow from others, that each side chooses for itself, or that the capture has of its own network. */
const IGNORED = /^(?:frame|eth|vlan|_ws|ip\.id$|.*\.checksum(?:$|\.)|tcp\.(?:seq|ack)_raw$|tcp\.window_size$)/;
/** Words of bits: they say what the bits below them say. */
const WORDS = /\.(?:flags|dsfield)\./;
/** TCP's options, which the tree shows a line each, in words. */
const OPTIONS = knownFields().filter((name) => /^tcp\.options\.(?!\w+$)/.test(name) || name === 'tcp.options.mss_val');
/** Characters of a value that are shown. */
const WIDTH = 32;

/** What stands for the values of a field. */
const NONE = '(absent)';

/** What the frame at which the machine stands is in the capture, and the fields in which it differs. */
export async function divergenceAtStop(gdb: GdbInterpreter): Promise<string> {
  const sent = gdb.engine.replay?.sent();
  const ours = await gdb.engine.packet(0);
  if (!sent || !ours) {
    return '';
  }
  const grade = GRADES[sent.grade - 1] ?? 'same';
  const captured = sent.packet > 0 ? gdb.engine.capturedPacket(sent.packet) : undefined;
  if (!captured) {
    return `The capture has nothing like it (${grade}): ${visible(summary(packetView(ours)).info)}\n`;
  }
  const rows = packetDiff(captured, ours);
  const head = `Packet ${sent.packet} of the capture (${grade}): ${visible(summary(packetView(captured)).info)}\n`;
  return `${head}${table([['field', 'captured', 'sent'], ...rows])}`;
}

/** Rows of field, captured value, value sent. */
export function packetDiff(captured: PacketBytes, sent: PacketBytes): [string, string, string][] {
  const [before, after] = [valuesOf(captured), valuesOf(sent)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name): [string, string, string][] => {
    const [a, b] = [before.get(name) ?? NONE, after.get(name) ?? NONE];
    return a === b ? [] : [[name, a, b]];
  });
}

/** Values by field, from the network layer up. */
function valuesOf(packet: PacketBytes): Map<string, string> {
  const found = new Map<string, string[]>();
  const add = (nodes: readonly TreeNode[]): void => {
    for (const n of nodes) {
      const value = spokenValue(n);
      if (value !== '' && !IGNORED.test(n.name) && !WORDS.test(n.name)) {
        found.set(n.name, [...(found.get(n.name) ?? []), value]);
      }
      add(n.children);
    }
  };
  const view = packetView(packet);
  add(dissect(view));
  for (const name of OPTIONS) {
    const field = FIELDS[name];
    const values = field ? occurrences(view, field).map(({ value }) => formatField(name, value)) : [];
    if (values.length > 0) {
      found.set(name, values);
    }
  }
  return new Map([...found].map(([name, values]) => [name, short(visible(values.join(', ')))]));
}

/** The value of a line. */
function spokenValue(n: TreeNode): string {
  return n.raw === undefined ? '' : n.value;
}

function short(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((i) => Math.max(...rows.map((r) => (r[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd((widths[i] ?? 0) + 2))
      .join('')
      .trimEnd();
  return rows.map((row) => `  ${line(row)}\n`).join('');
}
