/** NTP (RFC 5905), with the control messages of RFC 9327 by name. */
import { bits, computed, parts, uint8, uint32, variable } from '../declare.ts';
import { formatIpv4, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';

const MODES: Names = {
  0: 'reserved',
  1: 'symmetric active',
  2: 'symmetric passive',
  3: 'client',
  4: 'server',
  5: 'broadcast',
  6: 'reserved for NTP control message',
  7: 'reserved for private use',
};
const LEAPS: Names = {
  0: 'no warning',
  1: 'last minute of the day has 61 seconds',
  2: 'last minute of the day has 59 seconds',
  3: 'unknown (clock unsynchronized)',
};
const CONTROL = 6;
const WHOLE = 48;
const REFID = variable('ntp.refid', 'Reference ID', 'bytes', { many: false });

function modeOf(p: PacketView, l: Layer): number {
  return p.u8(l.at) & 7;
}

function isClock(p: PacketView, l: Layer): boolean {
  return modeOf(p, l) < CONTROL && l.at + WHOLE <= l.end;
}

const clock = { when: isClock };

/** A number of seconds with 16 bits behind the point, as Wireshark rounds it. */
function short(name: string, description: string, off: number): FieldDeclaration {
  return computed(name, description, 'uint32', (p, l) => p.u32(l.at + off), {
    ...clock,
    place: (_, l) => [l.at + off, 4],
    label: (p, l) => `${description}: ${(p.u32(l.at + off) / 65536).toFixed(6)} seconds`,
  });
}

/** Who the clock is set by: a name for stratum 1, an address else. */
function reference(p: PacketView, l: Layer): Part[] {
  if (!isClock(p, l)) {
    return [];
  }
  const at = l.at + 12;
  const words = p.u8(l.at + 1) <= 1 ? printable(p.ascii(at, at + 4)) : formatIpv4(p.u32(at));
  return [shown(REFID, p.bytes(at, at + 4), [at, 4], { label: () => `Reference ID: ${words}` })];
}

export const ntp: Protocol = new Protocol({
  name: 'ntp',
  title: 'Network Time Protocol',
  column: 'NTP',
  found: { 'udp.port': [123], 'tcp.port': [123] },
  header: 1,
  line: (p, l) => `Network Time Protocol (${versionWords(p, l)})`,
  fields: [
    uint8('ntp.flags', 'Flags', 0, {
      hex: true,
      inside: [
        bits('ntp.flags.li', 'Leap Indicator', { off: 0, width: 8, mask: 0xc0 }, { when: isTime, names: LEAPS }),
        bits('ntp.flags.vn', 'Version number', { off: 0, width: 8, mask: 0x38 }),
        bits('ntp.flags.mode', 'Mode', { off: 0, width: 8, mask: 0x07 }, { names: MODES }),
      ],
    }),
    uint8('ntp.stratum', 'Peer Clock Stratum', 1, clock),
    uint8('ntp.ppoll', 'Peer Polling Interval', 2, clock),
    computed('ntp.precision', 'Peer Clock Precision', 'uint8', (p, l) => p.u8(l.at + 3), {
      ...clock,
      place: (_, l) => [l.at + 3, 1],
    }),
    short('ntp.rootdelay', 'Root Delay', 4),
    short('ntp.rootdispersion', 'Root Dispersion', 8),
    parts(reference),
    REFID,
    uint32('ntp.keyid', 'Key ID', WHOLE, { when: (p, l) => isClock(p, l) && keyed(l), hex: true }),
  ],
  info: (p, l) => `NTP ${versionWords(p, l)}`,
});

function isTime(p: PacketView, l: Layer): boolean {
  return modeOf(p, l) <= CONTROL;
}

/** A key and a digest of MD5 or SHA-1 stand behind the time stamps. */
function keyed(l: Layer): boolean {
  const n = l.end - l.at - WHOLE;
  return n === 20 || n === 24;
}

function versionWords(p: PacketView, l: Layer): string {
  const mode = modeOf(p, l);
  const words = mode === CONTROL ? 'control' : mode === 7 ? 'private' : (MODES[mode] ?? '');
  return `NTP Version ${(p.u8(l.at) >> 3) & 7}, ${words}`.slice(4);
}
