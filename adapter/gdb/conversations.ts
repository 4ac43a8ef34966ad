/** `info conversations`, `follow`, `dump pcap` and `save packet`: what passed an edge, or is in a capture. */
import { LAYER_NAMES, withoutQuotes } from '../commands/catch-text.ts';
import { CommandError } from '../commands/command.ts';
import type { PacketLayer } from '../engine/api.ts';
import { edgeCapture } from '../inspect/edges.ts';
import { packetBytesOf } from '../inspect/packets.ts';
import { type Capture, readCapture } from '../packets/capture.ts';
import { walkCapture } from '../packets/capture-walk.ts';
import { type Conversation, conversationsOf, followStream, type StreamPiece } from '../packets/conversation-table.ts';
import { type Filter, FilterError } from '../packets/filter/filter.ts';
import { hexDump } from '../packets/format.ts';
import { concat, writePcap } from '../packets/pcap.ts';
import { CaptureError } from '../packets/types.ts';
import { captureBytes } from '../replay/open.ts';
import { writeWhole } from '../written-file.ts';
import type { GdbInterpreter } from './interpreter.ts';

const EDGES = LAYER_NAMES.join(', ');

/** The capture that a word means: an edge of the machine, `capture` (what is replayed), or a file. */
async function captureOf(gdb: GdbInterpreter, where: string): Promise<Capture> {
  if (where === 'capture' && gdb.traces.length === 1) {
    return readCapture(await captureBytes(gdb.traces[0] ?? '', gdb.interruptible()));
  }
  if (where === '' || LAYER_NAMES.includes(where)) {
    if (gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
      throw new CommandError('The program is not being run; name a capture file instead of an edge.');
    }
    return (await edgeCapture(gdb.engine, (where || 'slirp') as PacketLayer)).capture;
  }
  if (where === 'capture') {
    throw new CommandError('No single capture is replayed.');
  }
  try {
    return readCapture(await captureBytes(where, gdb.interruptible()));
  } catch (error) {
    gdb.interrupts.check();
    if (error instanceof CaptureError) {
      throw new CommandError(`"${where}" is no edge (${EDGES}), and as a file: ${error.message}.`);
    }
    throw error;
  }
}

