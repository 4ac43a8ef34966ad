/** What bridges and cards say to each other in Ethernet: the names and the first words of it. */
import { formatEther, hex, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { OUI_CISCO, snapKey } from './link-keys.ts';

const LACP = 1;

/** `**DCSG*A`: a letter for each flag that is set, from the highest: expired, defaulted, ... active. */
function stateLetters(state: number): string {
  return Array.from('EFDCSGSA', (letter, i) => ((state >> (7 - i)) & 1 ? letter : '*')).join('');
}

/** One end of a link of LACP (IEEE 802.1AX): what stands behind the length of its part. */
function endWords(p: PacketView, at: number): string {
  const mac = formatEther(p.mac(at + 4));
  return `${mac} P: ${p.u16(at + 14)} K: ${p.u16(at + 10)} ${stateLetters(p.u8(at + 16))}`;
}

export const lacp: Protocol = new Protocol({
  name: 'lacp',
  title: 'Link Aggregation Control Protocol',
  column: 'LACP',
  chain: 'slow:lacp',
  found: { ethertype: [0x8809] },
  header: 42,
  open: (p, l) => p.u8(l.at) === LACP && p.u8(l.at + 2) === 1 && p.u8(l.at + 22) === 2,
  fields: [],
  info: (p, l) => `v${p.u8(l.at + 1)} ACTOR ${endWords(p, l.at + 2)} PARTNER ${endWords(p, l.at + 22)}`,
});

const REPLY = 1;
const FORWARD = 2;
const LOOP_FUNCTIONS: Names = { [REPLY]: 'Reply', [FORWARD]: 'Forward Data' };

/** Where the data is, behind functions with an address to go on to, and one with the number of a receipt. */
function loopData(p: PacketView, l: Layer): number {
  for (let at = l.at + 2; at + 4 <= l.end; ) {
    const number = p.u8(at) | (p.u8(at + 1) << 8);
    at += number === FORWARD ? 8 : number === REPLY ? 4 : l.end;
    if (number !== FORWARD) {
      return Math.min(at, l.end);
    }
  }
  return l.end;
}

/** The Ethernet configuration testing protocol: numbers are little-endian. */
export const loop: Protocol = new Protocol({
  name: 'loop',
  title: 'Configuration Test Protocol (loopback)',
  column: 'LOOP',
  found: { ethertype: [0x9000] },
  header: 4,
  measure: (p, l) => {
    l.body = loopData(p, l);
  },
  carries: 'loop.data',
  fields: [],
  info: (p, l) => {
    const at = l.at + 2 + (p.u8(l.at) | (p.u8(l.at + 1) << 8));
    const number = at + 2 <= l.end ? p.u8(at) | (p.u8(at + 1) << 8) : 0;
    return LOOP_FUNCTIONS[number] ?? `Unknown function (${number})`;
  },
});

const PTP_MESSAGES: Names = {
  0: 'Sync',
  1: 'Delay_Req',
  2: 'Pdelay_Req',
  3: 'Pdelay_Resp',
  8: 'Follow_Up',
  9: 'Delay_Resp',
  10: 'Pdelay_Resp_Follow_Up',
  11: 'Announce',
  12: 'Signaling',
  13: 'Management',
};

/** Precise time (IEEE 1588), in Ethernet and UDP. */
export const ptp: Protocol = new Protocol({
  name: 'ptp',
  title: 'Precision Time Protocol (IEEE1588)',
  column: 'PTPv2',
  found: { ethertype: [0x88f7], 'udp.port': [319, 320] },
  header: 34,
  measure: (p, l) => {
    l.end = Math.min(l.end, l.at + Math.max(p.u16(l.at + 2), 34));
    l.body = l.end;
  },
  open: (p, l) => (p.u8(l.at + 1) & 15) === 2 && PTP_MESSAGES[p.u8(l.at) & 15] !== undefined,
  fields: [],
  info: (p, l) => `${PTP_MESSAGES[p.u8(l.at) & 15]} Message`,
});

const DEVICE_ID = 1;
const PORT_ID = 2;

/** Cisco's detection of links that work one way only: values with types and lengths. */
function udldWords(p: PacketView, l: Layer): string {
  let words = '';
  for (let at = l.at + 4; at + 4 <= l.end && p.u16(at + 2) >= 4 && at + p.u16(at + 2) <= l.end; at += p.u16(at + 2)) {
    const kind = { [DEVICE_ID]: 'Device ID', [PORT_ID]: 'Port ID' }[p.u16(at)];
    words += kind === undefined ? '' : `${kind}: ${printable(p.ascii(at + 4, at + p.u16(at + 2)))}  `;
  }
  return words;
}

export const udld: Protocol = new Protocol({
  name: 'udld',
  title: 'Unidirectional Link Detection',
  column: 'UDLD',
  found: { ethertype: [snapKey(OUI_CISCO, 0x0111)] },
  header: 4,
  fields: [],
  info: udldWords,
});

const AOE_ATA = 0;
const AOE_COMMANDS: Names = { [AOE_ATA]: 'Issue ATA Command', 1: 'Query Config Information' };
const ATA_COMMANDS: Names = { 36: 'Read ext', 52: 'Write ext', 236: 'Identify Device' };

/** Disks in Ethernet. */
export const aoe: Protocol = new Protocol({
  name: 'aoe',
  title: 'ATAoverEthernet',
  column: 'AoE',
  found: { ethertype: [0x88a2] },
  header: 10,
  open: (p, l) => p.u8(l.at) >> 4 === 1,
  fields: [],
  info: (p, l) => {
    const command = p.u8(l.at + 5);
    const name = AOE_COMMANDS[command] ?? `Unknown command<${command}>`;
    const way = p.u8(l.at) & 8 ? 'Response' : 'Request';
    const ata = command === AOE_ATA && l.at + 14 <= l.end ? ` ATA:${ATA_COMMANDS[p.u8(l.at + 13)] ?? ''}` : '';
    return `${name} ${way}${ata}`;
  },
});

/** Realtek's switches, of which only the name is known. */
export const realtek: Protocol = new Protocol({
  name: 'realtek',
  title: 'Realtek Layer 2 Protocols',
  column: 'Realtek',
  found: { ethertype: [0x8899] },
  header: 1,
  fields: [],
  info: () => '',
});

/** Microsoft's load balancing: the numbers are little-endian. */
export const msnlb: Protocol = new Protocol({
  name: 'msnlb',
  title: 'MS Network Load Balancing',
  column: 'MS NLB',
  found: { ethertype: [0x886f] },
  header: 4,
  fields: [],
  info: (p, l) => (p.u32(l.at) === 0xbf01dec0 ? 'MS NLB heartbeat' : `MS NLB ${hex(p.u32(l.at), 8)}`),
});
