/** What the two states of boolean fields are called, as `tshark -G values` of 4.0.17 has them. */

const TRUE_FALSE = ['True', 'False'] as const;

/** Fields by what their states are called, where that is not `True` and `False`. */
const NAMED: readonly (readonly [yes: string, no: string, fields: string])[] = [
  [
    'Set',
    'Not set',
    'ip.flags.rb ip.flags.df ip.flags.mf tcp.flags.ae tcp.flags.cwr tcp.flags.ece tcp.flags.urg ' +
      'tcp.flags.ack tcp.flags.push tcp.flags.reset tcp.flags.syn tcp.flags.fin mqtt.dupflag ' +
      'mqtt.retain tcp.flags.res',
  ],
  [
    'Yes',
    'No',
    'stp.flags.tcack stp.flags.agreement stp.flags.forwarding stp.flags.learning ' +
      'stp.flags.proposal stp.flags.tc gre.flags.checksum gre.flags.routing gre.flags.key ' +
      'gre.flags.sequence_number gre.flags.strict_source_route gre.flags.ack nbdgm.next ' +
      'nbdgm.first',
  ],
  ['Message is a response', 'Message is a query', 'dns.flags.response nbns.flags.response'],
  [
    'Server is an authority for domain',
    'Server is not an authority for domain',
    'dns.flags.authoritative nbns.flags.authoritative',
  ],
  ['Message is truncated', 'Message is not truncated', 'dns.flags.truncated nbns.flags.truncated'],
  ['Do query recursively', "Don't do query recursively", 'dns.flags.recdesired nbns.flags.recdesired'],
  ['Server can do recursive queries', "Server can't do recursive queries", 'dns.flags.recavail nbns.flags.recavail'],
  ['Eligible', 'Ineligible', 'vlan.dei'],
  ['Group', 'Individual', 'llc.dsap.ig'],
  ['Response', 'Command', 'llc.ssap.cr'],
  ['Length field is present', 'Length field is not present', 'l2tp.length_bit'],
  ['Ns and Nr fields are present', 'Ns and Nr fields are not present', 'l2tp.seq_bit'],
  ['Offset Size field is present', 'Offset size field is not present', 'l2tp.offset_bit'],
  ['This data message has priority', 'No priority', 'l2tp.priority'],
  ['SUPPRESS router side processing', 'Do not suppress router side processing', 'igmp.s'],
  ['Minutes', 'Seconds', 'tcp.options.user_to_granularity'],
  ['Send SACK immediately', 'Possibly delay SACK', 'sctp.data_i_bit'],
  ['Unordered delivery', 'Ordered delivery', 'sctp.data_u_bit'],
  ['First segment', 'Subsequent segment', 'sctp.data_b_bit'],
  ['Last segment', 'Not the last segment', 'sctp.data_e_bit'],
  ['Defined', 'Not defined', 'vxlan.flag_g'],
  ['Broadcast', 'Unicast', 'dhcp.flags.bc'],
  ['The sender received multiple responses', 'None', 'dns.flags.conflict'],
  ['Tentative', 'Not tentative', 'dns.flags.tentative'],
  ['reserved - incorrect!', 'reserved (0)', 'dns.flags.z'],
  [
    'Answer/authority portion was authenticated by the server',
    'Answer/authority portion was not authenticated by the server',
    'dns.flags.authenticated',
  ],
  ['Acceptable', 'Unacceptable', 'dns.flags.checkdisable'],
  ['Accepts DNSSEC security RRs', 'Cannot handle DNSSEC security RRs', 'dns.resp.z.do'],
  ['Broadcast packet', 'Not a broadcast packet', 'nbns.flags.broadcast'],
  ['Message is a response to the client/redirector', 'Message is a request to the server', 'smb.flags.response'],
  ['This is a RESPONSE', 'This is a REQUEST', 'smb2.flags.response'],
];

const STATES: ReadonlyMap<string, readonly [yes: string, no: string]> = new Map(
  NAMED.flatMap(([yes, no, fields]) => fields.split(' ').map((field) => [field, [yes, no] as const])),
);

/** The names of a boolean field: of what is true, and of what is false. */
export function statesOf(field: string): readonly [yes: string, no: string] {
  return STATES.get(field) ?? TRUE_FALSE;
}
