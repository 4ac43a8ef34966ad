/** IPsec behind a NAT (RFC 3948): ESP, IKE behind four bytes of zero, or one byte that keeps the mapping. */
import { UNKNOWN } from '../layer.ts';
import { Protocol } from '../protocol.ts';

export const UDPENCAP_ISAKMP = 0;
export const UDPENCAP_ESP = 1;
const KEEPALIVE = 0xff;

export const udpencap: Protocol = new Protocol({
  name: 'udpencap',
  title: 'UDP Encapsulation of IPsec Packets',
  column: 'UDPENCAP',
  found: { 'udp.port': [4500] },
  header: 1,
  open: (p, l) => l.end - l.at > 4 || (l.end === l.at + 1 && p.u8(l.at) === KEEPALIVE),
  measure: (p, l) => {
    if (l.end - l.at === 1) {
      l.body = l.end;
      l.key = UNKNOWN;
      return;
    }
    const marked = p.u32(l.at) === 0;
    l.body = l.at + (marked ? 4 : 0);
    l.key = marked ? UDPENCAP_ISAKMP : UDPENCAP_ESP;
  },
  carries: 'udpencap',
  fields: [],
  info: () => 'NAT-keepalive',
});
