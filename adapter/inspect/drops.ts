/** Packets that were dropped: how many for each reason, which, where in history, and what to do. */
import { type EngineApi, EngineError, type Note } from '../engine/api.ts';
import { FIELDS, formatField, PacketView } from '../packets/fields.ts';
import { formatSummary, summary } from '../packets/summary.ts';
import { DROP_REASONS, type DropReason } from '../stack/util/drop_reasons.ts';
import { askMonitor } from './connections.ts';
import { DROP_ADVICE } from './drop-advice.ts';

/** Reasons of packets that are given up because all of them is here already. */
const NO_LOSS: ReadonlySet<string> = new Set<DropReason>(['TCP_DUPLICATE']);

/** How many packets were lost for each reason that there was; undefined once the machine is gone. */
export async function droppedPackets(engine: EngineApi): Promise<Readonly<Record<string, number>> | undefined> {
  const all = await packetsGivenUp(engine);
  return all && Object.fromEntries(Object.entries(all).filter(([reason]) => !NO_LOSS.has(reason)));
}

/** The same with those that are no loss. */
export async function packetsGivenUp(engine: EngineApi): Promise<Readonly<Record<string, number>> | undefined> {
  const text = await askMonitor(engine, 'info drops');
  const rows = [...text.matchAll(/^(\d+)\s+([A-Z]\w*)/gm)].map(([, n, reason = '']) => [reason, Number(n)] as const);
  return rows.length === 0 && text === '' ? undefined : Object.fromEntries(rows);
}

/** A packet that was given up. */
export interface DroppedPacket {
  readonly reason: string;
  readonly tick: number;
  readonly probe: number;
  /** The machine's clock. */
  readonly ns: number;
  /** Its line in a packet list; empty where there were no bytes. */
  readonly summary: string;
  readonly view: PacketView | undefined;
}

/** All drops up to the moment that is shown; undefined where nothing can be executed again. */
export async function dropsSoFar(engine: EngineApi): Promise<readonly DroppedPacket[] | undefined> {
  if (engine.state !== 'stopped' || engine.history === undefined) {
    return undefined;
  }
  try {
    const notes = await engine.trace([{ name: 'drop', at: 0, packet: true, data: 'reason' }]);
    return notes.map(droppedPacket);
  } catch (error) {
    if (error instanceof EngineError) {
      return undefined;
    }
    throw error;
  }
}

function droppedPacket({ tick, probe, ns, packet, data }: Note): DroppedPacket {
  const view = packet && packet.bytes.length > 0 ? new PacketView(packet.bytes, packet.link) : undefined;
  return { reason: String(data), tick, probe, ns, summary: view ? formatSummary(summary(view)) : '', view };
}

/** What a reason means, where that is written, and what to do about the last packet that had it. */
export function explainDrop(reason: string, view?: PacketView): readonly string[] {
  const known = DROP_ADVICE[reason as DropReason];
  return known === undefined ? [] : [`${known.section}: ${filled(known.advice, view)}`];
}

/** The explanation of a reason. */
export function dropMeaning(reason: string): string {
  return DROP_REASONS[reason as DropReason] ?? '';
}

/** Puts fields of the packet where an advice names them. */
function filled(advice: string, view: PacketView | undefined): string {
  return advice.replace(/\{([\w.]+)\}/g, (_, name: string) => {
    const names = name === 'port' ? ['tcp.dstport', 'udp.dstport'] : [name];
    for (const one of names) {
      const value = view && FIELDS[one]?.get(view);
      if (value !== undefined) {
        return formatField(one, value).replace(/^.*\((0x[0-9a-f]+)\)$/, '$1');
      }
    }
    return `(${WORDS[name] ?? name})`;
  });
}

/** What stands where no packet is known. */
const WORDS: Readonly<Record<string, string>> = {
  port: 'the port',
  'ip.dst': 'the address',
  'eth.dst': 'another address',
};
