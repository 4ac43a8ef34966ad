/** Fields of application protocols: DHCP, DNS, TFTP, HTTP. */
import {
  type DnsRecord,
  dhcpAt,
  dhcpOption,
  dhcpOptions,
  dnsAt,
  dnsRecords,
  httpLine,
  nulStrings,
  tftpAt,
} from './app.ts';
import type { Field, FieldType, FieldValue } from './fields.ts';
import { computed, READERS } from './fields-base.ts';
import type { PacketView } from './packet-view.ts';

/** Where a protocol's message starts, or -1. */
type Finder = (p: PacketView) => number;

const WIDTHS: Partial<Record<FieldType, number>> = { uint8: 1, uint16: 2, uint32: 4, ipv4: 4, ether: 6 };

/** A number or address at a fixed place of a message. */
function fixed(name: string, description: string, type: FieldType, find: Finder, off: number, hex = false): Field {
  const read = READERS[type]!;
  const width = WIDTHS[type]!;
  return computed(
    name,
    description,
    type,
    (p) => {
      const at = find(p);
      return at < 0 || at + off + width > p.payloadEnd ? undefined : read(p, at + off);
    },
    hex,
  );
}

/** A bit of a 16-bit word of a message. */
function flag(name: string, description: string, find: Finder, off: number, mask: number): Field {
  return computed(name, description, 'boolean', (p) => {
    const at = find(p);
    return at < 0 || at + off + 2 > p.payloadEnd ? undefined : (p.u16(at + off) & mask) !== 0;
  });
}

/** The value of a DHCP option. */
function option(name: string, description: string, type: FieldType, code: number): Field {
  return computed(name, description, type, (p) => {
    const o = dhcpOption(p, code);
    if (!o) {
      return undefined;
    }
    if (type === 'string') {
      return p.ascii(o.off, o.off + o.length);
    }
    return o.length < WIDTHS[type]! ? undefined : READERS[type]!(p, o.off);
  });
}

/** A list of values: undefined if empty, the value itself if there is one. */
function values(list: readonly (number | string | Uint8Array)[]): FieldValue {
  return list.length <= 1 ? list[0] : list;
}

function dnsField(
  name: string,
  description: string,
  type: FieldType,
  pick: (p: PacketView, r: DnsRecord) => number | string | Uint8Array | undefined,
): Field {
  return computed(name, description, type, (p) => {
    const at = dnsAt(p);
    return at < 0 ? undefined : values(dnsRecords(p, at).flatMap((r) => pick(p, r) ?? []));
  });
}

const DHCP: readonly Field[] = [
  computed('dhcp', 'Dynamic Host Configuration Protocol', 'protocol', (p) => dhcpAt(p) >= 0),
  fixed('dhcp.type', 'Message type', 'uint8', dhcpAt, 0),
  fixed('dhcp.hw.type', 'Hardware type', 'uint8', dhcpAt, 1),
  fixed('dhcp.hw.len', 'Hardware address length', 'uint8', dhcpAt, 2),
  fixed('dhcp.hops', 'Hops', 'uint8', dhcpAt, 3),
  fixed('dhcp.id', 'Transaction ID', 'uint32', dhcpAt, 4, true),
  fixed('dhcp.secs', 'Seconds elapsed', 'uint16', dhcpAt, 8),
  fixed('dhcp.flags', 'Bootp flags', 'uint16', dhcpAt, 10, true),
  flag('dhcp.flags.bc', 'Broadcast flag', dhcpAt, 10, 0x8000),
  fixed('dhcp.ip.client', 'Client IP address', 'ipv4', dhcpAt, 12),
  fixed('dhcp.ip.your', 'Your (client) IP address', 'ipv4', dhcpAt, 16),
  fixed('dhcp.ip.server', 'Next server IP address', 'ipv4', dhcpAt, 20),
  fixed('dhcp.ip.relay', 'Relay agent IP address', 'ipv4', dhcpAt, 24),
  fixed('dhcp.hw.mac_addr', 'Client MAC address', 'ether', dhcpAt, 28),
  computed('dhcp.server', 'Server host name', 'string', (p) => dhcpText(p, 44, 64)),
  computed('dhcp.file', 'Boot file name', 'string', (p) => dhcpText(p, 108, 128)),
  fixed('dhcp.cookie', 'Magic cookie', 'ipv4', dhcpAt, 236),
  computed('dhcp.option.type', 'Option', 'uint8', (p) => {
    const at = dhcpAt(p);
    return at < 0 ? undefined : values(dhcpOptions(p, at).map((o) => o.code));
  }),
  option('dhcp.option.dhcp', 'DHCP', 'uint8', 53),
  option('dhcp.option.subnet_mask', 'Subnet Mask', 'ipv4', 1),
  option('dhcp.option.router', 'Router', 'ipv4', 3),
  option('dhcp.option.domain_name_server', 'Domain Name Server', 'ipv4', 6),
  option('dhcp.option.hostname', 'Host Name', 'string', 12),
  option('dhcp.option.domain_name', 'Domain Name', 'string', 15),
  option('dhcp.option.requested_ip_address', 'Requested IP Address', 'ipv4', 50),
  option('dhcp.option.ip_address_lease_time', 'IP Address Lease Time', 'uint32', 51),
  option('dhcp.option.dhcp_server_id', 'DHCP Server Identifier', 'ipv4', 54),
  option('dhcp.option.message', 'Message', 'string', 56),
];

