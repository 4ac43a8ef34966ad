/**
 * What packets before say of the packet of a frame: those that passed the frame's side of the machine are looked
 * through, which executes history again.
 */
import { type EngineApi, EngineError, type Frame, type PacketBytes, type PacketLayer } from '../engine/api.ts';
import { Conversations } from '../packets/conversations.ts';
import { FIELDS, type PacketView } from '../packets/fields.ts';
import { edgeCapture } from './edges.ts';
import type { FilterWords } from './filter-words.ts';
import { packetView } from './packets.ts';

/** Answers of `CompileContext.remembered`. */
export type Remembered = (what: 'field' | 'filter', text: string) => string;

/** What fields and filters are of the packet of a frame; all are absent where history is off. */
export async function remembered(engine: EngineApi, frame: Frame, filters: FilterWords): Promise<Remembered> {
  const view = await viewAmongOthers(engine, frame, filters.layer);
  return (what, text) => {
    if (view === undefined) {
      return what === 'field' ? 'undefined' : 'false';
    }
    return what === 'field' ? literal(FIELDS[text]?.get(view)) : String(filters.compile(text).matches(view));
  };
}

/**
 * The frame's packet in the place of the last one like it that passed; if none has, it is the next. Undefined where the
 * function handles no packet, or history is off.
 */
export async function viewAmongOthers(
  engine: EngineApi,
  frame: Frame,
  layerElse: PacketLayer,
): Promise<PacketView | undefined> {
  const packet = await engine.packet(frame.index);
  if (packet === undefined) {
    return undefined;
  }
  const layer: PacketLayer = frame.fn.file.startsWith('slirp/') ? 'slirp' : layerElse;
  let passed: Awaited<ReturnType<typeof edgeCapture>>;
  try {
    passed = await edgeCapture(engine, layer);
  } catch (error) {
    if (error instanceof EngineError) {
      return undefined;
    }
    throw error;
  }
  const conversations = new Conversations();
  const own = packetView(packet);
  const last = passed.capture.packets.findLastIndex(({ data }) => isSame(packet, data));
  for (const [i, { data }] of passed.capture.packets.entries()) {
    const view = i === last ? own : packetView({ bytes: data, linktype: 'ethernet', ...known(packet, data) });
    conversations.add(view, (passed.notes[i]?.ns ?? 0) / 1e9);
  }
  if (last < 0) {
    conversations.add(own, (engine.history?.here.ns ?? 0) / 1e9);
  }
  return own;
}

const known = (packet: PacketBytes, data: Uint8Array): Pick<PacketBytes, 'known'> =>
  packet.known && isSame(packet, data) ? { known: packet.known } : {};

const ETHERNET_HEADER = 14;

/** Whether a frame is the packet, or carries it. */
function isSame({ bytes, linktype }: PacketBytes, data: Uint8Array): boolean {
  const from = linktype === 'ethernet' ? 0 : ETHERNET_HEADER;
  return data.length >= from + bytes.length && Buffer.compare(data.subarray(from, from + bytes.length), bytes) === 0;
}

function literal(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `Uint8Array.of(${value.join(',')})`;
  }
  return typeof value === 'bigint' ? `${value}n` : value === undefined ? 'undefined' : JSON.stringify(value);
}
