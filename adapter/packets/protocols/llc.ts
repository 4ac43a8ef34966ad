/** Logical link control (IEEE 802.2) and SNAP: in frames with a length, and behind VLAN tags. */
import { bits, parts, uint8, variable } from '../declare.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import { nameOf, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { LLC_FRAME, OUI_CISCO, sapKey, snapKey } from './link-keys.ts';
import { ETHERTYPES } from './numbers.ts';

const SNAP = 0xaa;
const SAPS: Names = {
  0: 'NULL LSAP',
  1: 'NULL LSAP',
  2: 'LLC Sub-Layer Management',
  4: 'SNA Path Control',
  6: 'TCP/IP',
  8: 'SNA',
  66: 'Spanning Tree BPDU',
  126: 'ISO 8208 (X.25 over 802.2)',
  127: 'ISO 802.2',
  128: 'XNS',
  130: 'BACnet',
  152: 'ARP',
  [SNAP]: 'SNAP',
  188: 'Banyan Vines',
  224: 'NetWare',
  240: 'NetBIOS',
  244: 'IBM Net Management',
  252: 'Remote Program Load',
  254: 'ISO Network Layer',
  255: 'Global LSAP',
};
const ORGANISATIONS: Names = {
  0: 'Officially Xerox, but 0:0:0:0:0:0 is more common',
  [OUI_CISCO]: 'Cisco Systems, Inc',
};
const CISCO_PIDS: Names = { 267: 'PVSTP+', 8192: 'CDP', 8195: 'VTP', 8196: 'DTP', 273: 'UDLD' };
/** Unnumbered frames by their modifier bits, those of commands and of responses. */
const U_COMMANDS: Names = {
  0: 'UI',
  12: 'DM',
  64: 'DISC',
  96: 'UA',
  108: 'SABME',
  132: 'FRMR',
  172: 'XID',
  224: 'TEST',
};
const U_WORDS: Names = {
  0: 'Unnumbered Information',
  12: 'Disconnected mode',
  64: 'Disconnect',
  96: 'Unnumbered Acknowledge',
  108: 'Set Asynchronous Balanced Mode Extended',
  132: 'Frame reject',
  172: 'Exchange identification',
  224: 'Test',
};
const S_FRAMES = ['RR', 'RNR', 'REJ', 'SREJ'];

/** Unnumbered frames have a control field of one byte, others of two. */
function isUnnumbered(p: PacketView, l: Layer): boolean {
  return (p.u8(l.at + 2) & 3) === 3;
}

function isResponse(p: PacketView, l: Layer): boolean {
  return (p.u8(l.at + 1) & 1) === 1;
}

function isSnap(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) === SNAP && p.u8(l.at + 1) === SNAP && p.u8(l.at + 2) === 3 && l.at + 8 <= l.end;
}

function controlWords(p: PacketView, l: Layer): string {
  const control = p.u8(l.at + 2);
  if (isUnnumbered(p, l)) {
    const final = control & 0x10 ? (isResponse(p, l) ? ' F' : ' P') : '';
    return `U${final}, func=${U_COMMANDS[control & 0xec] ?? 'Unknown'}`;
  }
  const next = p.u8(l.at + 3) >> 1;
  const final = p.u8(l.at + 3) & 1 ? (isResponse(p, l) ? ' F' : ' P') : '';
  return control & 1
    ? `S${final}, func=${S_FRAMES[(control >> 2) & 3] ?? ''}, N(R)=${next}`
    : `I${final}, N(R)=${next}, N(S)=${control >> 1}`;
}

function organisation(p: PacketView, l: Layer): number {
  return p.u8(l.at + 3) * 65536 + p.u16(l.at + 4);
}

const CONTROL = variable('llc.control', 'Control', 'uint16', { hex: true });
const COMMAND = variable('llc.control.u_modifier_cmd', 'Command', 'uint8', { hex: true, names: U_WORDS });
const RESPONSE = variable('llc.control.u_modifier_resp', 'Response', 'uint8', { hex: true, names: U_WORDS });
const KIND = variable('llc.control.ftype', 'Frame type', 'uint16', { hex: true });
const OUI = variable('llc.oui', 'Organization Code', 'uint32', { names: ORGANISATIONS });
const TYPE = variable('llc.type', 'Type', 'uint16', { hex: true, names: ETHERTYPES });
const PID = variable('llc.pid', 'Protocol ID', 'uint16', { hex: true });
const CISCO_PID = variable('llc.cisco_pid', 'PID', 'uint16', { hex: true, names: CISCO_PIDS });

