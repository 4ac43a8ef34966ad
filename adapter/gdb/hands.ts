/** `drop`, `delay`, `edit`, `inject`, `set link`, `show link`: packets in the user's hands. */
import { existsSync } from 'node:fs';
import { CommandError } from '../commands/command.ts';
import type { InjectEdge, LinkFaults, PacketBytes } from '../engine/api.ts';
import { askMonitor } from '../inspect/connections.ts';
import { delayHere, dropHere, editPacket, said } from '../inspect/hands.ts';
import { packetEnds, packetView } from '../inspect/packets.ts';
import { linktypeKind, readCapture } from '../packets/capture.ts';
import { makePacket } from '../packets/edit.ts';
import { PacketView } from '../packets/fields.ts';
import { captureBytes } from '../replay/open.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Longest frame that can be put in. */
const MAX_FRAME = 9018;
const INJECT_EDGES: readonly InjectEdge[] = ['slirp', 'net', 'nic'];

function text(packet: PacketBytes): string {
  return `${packet.bytes.length} bytes: ${packetEnds(packetView(packet))}`;
}

export async function dropPacket(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() !== '') {
    throw new CommandError('"drop" takes no argument: it is about the packet of the innermost frame.');
  }
  gdb.out(`Dropped ${text(await dropHere(gdb.engine))}.\n`);
}

export async function delayPacket(gdb: GdbInterpreter, args: string): Promise<void> {
  const ns = timeOf(args.trim().replace(/^\$pkt\s+/, ''));
  if (ns === undefined) {
    throw new CommandError('Usage: delay $pkt TIME, for example: delay $pkt 200ms');
  }
  gdb.out(`Held back for ${ns / 1e6} ms: ${text(await delayHere(gdb.engine, ns))}.\n`);
}

/** Nanoseconds of `200ms`, `1.5s`, `30us`; undefined for anything else. */
function timeOf(word: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ns|us|ms|s)$/.exec(word) ?? [];
  return number === undefined
    ? undefined
    : Math.round(Number(number) * ({ ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[unit] ?? 1));
}

export async function edit(gdb: GdbInterpreter, args: string): Promise<void> {
  const raw = /^\/raw\s|\s\/raw\s*$/.test(args);
  const [, target, value] = /^\s*([\w.$-]+)\s*=\s*(\S[\s\S]*)$/.exec(args.replace(/^\s*\/raw\s|\s\/raw\s*$/, '')) ?? [];
  if (target === undefined || value === undefined) {
    throw new CommandError('Usage: edit $pkt.FIELD = VALUE [/raw], for example: edit $pkt.ip.ttl = 1');
  }
  const { name, before, after } = await editPacket(gdb.engine, await gdb.selected(), {
    target,
    value: value.trim(),
    raw,
  });
  gdb.out(`${name}: ${before} -> ${after}\n`);
}

/** `inject FILE | HEX | "field=value ..." at EDGE`. */
export async function inject(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, what = '', edge = ''] = /^([\s\S]+?)\s+at\s+(\w+)\s*$/.exec(args.trim()) ?? [];
  const found = INJECT_EDGES.find((e) => e === edge);
  if (found === undefined) {
    throw new CommandError(`Usage: inject FILE | HEX | "field=value ..." at EDGE; EDGE is ${INJECT_EDGES.join(', ')}.`);
  }
  if (gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError('The program is not being run.');
  }
  const frames = await framesOf(gdb, what.trim(), found);
  for (const frame of frames) {
    if (frame.length > MAX_FRAME || frame.length < 14) {
      throw new CommandError(`A frame of ${frame.length} bytes cannot be put in: 14 to ${MAX_FRAME} bytes can.`);
    }
  }
  for (const frame of frames) {
    gdb.engine.inject(found, frame);
    gdb.out(`Put in at ${edge}: ${frame.length} bytes: ${packetEnds(new PacketView(frame, 'ethernet'))}\n`);
  }
}

