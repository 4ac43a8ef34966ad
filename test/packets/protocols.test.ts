import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { dissect, type TreeNode } from '../../adapter/packets/dissect.ts';
import { FIELDS, type Field, knownFields, occurrences } from '../../adapter/packets/fields.ts';
import { type LinkType, PacketView } from '../../adapter/packets/packet-view.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { tcp } from '../../adapter/packets/protocols/tcp.ts';
import { vlan } from '../../adapter/packets/protocols/vlan.ts';
import { PROTOCOLS } from '../../adapter/packets/protocols.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { LAYERS } from './layer-samples.ts';
import { BUILT } from './protocol-samples.ts';
import { packetsOf } from './samples.ts';

const CAPTURES = readdirSync(new URL('../traces/', import.meta.url)).filter((f) => f.endsWith('.pcap'));

/**
 * Calls `visit` for every packet of the captures and every built one, with a view that knows its connection and
 * number.
 */
function eachPacket(visit: (p: PacketView, where: string) => void): void {
  const p = new PacketView();
  // A second a packet, as a replay would know it.
  const clock = { numberOf: () => p.number, secondsOf: (number: number) => number - 1, recordOf: () => null };
  const visitAll = (packets: readonly Uint8Array[], where: string, linktype: LinkType = 'ethernet'): void => {
    const conversations = new Conversations();
    packets.forEach((data, i) => {
      p.set(data, 0, data.length, linktype);
      p.number = i + 1;
      p.known = { ...clock, relative: () => undefined };
      conversations.add(p);
      visit(p, `${where} ${i + 1}`);
    });
  };
  for (const name of CAPTURES) {
    visitAll(
      packetsOf(name).map((x) => x.data),
      name,
    );
  }
  for (const [name, data] of Object.entries(BUILT)) {
    visitAll([data], name);
    visitAll([data.subarray(14)], `${name} without Ethernet`, 'ip');
  }
  for (const [name, frames] of Object.entries(LAYERS)) {
    const file = writePcap(frames.map((data, i) => ({ data, tsSec: 1 + i, tsNsec: 0 })));
    for (const q of walkCapture(readCapture(file))) {
      visit(q, `${name} ${q.number}`);
    }
  }
}

function flat(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap((n) => [n, ...flat(n.children)]);
}

/** The values of a field's first layer, as `$pkt` has them. */
function values(p: PacketView, f: Field): unknown[] {
  const value = f.get(p);
  return value === undefined ? [] : Array.isArray(value) ? [...value] : [value];
}

/** True for a field that each of its occurrences has a line for. */
function alwaysShown(f: Field): boolean {
  const several = PROTOCOLS.filter((protocol) => protocol.named(f.name) !== undefined).length > 1;
  return f.value !== undefined && f.shown === undefined && f.alsoInParts !== true && !several;
}

