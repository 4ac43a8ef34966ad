/** The account of a replay: what became of each packet and each connection, as far as it has been played. */
import { type ConnectionColumns, sideOf } from './connections.ts';
import { countRoles } from './describe.ts';
import { countsOf, type Grade } from './divergence.ts';
import { formatAddress } from './hosts.ts';
import {
  AT_END,
  AT_GAPS,
  AT_PACKET,
  AT_TIME,
  AT_ZEROS,
  MAX_GAPS_NAMED,
  OUR_REASONS,
  openerOf,
  type ReplayPlan,
  STATE_CUT,
  STATE_GAPS,
  STATE_MADE_UP,
  STATE_PLAYED,
} from './plan.ts';

export type ConnectionStatus = 'complete' | 'partial' | 'not played';

/** One TCP connection of the capture, with the capture's own addresses and Wireshark's stream number. */
export interface ConnectionAccount {
  readonly stream: number;
  readonly guest: string;
  readonly guestPort: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly initiator: 'guest' | 'remote';
  readonly status: ConnectionStatus;
  /** Why it was not played, or empty. */
  readonly reason: string;
  /** Bytes of payload that came through, and that the capture has. */
  readonly toHost: number;
  readonly toGuest: number;
  readonly ofGuest: number;
  readonly ofHost: number;
}

/** Bytes `from` to `to` of what the host sent on a connection, which are nowhere in the capture. */
export interface Gap {
  readonly stream: number;
  /** The packet that shows it. */
  readonly packet: number;
  readonly from: number;
  readonly to: number;
}

export interface Account {
  /** Packets read so far, and seconds since the first one. */
  readonly position: number;
  readonly seconds: number;
  /** All has been played. */
  readonly finished: boolean;
  readonly packets: number;
  readonly played: number;
  readonly notPlayed: Readonly<Record<string, number>>;
  /** Those of them that could have been played. */
  readonly faults: number;
  readonly connections: {
    readonly total: number;
    readonly complete: number;
    readonly partial: number;
    readonly notPlayed: Readonly<Record<string, number>>;
  };
  /** Bytes of TCP payload that came through. */
  readonly bytes: { readonly toHost: number; readonly toGuest: number };
  /** Gaps that were played as zeros, and their bytes; the first ones by name. */
  readonly gaps: { readonly count: number; readonly bytes: number; readonly named: readonly Gap[] };
  /** Packets that were cut when they were captured. */
  readonly cut: number;
  /** Pairs of packets by how they compare. */
  readonly divergences: Readonly<Record<Grade, number>>;
}

/** The account of everything. */
export function accountOf(plan: ReplayPlan): Account {
  const { guest, host, notPlayed } = countRoles(plan.roles);
  const of = { complete: 0, partial: 0 };
  const reasons: Record<string, number> = {};
  const bytes = { toHost: 0, toGuest: 0 };
  for (let id = 0; id < plan.connectionCount; id++) {
    const { status, reason } = statusOf(plan, id);
    if (status === 'not played') {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    } else {
      of[status]++;
    }
    bytes.toHost += plan.progress.toHost[id] ?? 0;
    bytes.toGuest += plan.progress.toGuest[id] ?? 0;
  }
  return {
    position: plan.position[AT_PACKET] ?? 0,
    seconds: (plan.position[AT_TIME] ?? 0) / 1e9,
    finished: plan.position[AT_END] === 1,
    packets: plan.roles.length,
    played: guest + host,
    notPlayed,
    faults: OUR_REASONS.reduce((n, reason) => n + (notPlayed[reason] ?? 0), 0),
    connections: { total: plan.connectionCount, ...of, notPlayed: reasons },
    bytes,
    gaps: gapsOf(plan),
    cut: plan.cut,
    divergences: countsOf(plan),
  };
}

/** The gaps of a replay so far. */
export function gapsOf({ position, gaps }: ReplayPlan): Account['gaps'] {
  const count = position[AT_GAPS] ?? 0;
  const named = Array.from({ length: Math.min(count, MAX_GAPS_NAMED) }, (_, i) => ({
    stream: gaps.stream[i] ?? 0,
    packet: gaps.packet[i] ?? 0,
    from: gaps.from[i] ?? 0,
    to: gaps.to[i] ?? 0,
  }));
  return { count, bytes: position[AT_ZEROS] ?? 0, named };
}

/** Gaps that are named one by one. */
const MAX_GAPS_TOLD = 20;

/** Names what had to be made up: bytes of the host's that are nowhere in the capture. A line each. */
export function describeGaps(gaps: Account['gaps']): string[] {
  const lines = gaps.named.slice(0, MAX_GAPS_TOLD).map(({ stream, packet, from, to }) => {
    const bytes = to === from ? `byte ${from}` : `bytes ${from} to ${to}`;
    return (
      `replay: ${bytes} sent to the guest in tcp.stream ${stream}, missing before packet ${packet}, ` +
      'are nowhere in the capture: zeros were played'
    );
  });
  return gaps.count > MAX_GAPS_TOLD
    ? [...lines, `replay: there are ${gaps.count} such gaps, ${gaps.bytes} bytes in all`]
    : lines;
}

function statusOf(plan: ReplayPlan, id: number): { status: ConnectionStatus; reason: string } {
  const side = (plan.guestSide[id] ?? 0) - 1;
  const state = plan.progress.state[id] ?? 0;
  if (side < 0) {
    return { status: 'not played', reason: 'between other hosts' };
  }
  if (!(state & STATE_PLAYED)) {
    return { status: 'not played', reason: 'not reached, or without a beginning' };
  }
  const { ofGuest, ofHost } = lengthsOf(plan.connections, id, side);
  const whole = (plan.progress.toHost[id] ?? 0) >= ofGuest && (plan.progress.toGuest[id] ?? 0) >= ofHost;
  return { status: whole && !(state & (STATE_CUT | STATE_GAPS | STATE_MADE_UP)) ? 'complete' : 'partial', reason: '' };
}

/** Bytes of payload that the capture has of both sides. */
function lengthsOf(c: ConnectionColumns, id: number, side: number): { ofGuest: number; ofHost: number } {
  const length = (s: number): number => Math.max(0, (sideOf(c, s).end[id] ?? 0) - 1);
  return { ofGuest: length(side), ofHost: length(1 - side) };
}

/** The account of each connection, in the order of their numbers. */
export function* connectionAccounts(plan: ReplayPlan): Generator<ConnectionAccount> {
  const c = plan.connections;
  for (let id = 0; id < plan.connectionCount; id++) {
    const known = (plan.guestSide[id] ?? 0) - 1;
    const side = Math.max(0, known);
    const [guest, remote] = [sideOf(c, side), sideOf(c, 1 - side)];
    const address = (host: number | undefined): string => formatAddress(plan.addresses[host ?? 0] ?? new Uint8Array(4));
    yield {
      stream: id,
      guest: address(guest.host[id]),
      guestPort: guest.port[id] ?? 0,
      remote: address(remote.host[id]),
      remotePort: remote.port[id] ?? 0,
      initiator: openerOf(c, id) === side ? 'guest' : 'remote',
      ...statusOf(plan, id),
      toHost: plan.progress.toHost[id] ?? 0,
      toGuest: plan.progress.toGuest[id] ?? 0,
      ...lengthsOf(c, id, side),
    };
  }
}
