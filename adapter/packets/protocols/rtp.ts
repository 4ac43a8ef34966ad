/** RTP and RTCP (RFC 3550), where a session has announced them. */
import { bits, uint8, uint16, uint32 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const PAYLOADS: Names = {
  0: 'ITU-T G.711 PCMU',
  3: 'GSM 06.10',
  4: 'ITU-T G.723',
  8: 'ITU-T G.711 PCMA',
  9: 'ITU-T G.722',
  10: '16-bit uncompressed audio, stereo',
  11: '16-bit uncompressed audio, monaural',
  13: 'Comfort noise',
  15: 'ITU-T G.728',
  18: 'ITU-T G.729',
  26: 'JPEG-compressed video',
  31: 'ITU-T H.261',
  32: 'MPEG-I/II Video',
  33: 'MPEG-II transport streams',
  34: 'ITU-T H.263',
};
const RTCP_TYPES: Names = {
  200: 'Sender Report',
  201: 'Receiver Report',
  202: 'Source description',
  203: 'Goodbye',
  204: 'Application specific',
  205: 'Generic RTP Feedback',
  206: 'Payload-specific Feedback',
  207: 'Extended report (RFC 3611)',
};

function payloadName(p: PacketView, l: Layer): string {
  const type = p.u8(l.at + 1) & 127;
  return PAYLOADS[type] ?? (type >= 96 ? `DynamicRTP-Type-${type}` : `Unassigned`);
}

export const rtp: Protocol = new Protocol({
  name: 'rtp',
  title: 'Real-Time Transport Protocol',
  column: 'RTP',
  found: { 'udp.rtp': 'any' },
  header: 12,
  open: (p, l) => p.u8(l.at) >> 6 === 2,
  fields: [
    bits('rtp.version', 'Version', { off: 0, width: 8, mask: 0xc0 }),
    bits('rtp.padding', 'Padding', { off: 0, width: 8, mask: 0x20 }),
    bits('rtp.ext', 'Extension', { off: 0, width: 8, mask: 0x10 }),
    bits('rtp.cc', 'Contributing source identifiers count', { off: 0, width: 8, mask: 0x0f }),
    bits('rtp.marker', 'Marker', { off: 1, width: 8, mask: 0x80 }),
    bits('rtp.p_type', 'Payload type', { off: 1, width: 8, mask: 0x7f }, { words: (p, l) => payloadWords(p, l) }),
    uint16('rtp.seq', 'Sequence number', 2),
    uint32('rtp.timestamp', 'Timestamp', 4),
    uint32('rtp.ssrc', 'Synchronization Source identifier', 8, { hex: true }),
  ],
  info: (p, l) => {
    const ssrc = p
      .u32(l.at + 8)
      .toString(16)
      .toUpperCase();
    const mark = p.u8(l.at + 1) & 0x80 ? ', Mark' : '';
    return `PT=${payloadName(p, l)}, SSRC=0x${ssrc}, Seq=${p.u16(l.at + 2)}, Time=${p.u32(l.at + 4)}${mark}`;
  },
});

function payloadWords(p: PacketView, l: Layer): string {
  return `${payloadName(p, l)} (${p.u8(l.at + 1) & 127})`;
}

/** The names of the packets of a compound one. */
function packetNames(p: PacketView, l: Layer): string[] {
  const out: string[] = [];
  for (let at = l.at; at + 4 <= l.end && p.u8(at) >> 6 === 2; at += 4 + p.u16(at + 2) * 4) {
    out.push(RTCP_TYPES[p.u8(at + 1)] ?? 'Unknown');
  }
  return out;
}

export const rtcp: Protocol = new Protocol({
  name: 'rtcp',
  title: 'Real-time Transport Control Protocol',
  column: 'RTCP',
  found: { 'udp.rtp': 'any' },
  header: 8,
  open: (p, l) => p.u8(l.at) >> 6 === 2 && RTCP_TYPES[p.u8(l.at + 1)] !== undefined,
  fields: [
    bits('rtcp.version', 'Version', { off: 0, width: 8, mask: 0xc0 }),
    bits('rtcp.padding', 'Padding', { off: 0, width: 8, mask: 0x20 }),
    uint8('rtcp.pt', 'Packet type', 1, { names: RTCP_TYPES }),
    uint16('rtcp.length', 'Length', 2),
    uint32('rtcp.senderssrc', 'Sender SSRC', 4, { hex: true }),
  ],
  info: (p, l) =>
    packetNames(p, l)
      .map((n) => `${n}   `)
      .join(''),
});