describe('protocols', function () {
  this.timeout(60_000);

  it('a protocol declares each field that its layers have', () => {
    eachPacket((p, where) => {
      for (const l of p.layers()) {
        l.protocol.eachOccurrence(p, l, ({ name }) => {
          assert.ok(l.protocol.named(name), `${where}: ${l.protocol.name} does not declare ${name}`);
        });
      }
    });
  });

  it('the tree, $pkt and completion agree on each field of each packet', () => {
    const known = new Set(knownFields());
    const fields = Object.values(FIELDS).map((f) => ({ f, always: alwaysShown(f) && f.type !== 'protocol' }));
    eachPacket((p, where) => {
      const nodes = flat(dissect(p)).filter((n) => n.raw !== undefined);
      for (const n of nodes) {
        assert.ok(known.has(n.name), `${where}: completion knows no ${n.name}`);
        const same = (o: { value: unknown; from: number; length: number }): boolean =>
          FIELDS[n.name]!.type === 'protocol' ||
          (o.from - p.off === n.start && o.length === n.length && String(o.value) === String(n.raw));
        assert.ok(occurrences(p, FIELDS[n.name]!).some(same), `${where}: ${n.label} is not among the values`);
      }
      const lines = new Map<string, number>();
      for (const { name } of nodes) {
        lines.set(name, (lines.get(name) ?? 0) + 1);
      }
      const declared = new Set(p.layers().flatMap((l) => l.protocol.fields.map((f) => f.name)));
      for (const { f, always } of fields) {
        const got = f.get(p);
        // Most fields belong to no layer: these have no value, which is worth no more than a look.
        const all = declared.has(f.name) ? occurrences(p, f) : [];
        if (all.length > 0 || (got !== undefined && (got !== false || f.type !== 'protocol'))) {
          const first = occurrences(p, f, 1).map((o) => o.value);
          const wanted = f.type === 'protocol' ? [all.length > 0] : f.many ? first : first.slice(0, 1);
          assert.deepEqual(wanted, values(p, f), `${where}: ${f.name}`);
        }
        if (always && (lines.get(f.name) ?? 0) !== all.length) {
          assert.fail(`${where}: ${lines.get(f.name) ?? 0} lines of ${f.name}, ${all.length} values`);
        }
      }
    });
  });

  it('a field with several values says that it may have them', () => {
    const several = new Set<string>();
    eachPacket((p) => {
      for (const f of Object.values(FIELDS)) {
        if (Array.isArray(f.get(p))) {
          several.add(f.name);
          assert.ok(f.many, f.name);
        }
      }
    });
    assert.ok(['ip.addr', 'tcp.port', 'dns.resp.name', 'dhcp.option.type'].every((n) => several.has(n)));
  });

  it('names are unique, and begin with the protocol', () => {
    // Relatives have the fields of the first of them.
    const first: Readonly<Record<string, string>> = { mdns: 'dns', llmnr: 'dns' };
    const borrowed = (n: string): boolean => n === 'ip.version' || n.startsWith('_ws.');
    for (const { name, fields } of PROTOCOLS) {
      const names = fields.map((f) => f.name);
      assert.deepEqual(
        names.filter((n, i) => names.indexOf(n) !== i),
        [],
      );
      assert.deepEqual(
        names.filter((n) => n !== name && !n.startsWith(`${first[name] ?? name}.`) && !borrowed(n)),
        [],
      );
    }
  });

  it('several layers of a protocol are told apart', () => {
    const p = new PacketView(BUILT['two_tags']!);
    const id = FIELDS['vlan.id']!;
    assert.equal(id.get(p), 1);
    assert.deepEqual(
      occurrences(p, id).map((o) => [o.value, o.from]),
      [
        [1, 14],
        [2, 18],
      ],
    );
    assert.deepEqual(
      occurrences(p, id, 2).map((o) => o.value),
      [2],
    );
    assert.equal(p.layers().filter((l) => l.protocol === vlan).length, 2);
    assert.equal(FIELDS['frame.protocols']!.get(p), 'eth:ethertype:vlan:ethertype:vlan:ethertype:data');
  });

  it('a cut packet has the length that it had on the wire', () => {
    const p = new PacketView();
    p.set(packetsOf('02-hello.pcap')[3]!.data, 0, 50, 'ethernet', 60);
    assert.equal(FIELDS['frame.len']!.get(p), 60);
    assert.equal(FIELDS['frame.cap_len']!.get(p), 50);
    assert.match(dissect(p)[0]!.label, /^Frame: 60 bytes on wire \(480 bits\), 50 bytes captured/);
  });

  it('uses its layers again for the next packet', () => {
    const p = new PacketView();
    const found = packetsOf('02-hello.pcap')
      .slice(3, 6)
      .map(({ data }) => p.set(data, 0, data.length, 'ethernet').find(tcp));
    assert.ok(found[0] !== null && found.every((l) => l === found[0]));
  });

  it('says where a layer is malformed, and shows the rest as data', () => {
    const short = packetsOf('02-hello.pcap')[3]!.data.subarray(0, 40);
    const p = new PacketView(short);
    assert.deepEqual(
      dissect(p).map((n) => n.label.split(',')[0]),
      [
        'Frame: 40 bytes on wire (320 bits)',
        'Ethernet II',
        'Internet Protocol Version 4',
        '[Malformed Packet: TCP]',
        'Data (6 bytes)',
      ],
    );
    assert.equal(formatSummary(summary(p)), '10.0.2.15 → 10.0.2.2 TCP 40 TCP (6 bytes)');
    p.set(short, 0, 10, 'ethernet');
    assert.equal(formatSummary(summary(p)), ' →  Ethernet 10 [Malformed Packet]');
  });

  it('whatever the bytes, nothing throws, and the order of questions does not matter', () => {
    const samples = [
      ...Object.values(BUILT),
      ...CAPTURES.flatMap((n) =>
        packetsOf(n)
          .slice(0, 12)
          .map((x) => x.data),
      ),
    ];
    const names = knownFields();
    const mutated = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 5 }),
        fc.option(fc.nat(120)),
      )
      .map(([sample, changes, cut]) => {
        const b = Uint8Array.from(cut === null ? sample : sample.subarray(0, cut));
        for (const [at, v] of changes) {
          b[at % Math.max(1, b.length)] = v;
        }
        return b;
      });
    const bytes = fc.oneof(mutated, fc.uint8Array({ maxLength: 120 }));
    const asked = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 6 });
    const p = new PacketView();
    fc.assert(
      fc.property(bytes, fc.constantFrom('ethernet' as const, 'ip' as const), asked, (b, linktype, fields) => {
        const fresh = new PacketView(b, linktype);
        formatSummary(summary(fresh));
        dissect(fresh);
        p.set(b, 0, b.length, linktype);
        for (const name of fields) {
          assert.deepEqual(FIELDS[name]!.get(p), FIELDS[name]!.get(fresh), name);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
