/** The account of a replay: what became of each packet and each connection, as far as it has been played. */
import { type ConnectionColumns, sideOf } from './connections.ts';
import { type Grade, gradeCounts } from './divergence.ts';
import { formatAddress } from './hosts.ts';
import { COMPLETE, PARTIAL, statusOfConnection } from './numbers.ts';
import {
  AT_COMPLETE,
  AT_END,
  AT_GAPS,
  AT_PACKET,
  AT_PARTIAL,
  AT_ROLES,
  AT_TALLY,
  AT_TIME,
  AT_TO_GUEST,
  AT_TO_HOST,
  AT_ZEROS,
  NOT_PLAYED,
  REASONS,
} from './places.ts';
import { MAX_GAPS_NAMED, OUR_REASONS, openerOf, type ReplayPlan, ROLE_GUEST, ROLE_HOST } from './plan.ts';

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

/** The account of everything, as it was told last or as the numbers of a past moment say. */
export function accountOf(plan: ReplayPlan, numbers: ArrayLike<number> = plan.numbers): Account {
  const at = (i: number): number => numbers[i] ?? 0;
  const [complete, partial] = [at(AT_COMPLETE), at(AT_PARTIAL)];
  const notPlayed = reasonsOf(numbers);
  return {
    position: at(AT_PACKET),
    seconds: at(AT_TIME) / 1e9,
    finished: at(AT_END) === 1,
    packets: plan.roles.length,
    played: at(AT_ROLES + ROLE_GUEST) + at(AT_ROLES + ROLE_HOST),
    notPlayed,
    faults: OUR_REASONS.reduce((n, reason) => n + (notPlayed[reason] ?? 0), 0),
    connections: {
      total: plan.connectionCount,
      complete,
      partial,
      notPlayed: unplayedConnections(plan, plan.connectionCount - complete - partial),
    },
    bytes: { toHost: at(AT_TO_HOST), toGuest: at(AT_TO_GUEST) },
    gaps: gapsOf(plan, numbers),
    cut: plan.cut,
    divergences: gradeCounts((grade) => at(AT_TALLY + grade)),
  };
}

/** Packets that are not played, by reason. */
function reasonsOf(numbers: ArrayLike<number>): Record<string, number> {
  const counts = REASONS.map((reason, i) => [reason, numbers[AT_ROLES + NOT_PLAYED + i] ?? 0] as const);
  return Object.fromEntries(counts.filter(([, n]) => n > 0));
}

/** Why `count` connections have not been played. */
function unplayedConnections({ guestSide }: ReplayPlan, count: number): Record<string, number> {
  const others = guestSide.reduce((n, side) => n + (side === 0 ? 1 : 0), 0);
  const counts = { [OTHER_HOSTS]: others, [NO_BEGINNING]: count - others };
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
}

/** The gaps of a replay so far. */
export function gapsOf({ gaps, position }: ReplayPlan, numbers: ArrayLike<number> = position): Account['gaps'] {
  const count = numbers[AT_GAPS] ?? 0;
  const named = Array.from({ length: Math.min(count, MAX_GAPS_NAMED) }, (_, i) => ({
    stream: gaps.stream[i] ?? 0,
    packet: gaps.packet[i] ?? 0,
    from: gaps.from[i] ?? 0,
    to: gaps.to[i] ?? 0,
  }));
  return { count, bytes: numbers[AT_ZEROS] ?? 0, named };
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

const OTHER_HOSTS = 'between other hosts';
const NO_BEGINNING = 'not reached, or without a beginning';

function statusOf(plan: ReplayPlan, id: number): { status: ConnectionStatus; reason: string } {
  if (plan.guestSide[id] === 0) {
    return { status: 'not played', reason: OTHER_HOSTS };
  }
  switch (statusOfConnection(plan, id)) {
    case COMPLETE:
      return { status: 'complete', reason: '' };
    case PARTIAL:
      return { status: 'partial', reason: '' };
    default:
      return { status: 'not played', reason: NO_BEGINNING };
  }
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
