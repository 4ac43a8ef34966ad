/**
 * Multicast DNS (RFC 6762) and link-local name resolution (RFC 4795): DNS on other ports, which Wireshark calls by
 * these names. The messages and their fields are those of DNS.
 */
import { Protocol } from '../protocol.ts';

/** The key of the table `dns.message`. */
export const DNS_MESSAGE = 0;

function carrier(name: string, title: string, column: string, port: number): Protocol {
  return new Protocol({
    name,
    title,
    column,
    found: { 'udp.port': [port], 'tcp.port': [port] },
    header: 12,
    measure: (_, l) => {
      l.body = l.at;
      l.key = DNS_MESSAGE;
    },
    carries: 'dns.message',
    line: null,
    fields: [],
  });
}

export const mdns: Protocol = carrier('mdns', 'Multicast Domain Name System', 'MDNS', 5353);
export const llmnr: Protocol = carrier('llmnr', 'Link-local Multicast Name Resolution', 'LLMNR', 5355);