async function framesOf(gdb: GdbInterpreter, what: string, edge: InjectEdge): Promise<readonly Uint8Array[]> {
  const hex = what.replace(/^"|"$/g, '').replace(/^0x/, '').replace(/[\s:]/g, '');
  if (/^(?:[0-9a-f]{2})+$/i.test(hex) && (hex.length >= 28 || !existsSync(what))) {
    return [new Uint8Array(Buffer.from(hex, 'hex'))];
  }
  const quoted = /^"([\s\S]*)"$/.exec(what)?.[1] ?? /^'([\s\S]*)'$/.exec(what)?.[1];
  if (quoted === undefined && existsSync(what)) {
    const { packets, interfaces } = readCapture(await captureBytes(what, gdb.interruptible()));
    const frames = packets.filter((p) => linktypeKind(interfaces[p.iface]?.linktype ?? -1) === 'ethernet');
    if (frames.length === 0) {
      throw new CommandError(`${what} has no Ethernet frames.`);
    }
    return frames.map((p) => p.data);
  }
  const fields = quoted ?? what;
  if (!/=/.test(fields)) {
    throw new CommandError(`${what} is no file, no bytes in hexadecimal and no "field=value ...".`);
  }
  return [said(() => makePacket(fields.replaceAll('\\"', '"'), edge === 'nic'))];
}

/** `set link NAME loss 1% delay 20ms duplicate 1% reorder 5%`, or `off`. */
export async function setLink(gdb: GdbInterpreter, args: string): Promise<void> {
  const [name = '', ...words] = args.split(/\s+/).filter((w) => w !== '');
  await knownLink(gdb, name);
  const faults = faultsOf(words);
  gdb.engine.setLink(name, faults);
  gdb.links.delete(name);
  if (faults.loss + faults.duplicate + faults.reorder + faults.delayNs > 0) {
    gdb.links.set(name, faults);
  }
}

/** Throws `CommandError` unless "info network" has a link of the name. */
async function knownLink(gdb: GdbInterpreter, name: string): Promise<void> {
  const names = [...(await askMonitor(gdb.engine, 'info network')).matchAll(/([\w.#-]+): index=/g)].map((m) => m[1]);
  if (name === '' || !names.includes(name)) {
    const known = names.length > 0 ? ` Links: ${names.join(', ')}.` : '';
    throw new CommandError(`${name === '' ? 'Argument required (a link).' : `There is no link "${name}".`}${known}`);
  }
}

function faultsOf(words: readonly string[]): LinkFaults {
  const faults = { loss: 0, duplicate: 0, reorder: 0, delayNs: 0 };
  if (words.length === 1 && words[0] === 'off') {
    return faults;
  }
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const value = words[i + 1];
    if (word === 'delay') {
      faults.delayNs = delayOf(value);
      i++;
    } else if (word === 'loss' || word === 'duplicate' || word === 'reorder') {
      const said = value !== undefined && /^[-+\d.]/.test(value);
      faults[word] = said || word === 'loss' ? shareOf(word, value) : DEFAULT_SHARE;
      i += said ? 1 : 0;
    } else {
      throw new CommandError(`"${word}" is no fault; use loss P%, delay TIME, duplicate [P%], reorder [P%], or off.`);
    }
  }
  if (words.length === 0) {
    throw new CommandError('Argument required (loss P%, delay TIME, duplicate [P%], reorder [P%], or off).');
  }
  return faults;
}

function delayOf(value = ''): number {
  const ns = timeOf(value);
  if (ns === undefined) {
    throw new CommandError(
      `${value === '' ? 'Argument required' : `"${value}" is no time`} (delay 20ms; or ns, us, s).`,
    );
  }
  return ns;
}

/** The part of the packets that `5%` is. */
function shareOf(fault: string, value = ''): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(value) ?? [];
  if (percent === undefined || Number(percent) > 100) {
    const what = value === '' ? 'Argument required' : `"${value}" is no part of the packets`;
    throw new CommandError(`${what} (${fault} 1%; up to 100%).`);
  }
  return Number(percent) / 100;
}

/** Part of the packets where no percentage is said. */
const DEFAULT_SHARE = 0.01;

/** `show link [NAME]`. */
export async function showLink(gdb: GdbInterpreter, args: string): Promise<void> {
  const asked = args.trim();
  const shown = [...gdb.links].filter(([name]) => asked === '' || name === asked);
  for (const [name, { loss, duplicate, reorder, delayNs }] of shown) {
    const parts = Object.entries({ loss, duplicate, reorder }).flatMap(([k, v]) =>
      v > 0 ? [`${k} ${Number((v * 100).toPrecision(12))}%`] : [],
    );
    gdb.out(`${name}: ${[...parts, ...(delayNs > 0 ? [`delay ${delayNs / 1e6}ms`] : [])].join(' ')}\n`);
  }
  if (asked === '') {
    gdb.out(gdb.links.size === 0 ? 'All links carry every packet, at once and in order.\n' : '');
  } else if (shown.length === 0) {
    await knownLink(gdb, asked);
    gdb.out(`${asked} carries every packet, at once and in order.\n`);
  }
}
