/** The way of a packet through the machine, as it is shown. */

/** A function that a packet passed. */
export interface Hop {
  readonly fn: string;
  /** One of `JOURNEY_LAYERS`, by the function's file. */
  readonly layer: string;
  readonly tick: number;
  readonly probe: number;
  readonly ns: number;
  /** What is different from before; empty if nothing is. */
  readonly change: string;
  readonly bytes: Uint8Array;
  readonly link: 'ethernet' | 'ip';
}

/** From the outside to the guest's programs. */
export const JOURNEY_LAYERS: readonly string[] = ['host', 'slirp', 'net', 'nic', 'driver', 'guest', 'program'];

/** Where a packet came into a layer, or was given up. */
export type JourneyPass = Pick<Hop, 'layer' | 'fn' | 'tick' | 'probe' | 'ns'>;

export interface Journey {
  /** From 1, in the order in which packets began. */
  readonly id: number;
  /** `10.0.2.2:80 -> 10.0.2.15:1024 TCP [ACK]`. */
  readonly text: string;
  readonly hops: readonly Hop[];
  /** `delivered to ...`, `dropped: REASON`, `in ...`. */
  readonly end: string;
  /** `fragment of 3`, `retransmission of 7`; empty. */
  readonly relation: string;
}

/** Packets that went the same way. */
export interface JourneyGroup {
  readonly path: readonly string[];
  readonly end: string;
  readonly ids: readonly number[];
}

/** The hops that lead into another layer, and the last one. */
export function passesOf(hops: readonly Hop[]): readonly JourneyPass[] {
  return hops
    .filter((h, i) => h.layer !== hops[i - 1]?.layer || i === hops.length - 1)
    .map(({ layer, fn, tick, probe, ns }) => ({ layer, fn, tick, probe, ns }));
}

/** Journeys by path and end, those of most packets first. */
export function groupJourneys(all: readonly Journey[]): readonly JourneyGroup[] {
  const groups = new Map<string, { path: string[]; end: string; ids: number[] }>();
  for (const j of all) {
    const path = j.hops.map((h) => h.fn).filter((fn, i, fns) => fn !== fns[i - 1]);
    const end = j.end.replace(/, bytes .*/, '').replace(/ \d+$/, '');
    const key = `${path.join(' ')}|${end}`;
    const group = groups.get(key) ?? { path, end, ids: [] };
    group.ids.push(j.id);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.ids.length - a.ids.length);
}