function controlPart(p: PacketView, l: Layer): Part {
  const at = l.at + 2;
  const unnumbered = isUnnumbered(p, l);
  const value = unnumbered ? p.u8(at) : p.u8(at) | (p.u8(at + 1) << 8);
  const place = [at, unnumbered ? 1 : 2] as const;
  const label = (): string => `Control field: ${controlWords(p, l)} (${hex(value, unnumbered ? 2 : 4)})`;
  const kind = value & 1 ? value & 3 : 0;
  const inside: Part[] = unnumbered
    ? [shown(isResponse(p, l) ? RESPONSE : COMMAND, (value & 0xec) >> 2, place), shown(KIND, kind, place)]
    : [shown(KIND, kind, place)];
  return shown(CONTROL, value, place, { label, inside });
}

function snapParts(p: PacketView, l: Layer): Part[] {
  const oui = organisation(p, l);
  const pid = oui === 0 ? TYPE : oui === OUI_CISCO ? CISCO_PID : PID;
  return [shown(OUI, oui, [l.at + 3, 3]), shown(pid, p.u16(l.at + 6), [l.at + 6, 2])];
}

export const llc: Protocol = new Protocol({
  name: 'llc',
  title: 'Logical-Link Control',
  column: 'LLC',
  found: { ethertype: [LLC_FRAME] },
  header: 3,
  open: (p, l) => isUnnumbered(p, l) || l.at + 4 <= l.end,
  measure: (p, l) => {
    const snap = isSnap(p, l);
    l.body = l.at + (snap ? 8 : isUnnumbered(p, l) ? 3 : 4);
    const oui = snap ? organisation(p, l) : 0;
    const information = isUnnumbered(p, l) ? (p.u8(l.at + 2) & 0xec) === 0 : (p.u8(l.at + 2) & 1) === 0;
    if (snap) {
      l.key = oui === 0 ? p.u16(l.at + 6) : snapKey(oui, p.u16(l.at + 6));
    } else {
      l.key = information ? sapKey(p.u8(l.at)) : -1;
    }
  },
  carries: 'ethertype',
  fields: [
    uint8('llc.dsap', 'DSAP', 0, {
      hex: true,
      names: SAPS,
      inside: [
        bits(
          'llc.dsap.sap',
          'SAP',
          { off: 0, width: 8, mask: 0xfe },
          { words: (p, l) => SAPS[p.u8(l.at) & 254] ?? '' },
        ),
        bits('llc.dsap.ig', 'IG Bit', { off: 0, width: 8, mask: 1 }),
      ],
    }),
    uint8('llc.ssap', 'SSAP', 1, {
      hex: true,
      names: SAPS,
      inside: [
        bits(
          'llc.ssap.sap',
          'SAP',
          { off: 1, width: 8, mask: 0xfe },
          { words: (p, l) => SAPS[p.u8(l.at + 1) & 254] ?? '' },
        ),
        bits('llc.ssap.cr', 'CR Bit', { off: 1, width: 8, mask: 1 }),
      ],
    }),
    parts((p, l) => [controlPart(p, l), ...(isSnap(p, l) ? snapParts(p, l) : [])]),
    CONTROL,
    COMMAND,
    RESPONSE,
    KIND,
    OUI,
    TYPE,
    PID,
    CISCO_PID,
  ],
  info: (p, l) => {
    const ends =
      `DSAP ${nameOf(SAPS, p.u8(l.at) & 254).replace(/Unknown \((\d+)\)/, (_, n) => hex(Number(n), 2))} ` +
      `${p.u8(l.at) & 1 ? 'Group' : 'Individual'}, ` +
      `SSAP ${nameOf(SAPS, p.u8(l.at + 1) & 254).replace(/Unknown \((\d+)\)/, (_, n) => hex(Number(n), 2))} ` +
      `${isResponse(p, l) ? 'Response' : 'Command'}`;
    return isSnap(p, l) && organisation(p, l) !== 0 ? snapInfo(p, l) : `${controlWords(p, l)}; ${ends}`;
  },
});

function snapInfo(p: PacketView, l: Layer): string {
  const words = ORGANISATIONS[organisation(p, l)] ?? 'Unknown';
  return `${controlWords(p, l)}; SNAP, OUI ${hex(organisation(p, l), 6)} (${words}), PID ${hex(p.u16(l.at + 6), 4)}`;
}
