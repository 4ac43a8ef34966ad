/** What a replay came to, in words, and the two sides of a divergence as text to be held against each other. */
import { type Account, type Divergence, type EngineApi, GRADES, type Grade, type PacketBytes } from '../engine/api.ts';
import { dissectBytes, formatTree } from '../packets/dissect.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../packets/protocols/numbers.ts';
import { droppedPackets } from './drops.ts';

const ETHERNET_HEADER = 14;
const ETHERTYPE_AT = 12;
const IPV6_HEADER = 40;
/** The shortest IP header. */
const MIN_LENGTH = 20;

/** What became of a replay so far, each part of it in words; `drops` is empty once the machine is gone. */
export interface AccountText {
  readonly position: string;
  readonly packets: string;
  readonly connections: string;
  readonly bytes: string;
  readonly cut: string;
  readonly gaps: string;
  readonly drops: string;
  readonly divergences: string;
}

/** The account of a replay in words. */
export async function accountText(engine: EngineApi, account: Account): Promise<AccountText> {
  const { cut, bytes } = account;
  // The machine may go on, or end, while it is asked.
  const drops = await droppedPackets(engine).catch(() => undefined);
  return {
    position: positionText(account),
    packets: packetsText(account),
    connections: connectionsText(account),
    bytes: `${count(bytes.toHost)} to the host, ${count(bytes.toGuest)} to the guest`,
    cut: cut === 0 ? 'none' : `${count(cut)}; what was cut off is played as zeros`,
    gaps: gapsText(account),
    drops: dropsText(drops),
    divergences: divergencesText(account.divergences),
  };
}

/** The account in a few sentences, a line each; what is nothing to speak of is left out. */
export async function accountLines(engine: EngineApi, account: Account): Promise<string[]> {
  const t = await accountText(engine, account);
  return [
    `${account.finished ? '' : `${t.position}: `}${t.packets}.`,
    `Connections: ${t.connections}.  Bytes: ${t.bytes}.${t.drops === '' ? '' : `  Drops: ${t.drops}.`}`,
    ...(account.gaps.count > 0 ? [`Played as zeros: ${t.gaps}.`] : []),
    `Compared with the capture: ${t.divergences}.`,
  ];
}

/** `packet 512 of 2,360, 3.1 s`. */
export function positionText({ position, packets, seconds }: Account): string {
  return `packet ${count(position)} of ${count(packets)}, ${seconds.toFixed(1)} s`;
}

function packetsText(a: Account): string {
  const left = total(a.notPlayed);
  return `${count(a.played)} of ${counted(a.packets, 'packet')} ${a.finished ? 'played' : 'to play'}${
    left === 0 ? '' : `; ${count(left)} not played: ${reasons(a.notPlayed)}`
  }`;
}

function connectionsText({ connections: c }: Account): string {
  const left = total(c.notPlayed);
  return `${count(c.complete)} complete, ${count(c.partial)} partial, ${count(left)} not played${
    left === 0 ? '' : ` (${reasons(c.notPlayed)})`
  }`;
}

function gapsText({ gaps }: Account): string {
  return gaps.count === 0
    ? 'none'
    : `${counted(gaps.bytes, 'byte')} in ${counted(gaps.count, 'gap')} that the capture lacks`;
}

/** `3 (2 TCP_DUPLICATE, 1 UDP_CSUM)`. */
function dropsText(drops: Readonly<Record<string, number>> | undefined): string {
  const all = total(drops ?? {});
  return all > 0 ? `${count(all)} (${reasons(drops ?? {})})` : drops ? 'none' : '';
}

/** How what was sent compares with the capture, by grade. */
export function divergencesText(counts: Readonly<Record<Grade, number>>): string {
  const found = GRADES.filter((grade) => counts[grade] > 0).map((grade) => `${count(counts[grade])} ${grade}`);
  return found.length === 0 ? 'nothing was compared' : found.join('; ');
}

function counted(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`;
}

function total(of: Readonly<Record<string, number>>): number {
  return Object.values(of).reduce((a, b) => a + b, 0);
}

/** `12 between other hosts, 3 not IP`: what there is any of. */
function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([what, n]) => `${count(n)} ${what}`)
    .join(', ');
}

/** `2,360`. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** Pairs that are not the same, of counts by grade. */
export function divergenceCount(counts: Readonly<Record<string, number>>): number {
  return Object.entries(counts).reduce((sum, [grade, n]) => sum + (grade === 'same' ? 0 : n), 0);
}

/** The two packets of a divergence as trees. */
export interface DivergenceTexts {
  readonly captured: string;
  readonly sent: string;
}

/** What the capture has and what was sent at divergence `index`. */
export async function divergenceTexts(engine: EngineApi, index: number, one: Divergence): Promise<DivergenceTexts> {
  const captured = one.packet > 0 ? engine.capturedPacket(one.packet) : undefined;
  const sent = await engine.divergentFrame(index);
  // The MAC addresses of a real network are never those of the user network: they would be in each comparison.
  const ipOnly = engine.replay?.plan.slirp !== true;
  const text = (packet: PacketBytes): string => {
    const { bytes, linktype } = ipOnly ? withoutEthernet(packet) : packet;
    return formatTree(dissectBytes(bytes, linktype));
  };
  return {
    captured: captured ? text(captured) : '(the capture has no such packet)\n',
    sent: sent ? text(sent) : '(nothing was sent)\n',
  };
}

/** The packet from its IP header on, without what Ethernet pads it with. */
function withoutEthernet(packet: PacketBytes): PacketBytes {
  const { bytes, linktype } = packet;
  const u16 = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const type = u16(ETHERTYPE_AT);
  if (linktype !== 'ethernet' || (type !== ETHERTYPE_IP && type !== ETHERTYPE_IPV6)) {
    return packet;
  }
  const ip = ETHERNET_HEADER;
  const length = type === ETHERTYPE_IP ? u16(ip + 2) : u16(ip + 4) + IPV6_HEADER;
  // Offloading leaves a length of 0.
  return { bytes: bytes.subarray(ip, length >= MIN_LENGTH ? ip + length : bytes.length), linktype: 'ip' };
}
