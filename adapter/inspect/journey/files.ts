/** Journeys as files: pcapng with an interface for each edge, and VPP's dispatch trace. */
import { PACKET_LAYERS } from '../../engine/api.ts';
import { dispatchRecord, LINKTYPE_VPP_DISPATCH } from '../../packets/dispatch-trace.ts';
import { concat, writePcap } from '../../packets/pcap.ts';
import { PcapngWriter } from '../../packets/pcapng.ts';
import type { Hop, Journey } from './journey.ts';

const SECOND = 1e9;

function at({ ns }: Hop): { readonly tsSec: number; readonly tsNsec: number } {
  return { tsSec: Math.floor(ns / SECOND), tsNsec: Math.floor(ns % SECOND) };
}

/** All hops in the order in which they happened. */
function inOrder(all: readonly Journey[]): { readonly journey: Journey; readonly hop: Hop }[] {
  const hops = all.flatMap((journey) => journey.hops.map((hop, i) => ({ journey, hop, i })));
  return hops.sort((a, b) => a.hop.tick - b.hop.tick || a.hop.ns - b.hop.ns || a.i - b.i);
}

/** A record for each function that each packet passed. */
export function dispatchTrace(all: readonly Journey[]): Uint8Array {
  const records = inOrder(all).map(({ journey, hop }) => ({
    ...at(hop),
    data: dispatchRecord({
      buffer: journey.id,
      node: hop.fn,
      metadata: `layer: ${hop.layer}, tick: ${hop.tick}`,
      trace: [journey.text, journey.relation, hop.change, journey.end].filter((t) => t !== '').join('; '),
      link: hop.link,
      data: hop.bytes,
    }),
  }));
  return writePcap(records, { linktype: LINKTYPE_VPP_DISPATCH, nano: true });
}

/** The edges' interfaces, and the functions where packets pass them. */
const EDGES = Object.entries(PACKET_LAYERS);

/** Packets as they passed each edge, with identities (`epb_packetid`), verdicts and comments. */
export function journeyCapture(all: readonly Journey[]): Uint8Array {
  const w = new PcapngWriter();
  const parts = [w.section('pktgdb'), ...EDGES.map(([name]) => w.interface(name))];
  for (const { journey, hop } of inOrder(all)) {
    const edge = EDGES.findIndex(([, fns]) => (fns as readonly string[]).includes(hop.fn));
    const dropped = hop.fn === 'drop';
    if (hop.link !== 'ethernet' || (edge < 0 && !dropped)) {
      continue;
    }
    const comment = [`packet ${journey.id} in ${hop.fn}`, journey.relation, journey.end]
      .filter((t) => t !== '')
      .join('; ');
    const more = { packetId: journey.id, verdict: dropped ? VERDICT.drop : VERDICT.pass };
    parts.push(w.packet({ ...at(hop), data: hop.bytes }, Math.max(0, edge), comment, more));
  }
  return concat(parts);
}

/** Verdicts of Linux' eBPF hook at traffic control (`TC_ACT_`), which pcapng has values for. */
const VERDICT = { pass: 0, drop: 2 } as const;
