/** What a replay will do with each packet of a capture, once it is known who the guest is. */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { type Columns, makeColumns } from '../packets/columns.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import {
  type CaptureAnalysis,
  DHCP_REPLY,
  DHCP_SERVER,
  ETHERNET,
  FROM_SLIRP,
  KIND_ARP,
  KIND_BAD_IP,
  KIND_CUT,
  KIND_LINK_TYPE,
  KIND_MASK,
  KIND_NOT_IP,
  KIND_PART,
  KIND_TCP,
  type PacketColumns,
  SIDE_1,
} from './analysis.ts';
import { type ConnectionColumns, sideOf } from './connections.ts';
import { isInFragments, partsOf, segmentOf } from './fragmented.ts';
import { chooseGuest, type GuestChoice, gatewayOf, userNetworkGuest } from './guest.ts';
import { formatAddress, ipv4Number, isGroup } from './hosts.ts';
import type { PartColumns } from './part-table.ts';
import { AT_COMPLETE, AT_ROLES, GRADE_COUNT, NOT_PLAYED, NUMBERS, REASONS, type Reason } from './places.ts';
import type { PreparedCapture } from './prepare.ts';

/** Roles of packets. */
export const ROLE_GUEST = 1;
export const ROLE_HOST = 2;

/** The role of packets that are not played for `reason`. */
export function roleFor(reason: Reason): number {
  return NOT_PLAYED + REASONS.indexOf(reason);
}

/** Reasons that are ours: the capture could have been played. */
export const OUR_REASONS: readonly Reason[] = ['too many servers'];

