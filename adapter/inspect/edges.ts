/** What passed an edge of the machine so far, as a capture: by executing history again. */
import type { EngineApi, Note } from '../engine/api.ts';
import { PACKET_LAYERS, type PacketLayer } from '../engine/api.ts';
import { type Capture, CapturePacket, LINKTYPE_ETHERNET } from '../packets/types.ts';

/** Nanoseconds of a second. */
const SECOND = 1e9;

/** The packets that passed a layer, with the moments at which they did. */
export interface EdgeCapture {
  readonly capture: Capture;
  /** Where in history each packet passed, in the same order. */
  readonly notes: readonly Note[];
}

/** All frames that passed a layer up to the moment that is shown. Throws where history is off or the machine runs. */
export async function edgeCapture(engine: EngineApi, layer: PacketLayer): Promise<EdgeCapture> {
  const points = PACKET_LAYERS[layer].map((name) => ({ name, at: 0, packet: true }));
  const notes = (await engine.trace(points)).filter((n) => n.packet?.link === 'ethernet');
  const packets = notes.map(({ ns, packet }, i) => {
    const bytes = packet?.bytes ?? new Uint8Array(0);
    return new CapturePacket(i + 1, Math.floor(ns / SECOND), ns % SECOND, bytes, bytes.length, 0);
  });
  const iface = { linktype: LINKTYPE_ETHERNET, name: layer, snaplen: 0, ticksPerSecond: SECOND, tsOffset: 0 };
  const capture: Capture = {
    format: 'pcapng',
    bigEndian: false,
    interfaces: [iface],
    packets,
    customBlocks: [],
    comments: new Map(),
    names: new Map(),
    truncated: false,
    warnings: [],
  };
  return { capture, notes };
}
