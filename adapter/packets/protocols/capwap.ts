/** CAPWAP (RFC 5415): what access points are told, in DTLS once they have introduced themselves. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const CONTROL_PORT = 5246;
/** What the low half of the first byte says that follows. */
const PLAIN = 0;
export const CAPWAP_DTLS = 1;
const DTLS_HEADER = 4;

const MESSAGES: Names = {
  1: 'Discovery Request',
  2: 'Discovery Response',
  3: 'Join Request',
  4: 'Join Response',
  5: 'Configuration Status Request',
  6: 'Configuration Status Response',
  7: 'Configuration Update Request',
  8: 'Configuration Update Response',
  9: 'WTP Event Request',
  10: 'WTP Event Response',
  11: 'Change State Event Request',
  12: 'Change State Event Response',
  13: 'Echo Request',
  14: 'Echo Response',
  15: 'Image Data Request',
  16: 'Image Data Response',
  17: 'Reset Request',
  18: 'Reset Response',
  19: 'Primary Discovery Request',
  20: 'Primary Discovery Response',
  21: 'Data Transfer Request',
  22: 'Data Transfer Response',
  23: 'Clear Configuration Request',
  24: 'Clear Configuration Response',
  25: 'Station Configuration Request',
  26: 'Station Configuration Response',
};

function kindOf(p: PacketView, l: Layer): number {
  return p.u8(l.at) & 15;
}

/** The message behind a header whose length is in words. */
function message(p: PacketView, l: Layer): string {
  const at = l.at + (p.u8(l.at + 1) >> 3) * 4;
  return at + 4 > l.end ? '' : ` - ${MESSAGES[p.u32(at)] ?? `Unknown Message Type (0x${p.u32(at).toString(16)})`}`;
}

export const capwap: Protocol = new Protocol({
  name: 'capwap',
  title: 'Control And Provisioning of Wireless Access Points',
  column: 'CAPWAP-Control',
  found: { 'udp.port': [CONTROL_PORT] },
  header: 8,
  open: (p, l) => p.u8(l.at) >> 4 === 0 && kindOf(p, l) <= CAPWAP_DTLS,
  measure: (p, l) => {
    l.key = kindOf(p, l);
    l.body = l.key === PLAIN ? l.end : l.at + DTLS_HEADER;
  },
  carries: 'capwap',
  fields: [],
  info: (p, l) => `CAPWAP-Control${kindOf(p, l) === PLAIN ? message(p, l) : ''}`,
});
