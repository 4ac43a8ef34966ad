/** Packets and the lanes they pass: rows of a picture. Needs nothing of VS Code. */
import type { JourneysBody } from '../../adapter/dap/custom.ts';

/** Packets that are drawn: the last ones. */
const MAX_ROWS = 500;

/** Where a packet came into a lane. */
export interface Stop {
  readonly lane: number;
  readonly fn: string;
  /** A moment in `pktgdb/goTo`'s words. */
  readonly moment: string;
  readonly ms: number;
}

export interface JourneyRow {
  readonly id: number;
  readonly text: string;
  readonly end: string;
  readonly dropped: boolean;
  readonly stops: readonly Stop[];
}

/** The rows of all packets, the first one first. In a lane that a packet passes twice, it stands as it came first. */
export function journeyRows({ layers, packets }: JourneysBody): JourneyRow[] {
  return packets.slice(-MAX_ROWS).map(({ id, text, end, relation, passes }) => {
    const stops = new Map<number, Stop>();
    for (const { layer, fn, tick, probe, ns } of passes) {
      const lane = layers.indexOf(layer);
      if (lane >= 0 && !stops.has(lane)) {
        stops.set(lane, { lane, fn, moment: `${tick}:${probe}`, ms: ns / 1e6 });
      }
    }
    return {
      id,
      text,
      end: relation === '' ? end : `${end} (${relation})`,
      dropped: end.startsWith('dropped'),
      stops: [...stops.values()].sort((a, b) => a.lane - b.lane),
    };
  });
}