function dhcpText(p: PacketView, off: number, max: number): string | undefined {
  const at = dhcpAt(p);
  return at < 0 ? undefined : p.ascii(at + off, at + off + max);
}

const DNS: readonly Field[] = [
  computed('dns', 'Domain Name System', 'protocol', (p) => dnsAt(p) >= 0),
  fixed('dns.id', 'Transaction ID', 'uint16', dnsAt, 0, true),
  fixed('dns.flags', 'Flags', 'uint16', dnsAt, 2, true),
  flag('dns.flags.response', 'Response', dnsAt, 2, 0x8000),
  flag('dns.flags.truncated', 'Truncated', dnsAt, 2, 0x0200),
  flag('dns.flags.recdesired', 'Recursion desired', dnsAt, 2, 0x0100),
  flag('dns.flags.recavail', 'Recursion available', dnsAt, 2, 0x0080),
  computed('dns.flags.rcode', 'Reply code', 'uint8', (p) => (dnsAt(p) < 0 ? undefined : p.u16(dnsAt(p) + 2) & 15)),
  fixed('dns.count.queries', 'Questions', 'uint16', dnsAt, 4),
  fixed('dns.count.answers', 'Answer RRs', 'uint16', dnsAt, 6),
  fixed('dns.count.auth_rr', 'Authority RRs', 'uint16', dnsAt, 8),
  fixed('dns.count.add_rr', 'Additional RRs', 'uint16', dnsAt, 10),
  dnsField('dns.qry.name', 'Name', 'string', (_, r) => (r.section === 'query' ? r.name : undefined)),
  dnsField('dns.qry.type', 'Type', 'uint16', (_, r) => (r.section === 'query' ? r.type : undefined)),
  dnsField('dns.resp.name', 'Name', 'string', (_, r) => (r.section === 'query' ? undefined : r.name)),
  dnsField('dns.resp.type', 'Type', 'uint16', (_, r) => (r.section === 'query' ? undefined : r.type)),
  dnsField('dns.a', 'Address', 'ipv4', (p, r) => (r.type === 1 && r.rdlength === 4 ? p.u32(r.rdata) : undefined)),
  dnsField('dns.aaaa', 'AAAA Address', 'ipv6', (p, r) =>
    r.type === 28 && r.rdlength === 16 ? p.bytes(r.rdata, r.rdata + 16) : undefined,
  ),
];

const TFTP: readonly Field[] = [
  computed('tftp', 'Trivial File Transfer Protocol', 'protocol', (p) => tftpAt(p) >= 0),
  fixed('tftp.opcode', 'Opcode', 'uint16', tftpAt, 0),
  computed('tftp.source_file', 'Source File', 'string', (p) => tftpString(p, 1, 0)),
  computed('tftp.destination_file', 'Destination File', 'string', (p) => tftpString(p, 2, 0)),
  computed('tftp.type', 'Type', 'string', (p) => tftpString(p, 1, 1) ?? tftpString(p, 2, 1)),
  computed('tftp.block', 'Block', 'uint16', (p) => {
    const at = tftpAt(p);
    return at >= 0 && at + 4 <= p.payloadEnd && (p.u16(at) === 3 || p.u16(at) === 4) ? p.u16(at + 2) : undefined;
  }),
  computed('tftp.error.code', 'Error code', 'uint16', (p) => {
    const at = tftpAt(p);
    return at >= 0 && at + 4 <= p.payloadEnd && p.u16(at) === 5 ? p.u16(at + 2) : undefined;
  }),
  computed('tftp.error.message', 'Error message', 'string', (p) => {
    const at = tftpAt(p);
    return at >= 0 && at + 4 <= p.payloadEnd && p.u16(at) === 5 ? p.ascii(at + 4, p.payloadEnd) : undefined;
  }),
];

/** The `n`th string of a TFTP request with the given opcode. */
function tftpString(p: PacketView, opcode: number, n: number): string | undefined {
  const at = tftpAt(p);
  return at >= 0 && p.u16(at) === opcode ? nulStrings(p, at + 2)[n]?.text : undefined;
}

const HTTP: readonly Field[] = [
  computed('http', 'Hypertext Transfer Protocol', 'protocol', (p) => httpLine(p) !== undefined),
  computed('http.request', 'Request', 'boolean', (p) => httpLine(p)?.request),
  computed('http.response', 'Response', 'boolean', (p) => {
    const line = httpLine(p);
    return line && !line.request;
  }),
  computed('http.request.method', 'Request Method', 'string', (p) => httpWord(p, true, 0)),
  computed('http.request.uri', 'Request URI', 'string', (p) => httpWord(p, true, 1)),
  computed('http.request.version', 'Request Version', 'string', (p) => httpWord(p, true, 2)),
  computed('http.response.version', 'Response Version', 'string', (p) => httpWord(p, false, 0)),
  computed('http.response.code', 'Status Code', 'uint16', (p) => {
    const code = httpWord(p, false, 1);
    return code !== undefined && /^\d{3}$/.test(code) ? Number(code) : undefined;
  }),
];

function httpWord(p: PacketView, request: boolean, n: number): string | undefined {
  const line = httpLine(p);
  return line && line.request === request ? line.words[n] : undefined;
}

export const APP_FIELDS: readonly Field[] = [...DHCP, ...DNS, ...TFTP, ...HTTP];
