/** What a replay came to, in words, and the two sides of a divergence as text to be held against each other. */
import type { Account, Divergence, EngineApi, PacketBytes } from '../engine/api.ts';
import { dissectBytes, formatTree } from '../packets/dissect.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../packets/protocols/numbers.ts';

const ETHERNET_HEADER = 14;
const ETHERTYPE_AT = 12;
const IPV6_HEADER = 40;
/** The shortest IP header. */
const MIN_LENGTH = 20;

/** The account in a few lines. `divergences` counts pairs by grade, if that is known. */
export function accountLines(account: Account, divergences?: Readonly<Record<string, number>>): string[] {
  const { packets, played, notPlayed, connections, bytes } = account;
  const { total, complete, partial } = connections;
  const states = [
    ...(complete > 0 ? [`${count(complete)} complete`] : []),
    ...(partial > 0 ? [`${count(partial)} partial`] : []),
    ...Object.entries(connections.notPlayed).map(([reason, n]) => `${count(n)} not played (${reason})`),
  ];
  const left = reasons(notPlayed);
  const differ = reasons(divergences ?? {});
  return [
    `${count(played)} of ${count(packets)} packets played${left === '' ? '' : `; not played: ${left}`}`,
    `${count(total)} TCP connection${total === 1 ? '' : 's'}${states.length > 0 ? `: ${states.join(', ')}` : ''}; ` +
      `${count(bytes.toHost)} bytes to the host, ${count(bytes.toGuest)} to the guest`,
    ...(differ === '' ? [] : [`sent by the user network, compared with the capture: ${differ}`]),
  ];
}

/** `12 between other hosts, 3 not IP`: what there is any of. */
export function reasons(counts: Readonly<Record<string, number>>): string {
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
