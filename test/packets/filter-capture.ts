/** One capture with the packets of all others: what filters are compared on. */
import { readdirSync, readFileSync } from 'node:fs';
import { type CapturePacket, readCapture } from '../../adapter/packets/capture.ts';
import { PcapngWriter } from '../../adapter/packets/pcapng.ts';
import { join } from '../kit/frames.ts';
import { BUILT } from './protocol-samples.ts';

const TRACES = new URL('../traces/', import.meta.url);
/** Of long captures, so many packets. */
const MOST = 60;
const ETHERNET = 1;

/** The captures of the project after each other, and the packets that are made for tests. */
export function filterCapture(): Uint8Array {
  const writer = new PcapngWriter();
  const interfaces = new Map<number, number>();
  const blocks = [writer.section('pktgdb')];
  const add = (packet: Pick<CapturePacket, 'data' | 'tsSec' | 'tsNsec' | 'len'>, linktype: number): void => {
    const known = interfaces.get(linktype);
    const iface = known ?? interfaces.size;
    if (known === undefined) {
      interfaces.set(linktype, iface);
      blocks.push(writer.interface('', linktype));
    }
    blocks.push(writer.packet(packet, iface));
  };
  for (const name of [...files(''), ...files('foreign/')]) {
    const { packets, interfaces: all } = readCapture(readFileSync(new URL(name, TRACES)));
    for (const packet of packets.slice(0, MOST)) {
      add(packet, all[packet.iface]?.linktype ?? ETHERNET);
    }
  }
  Object.values(BUILT).forEach((data, i) => {
    add({ data, tsSec: 1_700_000_000 + i, tsNsec: 123_456_000, len: data.length }, ETHERNET);
  });
  return join(...blocks);
}

function files(folder: string): string[] {
  return readdirSync(new URL(folder === '' ? './' : folder, TRACES))
    .filter((f) => /\.pcap(ng)?$/.test(f))
    .sort()
    .map((f) => folder + f);
}
