/** What display filters cost for a packet that they do not mean, with the finding of its layers. */
import { readFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';

const FILTERS = [
  'ip.ttl == 3',
  'tcp.dstport == 1',
  'tcp.port == 1',
  'ip.addr == 192.0.2.0/24',
  'tcp.flags.fin == 1',
  'udp',
  'frame.len == 1',
  'tcp.flags.push == 1 && ip.ttl < 5 && tcp.port == 80',
  'tcp.flags.ack == 1 && ip.src == 192.0.2.1 && tcp.dstport == 80',
  'tcp.port == 1 || ip.addr == 192.0.2.1 || eth.src == 00:00:00:00:00:01',
];
const CALLS = 100_000;
/** The shortest of so many rounds counts, as some of them have a core for themselves. */
const ROUNDS = 20;
const KINDS = 4;

/** Nanoseconds of each filter for a packet, and the bytes that the heap grows by. */
export function measureFilters(): object {
  const packets = readCapture(readFileSync(new URL('../traces/05-http.pcap', import.meta.url))).packets;
  const some = packets.slice(10, 10 + KINDS).map((p) => p.data);
  const view = new PacketView();
  const compiled = FILTERS.map((text) => ({ text, matches: compileFilter(text).matches }));
  const round = (matches: (p: PacketView) => boolean): number => {
    let found = 0;
    const started = process.hrtime.bigint();
    for (let i = 0; i < CALLS; i++) {
      const data = some[i % KINDS] as Uint8Array;
      view.set(data, 0, data.length, 'ethernet');
      found += Number(matches(view));
    }
    const ns = Number(process.hrtime.bigint() - started) / CALLS;
    if (found > 0) {
      throw new Error('a filter is true for one of the packets');
    }
    return ns;
  };
  const best = compiled.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < ROUNDS; i++) {
    compiled.forEach(({ matches }, k) => {
      best[k] = Math.min(best[k] ?? 0, round(matches));
    });
  }
  const before = process.memoryUsage().heapUsed;
  round(compiled[0]?.matches ?? (() => false));
  const grown = (process.memoryUsage().heapUsed - before) / CALLS;
  return {
    bytesPerPacket: Number(Math.max(0, grown).toFixed(1)),
    ns: Object.fromEntries(compiled.map(({ text }, k) => [text, Number((best[k] ?? 0).toFixed(1))])),
  };
}
