/** Who talks with whom: a key for each pair of ends of TCP, UDP and the like. */
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';

/** A key that both directions share, and which direction this packet goes. */
export interface Endpoints {
  readonly key: string;
  readonly dir: 0 | 1;
}

/** The ends of a layer with ports at its start. */
export function endpointsOf(p: PacketView, l: Layer): Endpoints {
  const [from, to] = addressesOf(p, l);
  return keyOf(`${from}:${p.u16(l.at)}`, `${to}:${p.u16(l.at + 2)}`);
}

/** The addresses below a layer, as text that means nothing. */
export function addressesOf(p: PacketView, l: Layer): readonly [source: string, destination: string] {
  let ip = l.below;
  while (ip !== null && ip.protocol.name !== 'ip' && ip.protocol.name !== 'ipv6') {
    ip = ip.below;
  }
  if (ip === null) {
    return ['', ''];
  }
  const [off, n] = ip.protocol.name === 'ip' ? [12, 4] : [8, 16];
  const at = ip.at + off;
  return [p.bytes(at, at + n).join('.'), p.bytes(at + n, at + 2 * n).join('.')];
}

/** The key of two ends that go from the first to the second. */
export function keyOf(source: string, destination: string): Endpoints {
  return source <= destination
    ? { key: `${source} ${destination}`, dir: 0 }
    : { key: `${destination} ${source}`, dir: 1 };
}
