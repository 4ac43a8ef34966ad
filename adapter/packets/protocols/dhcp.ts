/** DHCP (RFC 2131, RFC 2132) and BOOTP (RFC 951). */
import { bits, computed, ether, ipv4, parts, uint8, uint16, uint32, variable } from '../declare.ts';
import { formatBytes, formatIpv4, hex, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type FieldScalar, type Names, type Part, Protocol } from '../protocol.ts';

const COOKIE = 0x63825363;
/** The fixed part of a BOOTP message. */
const FIXED = 236;
const MESSAGE_TYPE = 53;
const REQUEST_LIST = 55;
const CLIENT_ID = 61;
const END = 255;

const OPERATIONS: Names = { 1: 'Boot Request', 2: 'Boot Reply' };

/** DHCP message types (RFC 2132, 9.6). */
const MESSAGES: Names = {
  0: '',
  1: 'Discover',
  2: 'Offer',
  3: 'Request',
  4: 'Decline',
  5: 'ACK',
  6: 'NAK',
  7: 'Release',
  8: 'Inform',
  9: 'Force Renew',
  10: 'Lease query',
  11: 'Lease Unassigned',
  12: 'Lease Unknown',
  13: 'Lease Active',
  14: 'Bulk Lease Query',
  15: 'Lease Query Done',
  16: 'Active Lease Query',
  17: 'Lease Query Status',
  18: 'TLS',
};

/** How the value of an option is shown. */
type Kind = 'ipv4' | 'text' | 'uint16' | 'time' | 'message' | 'list' | 'bytes';

/** An option: its name, its kind, and the field that its value is. */
type OptionRow = readonly [name: string, kind: Kind, field?: FieldDeclaration];

const OPTIONS: Readonly<Record<number, OptionRow>> = {
  1: ['Subnet Mask', 'ipv4', variable('dhcp.option.subnet_mask', 'Subnet Mask', 'ipv4')],
  3: ['Router', 'ipv4', variable('dhcp.option.router', 'Router', 'ipv4')],
  6: ['Domain Name Server', 'ipv4', variable('dhcp.option.domain_name_server', 'Domain Name Server', 'ipv4')],
  12: ['Host Name', 'text', variable('dhcp.option.hostname', 'Host Name', 'string')],
  15: ['Domain Name', 'text', variable('dhcp.option.domain_name', 'Domain Name', 'string')],
  26: ['Interface MTU', 'uint16', variable('dhcp.option.interface_mtu', 'Interface MTU', 'uint16')],
  28: ['Broadcast Address', 'ipv4', variable('dhcp.option.broadcast_address', 'Broadcast Address', 'ipv4')],
  42: [
    'Network Time Protocol Servers',
    'ipv4',
    variable('dhcp.option.ntp_server', 'Network Time Protocol Server', 'ipv4'),
  ],
  50: ['Requested IP Address', 'ipv4', variable('dhcp.option.requested_ip_address', 'Requested IP Address', 'ipv4')],
  51: [
    'IP Address Lease Time',
    'time',
    variable('dhcp.option.ip_address_lease_time', 'IP Address Lease Time', 'uint32'),
  ],
  [MESSAGE_TYPE]: ['DHCP Message Type', 'message', variable('dhcp.option.dhcp', 'DHCP', 'uint8', { names: MESSAGES })],
  54: ['DHCP Server Identifier', 'ipv4', variable('dhcp.option.dhcp_server_id', 'DHCP Server Identifier', 'ipv4')],
  55: [
    'Parameter Request List',
    'list',
    variable('dhcp.option.request_list_item', 'Parameter Request List Item', 'uint8'),
  ],
  56: ['Message', 'text', variable('dhcp.option.message', 'Message', 'string')],
  57: [
    'Maximum DHCP Message Size',
    'uint16',
    variable('dhcp.option.dhcp_max_message_size', 'Maximum DHCP Message Size', 'uint16'),
  ],
  58: ['Renewal Time Value', 'time', variable('dhcp.option.renewal_time_value', 'Renewal Time Value', 'uint32')],
  59: ['Rebinding Time Value', 'time', variable('dhcp.option.rebinding_time_value', 'Rebinding Time Value', 'uint32')],
  60: ['Vendor class identifier', 'text', variable('dhcp.option.vendor_class_id', 'Vendor class identifier', 'string')],
  61: ['Client identifier', 'bytes'],
  66: ['TFTP Server Name', 'text', variable('dhcp.option.tftp_server_name', 'TFTP Server Name', 'string')],
  67: ['Bootfile name', 'text', variable('dhcp.option.bootfile_name', 'Bootfile name', 'string')],
  119: ['Domain Search', 'bytes'],
};
const HARDWARE_TYPE = uint8('dhcp.hw.type', 'Hardware type', 1, {
  alsoInParts: true,
  many: true,
  names: { 1: 'Ethernet' },
});
const CLIENT_MAC = ether('dhcp.hw.mac_addr', 'Client MAC address', 28, {
  alsoInParts: true,
  many: true,
  when: (p, l) => p.u8(l.at + 2) === 6,
});
const UNKNOWN: OptionRow = ['Unassigned', 'bytes'];

