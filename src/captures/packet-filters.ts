/** Display filters that are made of a packet. Needs nothing of VS Code. */
import type { PacketView } from '../../adapter/packets/packet-view.ts';
import { tcp } from '../../adapter/packets/protocols/tcp.ts';
import { udp } from '../../adapter/packets/protocols/udp.ts';
import { summary } from '../../adapter/packets/summary.ts';

/** All packets between the two ends of this one, either way. Empty for a packet without addresses. */
export function conversationFilter(p: PacketView): string {
  const { source, destination } = summary(p);
  const field = source.includes('.') ? 'ip.addr' : isMac(source) ? 'eth.addr' : 'ipv6.addr';
  const ends = [source, destination].filter((address) => address !== '' && !/[^\da-f.:]/i.test(address));
  const segment = p.first(tcp);
  const l = segment ?? p.first(udp);
  const ports = l ? [p.u16(l.at), p.u16(l.at + 2)] : [];
  const name = segment ? 'tcp.port' : 'udp.port';
  return [...ends.map((address) => `${field} == ${address}`), ...ports.map((port) => `${name} == ${port}`)].join(
    ' && ',
  );
}

function isMac(address: string): boolean {
  return /^(?:[\da-f]{2}:){5}[\da-f]{2}$/i.test(address);
}

/** The stream of a segment if its number is known, else the conversation. */
export function streamFilter(p: PacketView, stream: number | undefined): string {
  return stream === undefined ? conversationFilter(p) : `tcp.stream == ${stream}`;
}
