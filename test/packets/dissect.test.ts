import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { dissect, dissectBytes, formatTree, type TreeNode } from '../../adapter/packets/dissect.ts';
import { FIELDS, PacketView } from '../../adapter/packets/fields.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { HELLO, packetsOf } from './samples.ts';

/** Compares with `golden/NAME.txt`; UPDATE_GOLDEN=1 writes it. */
function golden(name: string, text: string): void {
  const url = new URL(`golden/${name}.txt`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] || !existsSync(url)) {
    writeFileSync(url, text);
  }
  assert.equal(text, readFileSync(url, 'utf8'));
}

function each(name: string, f: (p: PacketView) => string, only?: readonly number[]): string {
  const p = new PacketView();
  const conversations = new Conversations();
  let out = '';
  for (const packet of packetsOf(name)) {
    p.set(packet.data, 0, packet.data.length, 'ethernet');
    p.number = packet.number;
    conversations.add(p);
    if (!only || only.includes(packet.number)) {
      out += `${f(p)}\n`;
    }
  }
  return out;
}

describe('dissection', () => {
  for (const name of ['01-dhcp', '02-hello', '03-ping', '05-http']) {
    it(`summaries of ${name}`, () => {
      golden(
        `${name}.summary`,
        each(`${name}.pcap`, (p) => `${p.number} ${formatSummary(summary(p))}`),
      );
    });
  }

  it('trees of 02-hello', () => {
    golden(
      '02-hello.tree',
      each('02-hello.pcap', (p) => formatTree(dissect(p)), [2, 3, 4, 6]),
    );
  });

  it('trees of 01-dhcp', () => {
    golden(
      '01-dhcp.tree',
      each('01-dhcp.pcap', (p) => formatTree(dissect(p)), [1, 3, 4]),
    );
  });

  it('trees of a ping in fragments', () => {
    golden(
      '03-ping.tree',
      each('03-ping.pcap', (p) => formatTree(dissect(p)), [1, 13, 15]),
    );
  });

  it('trees of HTTP', () => {
    golden(
      '05-http.tree',
      each('05-http.pcap', (p) => formatTree(dissect(p)), [1, 4, 6]),
    );
  });

  it('DNS, TFTP, ICMP errors, VLAN, a packet that starts at its IP header', () => {
    const p = new PacketView();
    const text = [HELLO.dns_query, HELLO.dns_answer, HELLO.tftp, HELLO.unreachable, HELLO.vlan].map((b) => {
      p.set(b, 0, b.length, 'ethernet');
      return `${formatSummary(summary(p))}\n${formatTree(dissect(p))}`;
    });
    const ip = packetsOf('02-hello.pcap')[3]!.data.subarray(14);
    p.set(ip, 0, ip.length, 'ip');
    golden('protocols', [...text, `${formatSummary(summary(p))}\n${formatTree(dissect(p))}`].join('\n'));
  });

  it('says that a checksum is bad and what it should be', () => {
    const bad = Uint8Array.from(packetsOf('02-hello.pcap')[5]!.data);
    bad[60]! ^= 1;
    assert.match(
      formatTree(dissectBytes(bad)),
      /Checksum: 0xc7a5 incorrect, should be 0xc8a5\n +\[Checksum Status: Bad\]/,
    );
    bad[24]! ^= 1;
    assert.match(formatTree(dissectBytes(bad)), /Header Checksum: 0x[0-9a-f]{4} incorrect, should be 0x[0-9a-f]{4}/);
  });

  it('relative numbers start anew with a new connection of the same ports', () => {
    const conv = new Conversations();
    const p = new PacketView();
    const syn = Uint8Array.from(packetsOf('02-hello.pcap')[0]!.data);
    p.set(syn, 0, syn.length, 'ethernet');
    conv.add(p);
    assert.equal(FIELDS['tcp.stream']?.get(p), 0);
    const other = Uint8Array.from(syn);
    other[14 + 20 + 5]! ^= 0x55;
    p.set(other, 0, other.length, 'ethernet');
    conv.add(p);
    assert.deepEqual([FIELDS['tcp.stream']?.get(p), FIELDS['tcp.seq']?.get(p)], [1, 0]);
  });

  it('never throws, and every node lies within the packet, whatever the bytes', () => {
    const samples = ['01-dhcp.pcap', '02-hello.pcap', '03-ping.pcap', '05-http.pcap'].flatMap((n) =>
      packetsOf(n).slice(0, 20),
    );
    const bytes = [...samples.map((s) => s.data), ...Object.values(HELLO)];
    const edits = fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { maxLength: 5 });
    const check = (nodes: readonly TreeNode[], length: number): void => {
      for (const n of nodes) {
        assert.ok(
          n.start >= 0 && n.length >= 0 && n.start + n.length <= length,
          `${n.label}: ${n.start}+${n.length} of ${length}`,
        );
        check(n.children, length);
      }
    };
    fc.assert(
      fc.property(fc.constantFrom(...bytes), edits, fc.nat(80), fc.boolean(), (sample, changes, cut, ip) => {
        const b = Uint8Array.from(sample.subarray(0, Math.max(0, sample.length - (cut > 40 ? cut : 0))));
        for (const [at, v] of changes) {
          b[at % Math.max(1, b.length)] = v;
        }
        const p = new PacketView(b, ip ? 'ip' : 'ethernet');
        const conversations = new Conversations();
        conversations.add(p);
        check(dissect(p), b.length);
        summary(p);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (b) => {
        check(dissectBytes(b), b.length);
        check(dissectBytes(b, 'ip'), b.length);
      }),
      { numRuns: 500 },
    );
  });
});