const TYPE = variable('dhcp.option.type', 'Option', 'uint8');
const LENGTH = variable('dhcp.option.length', 'Length', 'uint8');
const VALUE = variable('dhcp.option.value', 'Value', 'bytes');
const OPTION_END = variable('dhcp.option.end', 'Option End', 'uint8');

/** An option: `at` is where its value starts. */
interface DhcpOption {
  readonly code: number;
  readonly at: number;
  readonly length: number;
}

function hasCookie(p: PacketView, l: Layer): boolean {
  return l.at + FIXED + 4 <= l.end && p.u32(l.at + FIXED) === COOKIE;
}

/** The options of a message, the end option included; none without the magic cookie. */
function optionsOf(p: PacketView, l: Layer): DhcpOption[] {
  const out: DhcpOption[] = [];
  let at = hasCookie(p, l) ? l.at + FIXED + 4 : l.end;
  while (at < l.end) {
    const code = p.u8(at);
    if (code === 0) {
      at++;
      continue;
    }
    if (code === END) {
      out.push({ code, at: at + 1, length: 0 });
      break;
    }
    const length = at + 1 < l.end ? p.u8(at + 1) : 0;
    if (at + 2 + length > l.end) {
      break;
    }
    out.push({ code, at: at + 2, length });
    at += 2 + length;
  }
  return out;
}

/** `Discover`, `ACK`, ...; empty for plain BOOTP. */
function messageOf(p: PacketView, l: Layer): string {
  const o = optionsOf(p, l).find((x) => x.code === MESSAGE_TYPE);
  return o && o.length === 1 ? (MESSAGES[p.u8(o.at)] ?? `Unknown Message Type (${hex(p.u8(o.at), 2)})`) : '';
}

function addressesOf(p: PacketView, o: DhcpOption): number[] {
  return Array.from({ length: o.length >> 2 }, (_, i) => p.u32(o.at + 4 * i));
}

/** The value of an option as text. */
function textOf(p: PacketView, o: DhcpOption, kind: Kind): string {
  if (kind === 'ipv4' && o.length >= 4) {
    return addressesOf(p, o).map(formatIpv4).join(', ');
  }
  if (kind === 'text') {
    return printable(p.ascii(o.at, o.at + o.length));
  }
  if (kind === 'uint16' && o.length === 2) {
    return String(p.u16(o.at));
  }
  if (kind === 'time' && o.length === 4) {
    return `${p.u32(o.at)} s`;
  }
  if (kind === 'message' && o.length === 1) {
    return `${MESSAGES[p.u8(o.at)] ?? 'Unknown'} (${p.u8(o.at)})`;
  }
  const bytes = p.bytes(o.at, o.at + o.length);
  return kind === 'list' ? Array.from(bytes).join(', ') : formatBytes(bytes);
}

/** The values of an option that is a field. */
function valuesOf(p: PacketView, o: DhcpOption, field: FieldDeclaration): readonly FieldScalar[] {
  switch (field.type) {
    case 'string':
      return [p.ascii(o.at, o.at + o.length)];
    case 'ipv4':
      return addressesOf(p, o);
    case 'uint32':
      return o.length < 4 ? [] : [p.u32(o.at)];
    case 'uint16':
      return o.length < 2 ? [] : [p.u16(o.at)];
    default:
      return Array.from(p.bytes(o.at, o.at + (o.code === REQUEST_LIST ? o.length : Math.min(1, o.length))));
  }
}

