/** Echo requests and what answers them, of ICMP and ICMPv6 alike. */

import { addressesOf, keyOf } from '../endpoints.ts';
import type { Layer } from '../layer.ts';
import { BoundedMap, type Memory, MemoryKind } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { elapsed } from '../times.ts';

/** The request that a reply answers. */
export class EchoNote {
  readonly request: number;
  readonly seconds: number;

  constructor(request: number, seconds: number) {
    this.request = request;
    this.seconds = seconds;
  }
}

const REQUESTS = new MemoryKind(() => new BoundedMap<string, { readonly frame: number; readonly seconds: number }>());

/** Takes note of an echo: its identifier and sequence number are at 4 and 6 of the layer. */
export function rememberEcho(p: PacketView, l: Layer, memory: Memory, isRequest: boolean): EchoNote | null {
  const table = REQUESTS.of(memory);
  const key = `${l.protocol.name} ${keyOf(...addressesOf(p, l)).key} ${p.u16(l.at + 4)} ${p.u16(l.at + 6)}`;
  if (isRequest) {
    table.set(key, { frame: memory.number, seconds: memory.seconds });
    return null;
  }
  const request = table.get(key);
  table.delete(key);
  return request === undefined ? null : new EchoNote(request.frame, elapsed(request.seconds, memory.seconds));
}

export function echoNote(l: Layer): EchoNote | undefined {
  return l.note instanceof EchoNote ? l.note : undefined;
}

/** ` (request in 3)`: what the Info column says of a reply. */
export function answerWords(l: Layer): string {
  const request = echoNote(l)?.request;
  return request === undefined ? '' : ` (request in ${request})`;
}

/** Milliseconds between a request and its reply, in thousandths. */
export function responseTime(_: PacketView, l: Layer): number | undefined {
  const note = echoNote(l);
  return note === undefined ? undefined : Math.round(note.seconds * 1e6) / 1e3;
}
