import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Conversations } from '../../adapter/packets/conversations.ts';
import {
  FIELDS,
  formatField,
  knownFields,
  PacketView,
  suggestFields,
  unknownFieldMessage,
} from '../../adapter/packets/fields.ts';
import { formatIpv6, parseEther, parseIpv4, parseIpv6 } from '../../adapter/packets/format.ts';
import { literalMessage, match, parseLiteral } from '../../adapter/packets/match.ts';
import { arp, GUEST_IP, HOST_IP } from '../kit/frames.ts';
import { HELLO, packetsOf } from './samples.ts';

/** Values of fields as text, for a packet of a capture. */
function values(data: Uint8Array, names: readonly string[]): Record<string, string> {
  const p = new PacketView(data);
  return Object.fromEntries(names.map((n) => [n, formatField(n, FIELDS[n]!.get(p))]));
}

describe('fields', () => {
  it('of a SYN, ACK', () => {
    const expected = {
      'frame.len': '60',
      'frame.protocols': 'eth:ethertype:ip:tcp',
      'eth.dst': '52:55:0a:00:02:02',
      'eth.type': '0x0800',
      'ip.src': '10.0.2.15',
      'ip.addr': '10.0.2.15, 10.0.2.2',
      'ip.hdr_len': '20',
      'ip.len': '44',
      'ip.flags': '0x02',
      'ip.flags.df': 'True',
      'ip.flags.mf': 'False',
      'ip.ttl': '64',
      'ip.proto': '6',
      'tcp.srcport': '5556',
      'tcp.dstport': '58676',
      'tcp.port': '5556, 58676',
      'tcp.seq_raw': '709762234',
      'tcp.ack_raw': '1280002',
      'tcp.hdr_len': '24',
      'tcp.flags': '0x0012',
      'tcp.flags.syn': 'True',
      'tcp.flags.fin': 'False',
      'tcp.window_size_value': '64240',
      'tcp.options.mss_val': '1460',
      'tcp.len': '0',
      'tcp.payload': '<absent>',
      'udp.port': '<absent>',
      'arp.opcode': '<absent>',
    };
    assert.deepEqual(values(packetsOf('02-hello.pcap')[3]!.data, Object.keys(expected)), expected);
  });

  it('of ARP, ICMP, DHCP, HTTP and data', () => {
    assert.deepEqual(
      values(packetsOf('02-hello.pcap')[1]!.data, [
        'arp.opcode',
        'arp.src.proto_ipv4',
        'arp.dst.proto_ipv4',
        'arp.src.hw_mac',
      ]),
      {
        'arp.opcode': '1',
        'arp.src.proto_ipv4': '10.0.2.15',
        'arp.dst.proto_ipv4': '10.0.2.2',
        'arp.src.hw_mac': '52:54:00:12:34:56',
      },
    );
    assert.deepEqual(values(packetsOf('03-ping.pcap')[2]!.data, ['icmp.type', 'icmp.ident', 'icmp.seq', 'data.len']), {
      'icmp.type': '8',
      'icmp.ident': '107',
      'icmp.seq': '1',
      'data.len': '56',
    });
    assert.deepEqual(
      values(packetsOf('01-dhcp.pcap')[3]!.data, [
        'dhcp.type',
        'dhcp.option.dhcp',
        'dhcp.ip.your',
        'dhcp.id',
        'dhcp.option.router',
        'dhcp.option.type',
      ]),
      {
        'dhcp.type': '2',
        'dhcp.option.dhcp': '2',
        'dhcp.ip.your': '10.0.2.15',
        'dhcp.id': '0x8d897931',
        'dhcp.option.router': '10.0.2.2',
        'dhcp.option.type': '53, 54, 1, 3, 6, 51, 0',
      },
    );
    assert.deepEqual(
      values(packetsOf('05-http.pcap')[3]!.data, ['http.request.method', 'http.request.uri', 'http.response.code']),
      {
        'http.request.method': 'GET',
        'http.request.uri': '/',
        'http.response.code': '<absent>',
      },
    );
    assert.equal(values(packetsOf('05-http.pcap')[5]!.data, ['http.response.code'])['http.response.code'], '200');
    const p = new PacketView(packetsOf('02-hello.pcap')[5]!.data);
    assert.equal(Buffer.from(FIELDS['data.data']!.get(p) as Uint8Array).toString(), 'Hello qemu Geust\n');
  });

  it('of DNS, TFTP and VLAN', () => {
    assert.deepEqual(
      values(HELLO.dns_answer, ['dns.id', 'dns.flags.response', 'dns.qry.name', 'dns.resp.name', 'dns.a']),
      {
        'dns.id': '0x1234',
        'dns.flags.response': 'True',
        'dns.qry.name': 'example.org',
        'dns.resp.name': 'example.org, www.example.org',
        'dns.a': '93.184.216.34',
      },
    );
    assert.deepEqual(values(HELLO.tftp, ['tftp.opcode', 'tftp.source_file', 'tftp.type']), {
      'tftp.opcode': '1',
      'tftp.source_file': 'boot.img',
      'tftp.type': 'octet',
    });
    assert.deepEqual(values(HELLO.vlan, ['vlan.id', 'vlan.priority', 'udp.dstport', 'ip.dst']), {
      'vlan.id': '100',
      'vlan.priority': '3',
      'udp.dstport': '7',
      'ip.dst': '10.0.2.2',
    });
  });

  it('a view can be aimed at the next packet, also one that starts at its IP header or inside a buffer', () => {
    const frame = packetsOf('02-hello.pcap')[3]!.data;
    const buf = new Uint8Array(200);
    buf.set(frame, 50);
    const p = new PacketView(packetsOf('02-hello.pcap')[1]!.data);
    assert.equal(FIELDS['tcp.dstport']!.get(p), undefined);
    assert.equal(FIELDS['tcp.dstport']!.get(p.set(buf, 50, frame.length, 'ethernet')), 58676);
    assert.equal(FIELDS['tcp.dstport']!.get(p.set(buf, 64, frame.length - 14, 'ip')), 58676);
    assert.equal(FIELDS['eth.src']!.get(p), undefined);
    assert.equal(FIELDS['tcp.dstport']!.get(p.set(buf, 50, 40, 'ethernet')), undefined);
  });

  it('padding is the same whether or not the packet above has been looked at', () => {
    const frame = new Uint8Array(64);
    frame.set(arp(2, HOST_IP, GUEST_IP));
    const padding = FIELDS['eth.padding'];
    assert.deepEqual(padding?.get(new PacketView(frame)), new Uint8Array(60 - 42));
  });

  it('sequence numbers are relative with conversations, raw without', () => {
    const p = new PacketView();
    const conversations = new Conversations();
    const seqs = packetsOf('02-hello.pcap').map(({ data }) => {
      p.set(data, 0, data.length, 'ethernet');
      conversations.add(p);
      return FIELDS['tcp.seq']!.get(p);
    });
    assert.deepEqual(seqs, [0, undefined, undefined, 0, 1, 1, 18, 1, 1, 19]);
    p.restart();
    assert.equal(FIELDS['tcp.seq']!.get(p), 1280020);
  });

  it('suggests names for a misspelled one', () => {
    assert.ok(suggestFields('tcp.dport').includes('tcp.dstport'));
    assert.ok(suggestFields('tcp.flags.rst').length > 0);
    assert.match(unknownFieldMessage('tcp.dstprt'), /^no packet field "tcp.dstprt"; did you mean "tcp.dstport"/);
    assert.equal(unknownFieldMessage('quux.zzzzzzzz'), 'no packet field "quux.zzzzzzzz"');
    assert.match(
      unknownFieldMessage('tcp.zzzzzzzzzzzz'),
      /^no packet field "tcp.zzzzzzzzzzzz"; fields of tcp: tcp\.\w+(, tcp\.[\w.]+){7}, \.\.\. \(\d+ in all\)$/,
    );
    assert.ok(knownFields().includes('ip.addr'));
  });

  it('never throws, whatever the bytes', () => {
    const names = knownFields();
    const samples = ['01-dhcp.pcap', '02-hello.pcap', '05-http.pcap'].flatMap((n) =>
      packetsOf(n)
        .slice(0, 8)
        .map((s) => s.data),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...samples, ...Object.values(HELLO)),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 5 }),
        fc.nat(400),
        (sample, changes, cut) => {
          const b = Uint8Array.from(sample.subarray(0, cut < 100 ? cut : sample.length));
          for (const [at, v] of changes) {
            b[at % Math.max(1, b.length)] = v;
          }
          const p = new PacketView(b);
          for (const n of names) {
            formatField(n, FIELDS[n]!.get(p));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('comparing field values', () => {
  const p = new PacketView(packetsOf('02-hello.pcap')[3]!.data);
  const test = (name: string, op: Parameters<typeof match>[0], literal: string) => {
    const f = FIELDS[name]!;
    return match(op, f.get(p), parseLiteral(f, literal)!);
  };

  it('any occurrence may match; != wants none to be equal; what is absent matches nothing', () => {
    assert.equal(test('tcp.dstport', '==', '58676'), true);
    assert.equal(test('tcp.port', '==', '5556'), true);
    assert.equal(test('tcp.port', '!=', '5556'), false);
    assert.equal(test('tcp.port', '!=', '80'), true);
    assert.equal(test('tcp.port', '>', '50000'), true);
    assert.equal(test('ip.addr', '==', '10.0.2.15'), true);
    assert.equal(test('ip.src', '==', '10.0.2.2'), false);
    assert.equal(test('eth.src', '==', '52:54:00:12:34:56'), true);
    assert.equal(test('tcp.flags.syn', '==', '1'), true);
    assert.equal(test('tcp.flags', '==', '0x12'), true);
    assert.equal(test('udp.port', '!=', '53'), false);
    assert.equal(test('frame.protocols', 'contains', 'tcp'), true);
    assert.equal(match('contains', Buffer.from('Hello qemu'), 'qemu'), true);
    assert.equal(match('==', Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  });

  it('says what a literal should look like', () => {
    assert.equal(parseLiteral(FIELDS['ip.src']!, '10.0.2.256'), undefined);
    assert.equal(
      literalMessage(FIELDS['ip.src']!, '10.0.2.256'),
      '"10.0.2.256" is no value of ip.src; expected an IPv4 address such as 10.0.2.2',
    );
    assert.equal(parseLiteral(FIELDS['tcp.port']!, 'http'), undefined);
  });

  it('addresses survive printing and parsing', () => {
    assert.equal(parseIpv4('10.0.2.15'), 0x0a00020f);
    assert.equal(parseEther('52-54-00-12-34-56'), 0x525400123456);
    assert.deepEqual(parseIpv6('::ffff:10.0.2.2')?.slice(10), Uint8Array.of(255, 255, 10, 0, 2, 2));
    for (const bad of ['1::2::3', '1:2:3', 'fec0::g', '1:2:3:4:5:6:7:8:9']) {
      assert.equal(parseIpv6(bad), undefined, bad);
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(0xff), (b, mask) => {
        const sparse = b.map((x, i) => ((mask >> (i >> 1)) & 1 ? x : 0));
        assert.deepEqual(parseIpv6(formatIpv6(sparse)), sparse);
      }),
      { numRuns: 300 },
    );
  });
});