function optionPart(p: PacketView, o: DhcpOption): Part {
  const { code, at, length } = o;
  if (code === END) {
    const place = { value: code, from: at - 1, length: 1 };
    return {
      ...place,
      field: OPTION_END,
      label: () => 'Option: (255) End',
      inside: [{ ...place, value: 0, field: TYPE }],
    };
  }
  const [name, kind, field] = OPTIONS[code] ?? UNKNOWN;
  const text = (): string => textOf(p, o, kind);
  const label = (): string =>
    kind === 'message'
      ? `Option: (${code}) ${name} (${text().split(' (')[0]})`
      : `Option: (${code}) ${name}: ${text()}`;
  const values = field === undefined ? [] : valuesOf(p, o, field);
  return {
    field: TYPE,
    value: code,
    from: at - 2,
    length: length + 2,
    label,
    text,
    inside: [
      { field: LENGTH, value: length, from: at - 1, length: 1, label: () => `Length: ${length}` },
      { field: VALUE, value: p.bytes(at, at + length), from: at, length, label: () => `${name}: ${text()}`, text },
      ...clientParts(p, o),
      // Not shown: they say the same as the value.
      ...values.map((value) => ({ ...(field === undefined ? {} : { field }), value, from: at, length })),
    ],
  };
}

/** A client's identifier that is its MAC address. */
function clientParts(p: PacketView, { code, at, length }: DhcpOption): Part[] {
  return code === CLIENT_ID && length === 7 && p.u8(at) === 1
    ? [
        { field: HARDWARE_TYPE, value: 1, from: at, length: 1 },
        { field: CLIENT_MAC, value: p.mac(at + 1), from: at + 1, length: 6 },
      ]
    : [];
}

/** A fixed text of the message. */
function fixedText(name: string, description: string, off: number, length: number): FieldDeclaration {
  const value = (p: PacketView, l: Layer): string => p.ascii(l.at + off, l.at + off + length);
  return computed(name, description, 'string', value, {
    place: (_, l) => [l.at + off, length],
    label: (p, l) => `${description}${value(p, l) === '' ? ' not given' : `: ${printable(value(p, l))}`}`,
    text: () => '',
  });
}

const broadcastWords = (p: PacketView, l: Layer): string => (p.u16(l.at + 10) & 0x8000 ? 'Broadcast' : 'Unicast');

export const dhcp: Protocol = new Protocol({
  name: 'dhcp',
  title: 'Dynamic Host Configuration Protocol',
  column: 'DHCP',
  found: { 'udp.port': [67, 68] },
  header: FIXED,
  line: (p, l) => {
    const message = messageOf(p, l);
    return `Dynamic Host Configuration Protocol${message === '' ? '' : ` (${message})`}`;
  },
  fields: [
    uint8('dhcp.type', 'Message type', 0, { names: OPERATIONS }),
    HARDWARE_TYPE,
    uint8('dhcp.hw.len', 'Hardware address length', 2),
    uint8('dhcp.hops', 'Hops', 3),
    uint32('dhcp.id', 'Transaction ID', 4, { hex: true }),
    uint16('dhcp.secs', 'Seconds elapsed', 8),
    uint16('dhcp.flags', 'Bootp flags', 10, {
      hex: true,
      note: broadcastWords,
      inside: [
        bits('dhcp.flags.bc', 'Broadcast flag', { off: 10, width: 16, mask: 0x8000 }, { words: broadcastWords }),
        bits('dhcp.flags.reserved', 'Reserved flags', { off: 10, width: 16, mask: 0x7fff }, { hex: true }),
      ],
    }),
    ipv4('dhcp.ip.client', 'Client IP address', 12),
    ipv4('dhcp.ip.your', 'Your (client) IP address', 16),
    ipv4('dhcp.ip.server', 'Next server IP address', 20),
    ipv4('dhcp.ip.relay', 'Relay agent IP address', 24),
    CLIENT_MAC,
    computed(
      'dhcp.hw.addr_padding',
      'Client hardware address padding',
      'bytes',
      (p, l) => p.bytes(l.at + 34, l.at + 44),
      {
        place: (_, l) => [l.at + 34, 10],
        when: (p, l) => p.u8(l.at + 2) === 6,
      },
    ),
    fixedText('dhcp.server', 'Server host name', 44, 64),
    fixedText('dhcp.file', 'Boot file name', 108, 128),
    ipv4('dhcp.cookie', 'Magic cookie', FIXED, {
      shown: (p, l) => optionsOf(p, l).length > 0,
      label: () => 'Magic cookie: DHCP',
      text: () => 'DHCP',
    }),
    parts((p, l) => optionsOf(p, l).map((o) => optionPart(p, o))),
    TYPE,
    LENGTH,
    VALUE,
    OPTION_END,
    ...Object.values(OPTIONS).flatMap(([, , field]) => field ?? []),
  ],
  info: (p, l) => {
    const words = messageOf(p, l) || (OPERATIONS[p.u8(l.at) === 1 ? 1 : 2] ?? '');
    return `DHCP ${words.padEnd(8)} - Transaction ID ${hex(p.u32(l.at + 4))}`;
  },
});