/** A port of the guest that clients of the host connect to. */
export interface NeededForward {
  readonly proto: 'tcp' | 'udp';
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** More `hostfwd` rules than that are not made. */
export const MAX_FORWARDS = 4096;

/** Bytes of a stream (from 1) that are nowhere in the capture, and the packet that shows it. */
const GAP_SPEC = { stream: Uint32Array, packet: Uint32Array, from: Float64Array, to: Float64Array } as const;
/** Gaps that are remembered for the account; all are counted. */
export const MAX_GAPS_NAMED = 1000;

const POSITIONS = 7;

const PROGRESS_SPEC = { toHost: Float64Array, toGuest: Float64Array, state: Uint8Array } as const;
/**
 * Something of the connection was played; its handshake was made up; bytes of it were nowhere in the capture, or cut
 * off.
 */
export const STATE_PLAYED = 1;
export const STATE_MADE_UP = 2;
export const STATE_GAPS = 4;
export const STATE_CUT = 8;

export interface ReplayPlan {
  readonly guest: GuestChoice;
  /** The capture is of a user network: its guest's frames are played as they are. */
  readonly slirp: boolean;
  /** By packet: `ROLE_`, or a reason + NOT_PLAYED. Changed while the replay goes on. */
  readonly roles: Uint8Array;
  /** By packet of the host's side: how it compares with what was sent (see divergence.ts), 0 until then. */
  readonly grades: Uint8Array;
  /** Where the replay is: see `AT_`. */
  readonly position: Float64Array;
  /** How many pairs of packets have been graded so, by grade - 1. */
  readonly tally: Float64Array;
  /** The account as it was told last (see numbers.ts). */
  readonly numbers: Float64Array;
  readonly gaps: Columns<typeof GAP_SPEC>;
  /** By connection: bytes that have come through, and `STATE_` bits. */
  readonly progress: Columns<typeof PROGRESS_SPEC>;
  readonly packets: PacketColumns;
  /** TCP segments in fragments (see `PartTable`). */
  readonly parts: PartColumns;
  readonly partCount: number;
  readonly connections: ConnectionColumns;
  readonly connectionCount: number;
  /** Streams of which something came late, again or never: edges of what is there, by 2 * connection + side. */
  readonly pieces: ReadonlyMap<number, readonly number[]>;
  /** By connection: the guest's side + 1; 0: not the guest's. */
  readonly guestSide: Uint8Array;
  /** Addresses by host id. */
  readonly addresses: readonly Uint8Array[];
  /** MAC addresses by host id; -1 where none is known. */
  readonly macs: readonly number[];
  /** The user network's own address (`host=`), or 0 for the default. */
  readonly gateway: number;
  /** `net=` and `ipv6-net=` that keep clear of the capture's addresses; empty for the defaults. */
  readonly network: string;
  readonly forwards: readonly NeededForward[];
  /**
   * In a capture of a user network: guests that it knew before, since it sends to them before they have said who they
   * are.
   */
  readonly known: readonly { readonly mac: number; readonly ip: number }[];
  readonly cut: number;
  readonly warnings: readonly string[];
}

/** Numbers before anything has been played: they have the packets by role. */
function packetNumbers(roles: Uint8Array): Float64Array {
  const numbers = new Float64Array(new SharedArrayBuffer(NUMBERS * 8));
  countPackets(numbers, roles);
  return numbers;
}

/** Counts all packets by role, in `numbers`. */
export function countPackets(numbers: Float64Array, roles: Uint8Array): void {
  numbers.fill(0, AT_ROLES, AT_COMPLETE);
  for (let i = 0; i < roles.length; i++) {
    const at = AT_ROLES + (roles[i] ?? 0);
    numbers[at] = (numbers[at] ?? 0) + 1;
  }
}

/** Packet `i` is not played after all, for `reason`; if it is of a segment in fragments, none of these is. */
export function giveUp(plan: ReplayPlan, i: number, reason: Reason): void {
  const segment = segmentOf(plan, i);
  for (const part of isInFragments(plan, segment) ? partsOf(plan, segment) : [i]) {
    setRole(plan, part, roleFor(reason));
  }
}

function setRole({ roles, numbers }: ReplayPlan, i: number, role: number): void {
  const was = AT_ROLES + (roles[i] ?? 0);
  numbers[was] = (numbers[was] ?? 0) - 1;
  numbers[AT_ROLES + role] = (numbers[AT_ROLES + role] ?? 0) + 1;
  roles[i] = role;
}

/** Plans the replay of a capture. `word` names the guest (see `chooseGuest`). */
export function planReplay(capture: PreparedCapture, word?: string): ReplayPlan {
  const { source, index, analysis } = capture;
  const slirp = analysis.slirpMacs.size > 0 && word === undefined;
  const guest = slirp ? userNetworkGuest(analysis) : chooseGuest(analysis, word);
  const connections = analysis.connections.columns;
  const connectionCount = analysis.connections.count;
  const roles = new Uint8Array(new SharedArrayBuffer(index.count));
  const packets = analysis.columns;
  for (let i = 0; i < index.count; i++) {
    roles[i] = slirp ? slirpRole(packets.what[i] ?? 0) : 0;
  }
  const guestSide = new Uint8Array(new SharedArrayBuffer(connectionCount));
  for (let id = 0; id < connectionCount; id++) {
    guestSide[id] = slirp ? sideBySlirp(analysis, roles, id) : sideByHost(connections, id, guest.ids);
  }
  if (!slirp) {
    for (let i = 0; i < index.count; i++) {
      roles[i] = foreignRole(packets, i, guest.ids, guestSide, analysis);
    }
  }
  const { hosts } = analysis.hosts;
  return {
    guest,
    slirp,
    roles,
    position: new Float64Array(new SharedArrayBuffer(POSITIONS * 8)),
    tally: new Float64Array(new SharedArrayBuffer(GRADE_COUNT * 8)),
    numbers: packetNumbers(roles),
    gaps: makeColumns(GAP_SPEC, MAX_GAPS_NAMED),
    grades: new Uint8Array(new SharedArrayBuffer(index.count)),
    progress: makeColumns(PROGRESS_SPEC, connectionCount),
    packets,
    parts: analysis.parts.columns,
    partCount: analysis.parts.count,
    connections,
    connectionCount,
    pieces: new Map([...analysis.connections.pieces].map(([key, c]) => [key, c.edges])),
    guestSide,
    addresses: hosts.map((h) => h.address),
    macs: hosts.map((h) => h.mac),
    gateway: slirp ? gatewayOf(analysis.slirpMacs) : 0,
    network: slirp ? '' : networkOptions(analysis),
    forwards: forwardsOf(analysis, roles, guestSide),
    known: slirp ? knownBefore(source, index, roles) : [],
    cut: analysis.cut,
    warnings: capture.warnings,
  };
}

/** In a capture of a user network, whatever does not come from slirp comes from a guest. */
function slirpRole(what: number): number {
  if (!(what & ETHERNET)) {
    return roleFor('link type without IP');
  }
  return what & FROM_SLIRP ? ROLE_HOST : ROLE_GUEST;
}

function sideBySlirp(analysis: CaptureAnalysis, roles: Uint8Array, id: number): number {
  const first = (analysis.connections.columns.first[id] ?? 1) - 1;
  return roles[first] === ROLE_GUEST ? 1 : roles[first] === ROLE_HOST ? 2 : 0;
}

function sideByHost(c: ConnectionColumns, id: number, ids: ReadonlySet<number>): number {
  const [own0, own1] = [ids.has(c.host0[id] ?? 0), ids.has(c.host1[id] ?? 0)];
  return own0 && own1 ? openerOf(c, id) + 1 : own0 ? 1 : own1 ? 2 : 0;
}

/** The side that opened a connection: by its SYN, else the one that does not look like a server. */
export function openerOf(c: ConnectionColumns, id: number): number {
  const known = c.opener[id] ?? 0;
  if (known > 0) {
    return known - 1;
  }
  return (c.port0[id] ?? 0) < (c.port1[id] ?? 0) ? 1 : 0;
}

function foreignRole(
  packets: PacketColumns,
  i: number,
  ids: ReadonlySet<number>,
  guestSide: Uint8Array,
  analysis: CaptureAnalysis,
): number {
  const what = packets.what[i] ?? 0;
  const kind = what & KIND_MASK;
  switch (kind) {
    case KIND_LINK_TYPE:
      return roleFor('link type without IP');
    case KIND_NOT_IP:
      return roleFor('not IP');
    case KIND_ARP:
      return roleFor('ARP of another network');
    case KIND_BAD_IP:
      return roleFor('damaged IP header');
  }
  const src = packets.src[i] ?? 0;
  const dst = packets.dst[i] ?? 0;
  const [from, to] = [ids.has(src), ids.has(dst)];
  // A DHCP server answers an address that is not its client's yet.
  const target = analysis.hosts.get(dst);
  const dhcp = (what & DHCP_REPLY) !== 0 && (isGroup(target.address) || target.sent === 0);
  if (!from && !to && !dhcp) {
    return roleFor('between other hosts');
  }
  if (kind === KIND_CUT) {
    return roleFor('cut within its headers');
  }
  if (from !== to) {
    return from ? ROLE_GUEST : ROLE_HOST;
  }
  const side = what & SIDE_1 ? 2 : 1;
  if (kind === KIND_TCP || kind === KIND_PART) {
    return guestSide[(packets.conv[i] ?? 1) - 1] === side ? ROLE_GUEST : ROLE_HOST;
  }
  return side === 1 ? ROLE_GUEST : ROLE_HOST;
}

/** Guests that slirp sends to before the capture shows how it learnt their MAC addresses. */
function knownBefore(source: ByteSource, index: PacketIndex, roles: Uint8Array): { mac: number; ip: number }[] {
  const learnt = new Set<number>();
  const known: { mac: number; ip: number }[] = [];
  const p = new TcpIpView();
  for (let i = 0; i < index.count; i++) {
    const data = index.bytes(source, i);
    p.set(data, 0, data.length, 'ethernet').find();
    if (roles[i] === ROLE_GUEST) {
      if (p.arp >= 0 && p.arp + 28 <= p.limit) {
        learnt.add(p.u32(p.arp + 14));
      }
    } else if (roles[i] === ROLE_HOST && p.ip >= 0) {
      if (!(p.u8(p.eth) & 1)) {
        const ip = p.u32(p.ip + 16);
        if (!learnt.has(ip)) {
          known.push({ mac: p.mac(p.eth), ip });
        }
        learnt.add(ip);
      } else if (p.udp >= 0 && p.u16(p.udp) === DHCP_SERVER && p.payload + 20 <= p.payloadEnd) {
        learnt.add(p.u32(p.payload + 16));
      }
    }
  }
  return known;
}

/** The default network, or the next one that has none of the capture's addresses: packets keep theirs. */
function networkOptions(analysis: CaptureAnalysis): string {
  const nets = new Set<number>();
  const prefixes = new Set<string>();
  for (const h of analysis.hosts.hosts.slice(1)) {
    if (h.address.length === 4) {
      nets.add(ipv4Number(h.address) >>> 8);
    } else {
      prefixes.add(formatAddress(Uint8Array.of(...h.address.subarray(0, 8), 0, 0, 0, 0, 0, 0, 0, 0)));
    }
  }
  let third = 2;
  while (nets.has(0x0a0000 + third)) {
    third++;
  }
  let n = 0;
  const prefix = (): string => (n === 0 ? 'fec0::' : `fec0:0:0:${n.toString(16)}::`);
  while (prefixes.has(prefix())) {
    n++;
  }
  const net = `10.${(third >> 8) & 255}.${third & 255}`;
  return (third === 2 ? '' : `,net=${net}.0/24,host=${net}.2`) + (n === 0 ? '' : `,ipv6-net=${prefix()}/64`);
}

/** What clients of the host need to reach the guest: a rule for each of its ports that is connected to. */
function forwardsOf(analysis: CaptureAnalysis, roles: Uint8Array, guestSide: Uint8Array): NeededForward[] {
  const found = new Map<string, NeededForward>();
  const need = (proto: 'tcp' | 'udp', host: number, port: number): void => {
    const key = `${proto} ${host} ${port}`;
    const { address } = analysis.hosts.get(host);
    // No rule has port 0 or the address that stands for none.
    if (port > 0 && address.some((b) => b !== 0) && !found.has(key) && found.size < MAX_FORWARDS) {
      found.set(key, { proto, address, port });
    }
  };
  const c = analysis.connections.columns;
  for (let id = 0; id < analysis.connections.count; id++) {
    const side = (guestSide[id] ?? 0) - 1;
    if (side >= 0 && openerOf(c, id) !== side) {
      const guest = sideOf(c, side);
      need('tcp', guest.host[id] ?? 0, guest.port[id] ?? 0);
    }
  }
  for (const { host, port, first } of analysis.udpServers()) {
    // QEMU has no rule for UDP over IPv6.
    const ipv4 = analysis.hosts.get(host).address.length === 4;
    if (ipv4 && roles[first] === ROLE_HOST && !((analysis.columns.what[first] ?? 0) & DHCP_REPLY)) {
      need('udp', host, port);
    }
  }
  return [...found.values()];
}