export async function infoConversations(gdb: GdbInterpreter, args: string): Promise<void> {
  const all = conversationsOf(await captureOf(gdb, args.trim().replace(/^in\s+/, '')));
  if (all.length === 0) {
    gdb.out('No packets.\n');
    return;
  }
  const rows = all.map(conversationRow);
  const head = ['Stream', 'A', 'B', 'A->B', 'Bytes', 'B->A', 'Bytes', 'Start', 'Duration', 'RTT', 'Resent', 'State'];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => (r[i] ?? '').length)));
  for (const row of [head, ...rows]) {
    gdb.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

function conversationRow(c: Conversation): string[] {
  const seconds = (s: number | undefined): string => (s === undefined ? '-' : s.toFixed(6));
  return [
    `${c.protocol} ${c.stream}`,
    c.a,
    c.b,
    String(c.packetsAB),
    String(c.bytesAB),
    String(c.packetsBA),
    String(c.bytesBA),
    seconds(c.start),
    seconds(c.duration),
    seconds(c.rtt),
    c.protocol === 'tcp' ? String(c.retransmissions) : '-',
    c.state,
  ];
}

/** `follow stream N [text | hex | file PATH] [in EDGE]`, `follow udp N ...`. */
export function follow(kind: 'tcp' | 'udp') {
  return async (gdb: GdbInterpreter, args: string): Promise<void> => {
    const form = /^(\d+)(?:\s+(text|hex|file\s+(\S+)))?(?:\s+in\s+(\S+))?$/.exec(args.trim());
    if (!form) {
      throw new CommandError(`Usage: follow ${kind === 'tcp' ? 'stream' : 'udp'} N [text | hex | file PATH] [in EDGE]`);
    }
    const [, number = '', how = 'text', path, where = ''] = form;
    const found = followStream(await captureOf(gdb, where), kind, Number(number));
    if (!found) {
      throw new CommandError(`There is no stream ${number}; "info conversations" lists them.`);
    }
    const { nodes, pieces, missing } = found;
    if (path !== undefined) {
      const bytes = concat(pieces.map((p) => p.bytes));
      await writeOut(gdb, path, bytes);
      gdb.out(`Wrote ${bytes.length} bytes to ${path}.\n`);
      return;
    }
    gdb.out(`${RULE}\nFollow: ${kind},${how === 'hex' ? 'hex' : 'ascii'}\nFilter: ${kind}.stream eq ${number}\n`);
    gdb.out(`Node 0: ${nodes[0]}\nNode 1: ${nodes[1]}\n`);
    const at: [number, number] = [0, 0];
    for (const piece of pieces) {
      gdb.out(how === 'hex' ? hexText(piece, at) : plainText(piece));
      at[piece.side] += piece.bytes.length;
    }
    gdb.out(`${missing > 0 ? `[${missing} bytes missing]\n` : ''}${RULE}\n`);
  };
}

const RULE = '='.repeat(67);

/** A piece as tshark prints it: its length, then its text; those of node 1 are indented. */
function plainText({ side, bytes }: StreamPiece): string {
  const text = Array.from(bytes, (b) =>
    b === 10 || b === 13 || b === 9 || (b >= 32 && b < 127) ? String.fromCharCode(b) : '.',
  )
    .join('')
    .replace(/\r/g, '');
  return `${side === 1 ? '\t' : ''}${bytes.length}\n${text}${text.endsWith('\n') ? '' : '\n'}`;
}

function hexText({ side, bytes }: StreamPiece, at: readonly [number, number]): string {
  const lines = hexDump(bytes, at[side]).trimEnd().split('\n');
  return lines.map((line) => `${side === 1 ? '    ' : ''}${line}\n`).join('');
}

/** `dump pcap FILE [FILTER] [in EDGE]`. */
export async function dumpPcap(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, path = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(args.trim()) ?? [];
  const [, filter = '', edge = ''] = /^([\s\S]*?)(?:(?:^|\s)in\s+([a-z]+)\s*)?$/.exec(rest) ?? [];
  if (path === '' || (edge !== '' && !LAYER_NAMES.includes(edge))) {
    throw new CommandError(`Usage: dump pcap FILE [FILTER] [in EDGE]; edges are ${EDGES}.`);
  }
  const { matches } = filterOf(gdb, filter);
  const capture = await captureOf(gdb, edge);
  const kept = matching(capture, matches);
  await writeOut(gdb, path, writePcap(kept, { nano: true }));
  gdb.out(`Wrote ${kept.length} packet${kept.length === 1 ? '' : 's'} to ${path}.\n`);
}

function matching(capture: Capture, matches: Filter['matches']): Capture['packets'] {
  const numbers = new Set<number>();
  for (const p of walkCapture(capture)) {
    if (matches(p)) {
      numbers.add(p.number);
    }
  }
  return capture.packets.filter((p) => numbers.has(p.number));
}

function filterOf(gdb: GdbInterpreter, text: string): Filter {
  try {
    return gdb.evaluator.filters.compile(withoutQuotes(text));
  } catch (error) {
    throw error instanceof FilterError ? new CommandError(error.message, undefined, error.excerpt) : error;
  }
}

/** `save packet FILE`: the packet of the selected frame. */
export async function savePacket(gdb: GdbInterpreter, args: string): Promise<void> {
  const path = args.trim();
  if (path === '') {
    throw new CommandError('Argument required (a file to save to).');
  }
  const { bytes, linktype } = await packetBytesOf(gdb.engine, await gdb.selected());
  const ns = gdb.engine.history?.here.ns ?? 0;
  const at = { tsSec: Math.floor(ns / 1e9), tsNsec: Math.floor(ns % 1e9) };
  await writeOut(gdb, path, writePcap([{ ...at, data: bytes }], { nano: true, linktype: linktype === 'ip' ? 101 : 1 }));
  gdb.out(`Wrote ${bytes.length} bytes to ${path}.\n`);
}

async function writeOut(gdb: GdbInterpreter, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeWhole(path, bytes, { signal: gdb.interruptible() });
  } catch (error) {
    gdb.interrupts.check();
    throw new CommandError(`Cannot write ${path}: ${(error as Error).message}`);
  }
}
