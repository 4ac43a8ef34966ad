/** The frame: what is known of a packet before its bytes are looked at. */
import { computed } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';

function bytesAndBits(n: number): string {
  return `${n} bytes (${n * 8} bits)`;
}

/** The chain of protocols: `eth:ethertype:ip:tcp:http`. */
function protocolsOf(p: PacketView): string {
  return p
    .layers()
    .map((l) => chainOf(p, l))
    .filter((name) => name !== '')
    .join(':');
}

function chainOf(p: PacketView, l: Layer): string {
  const { chain = l.protocol.name } = l.protocol.declaration;
  return typeof chain === 'string' ? chain : chain(p, l);
}

function numberOf(p: PacketView): number {
  return p.number > 0 ? p.number : (p.known?.numberOf(p) ?? 0);
}

/** Seconds since the capture's first packet, if it is known which packet of it this is. */
function secondsOf(p: PacketView): number | undefined {
  const number = p.known === null ? 0 : numberOf(p);
  return number > 0 ? p.known?.secondsOf(number) : undefined;
}

export const frame: Protocol = new Protocol({
  name: 'frame',
  title: 'Frame',
  column: 'Frame',
  chain: '',
  found: {},
  header: 0,
  carries: 'linktype',
  line: (p) =>
    `Frame${numberOf(p) > 0 ? ` ${numberOf(p)}` : ''}: ${p.wireLength} bytes on wire (${p.wireLength * 8} bits), ` +
    `${p.len} bytes captured (${p.len * 8} bits)`,
  length: (p) => p.len,
  // The frame speaks only if it is too short for its link layer.
  columnOf: (p) => p.malformed()?.declaration.column ?? 'Frame',
  info: () => '[Malformed Packet]',
  fields: [
    computed('frame.time_relative', 'Time since reference or first frame', 'seconds', secondsOf, {
      label: (p) => `[Time since reference or first frame: ${secondsOf(p)?.toFixed(9)} seconds]`,
    }),
    computed('frame.number', 'Frame Number', 'uint32', (p) => (numberOf(p) > 0 ? numberOf(p) : undefined)),
    computed('frame.len', 'Frame Length', 'uint32', (p) => p.wireLength, {
      label: (p) => `Frame Length: ${bytesAndBits(p.wireLength)}`,
    }),
    computed('frame.cap_len', 'Capture Length', 'uint32', (p) => p.len, {
      label: (p) => `Capture Length: ${bytesAndBits(p.len)}`,
    }),
    computed('frame.protocols', 'Protocols in frame', 'string', protocolsOf, {
      label: (p) => `[Protocols in frame: ${protocolsOf(p)}]`,
    }),
  ],
});
