import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { CaptureError, LINKTYPE_ETHERNET, readCapture } from '../../adapter/packets/capture.ts';
import { concat, type PacketToWrite, pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { PcapngWriter, writePcapng } from '../../adapter/packets/pcapng.ts';

const TRACES = new URL('../traces/', import.meta.url);

function trace(name: string): Uint8Array {
  return readFileSync(new URL(name, TRACES));
}

const SAMPLE: PacketToWrite[] = [
  { tsSec: 1795386303, tsNsec: 711290000, data: Uint8Array.from({ length: 61 }, (_, i) => i) },
  { tsSec: 1795386304, tsNsec: 999999000, data: new Uint8Array(0) },
  { tsSec: 1795386305, tsNsec: 1000, data: Uint8Array.of(1, 2, 3), len: 1514 },
];

function plain(bytes: Uint8Array) {
  return readCapture(bytes).packets.map((p) => ({
    tsSec: p.tsSec,
    tsNsec: p.tsNsec,
    data: [...p.data],
    len: p.len,
  }));
}

const EXPECTED = SAMPLE.map((p) => ({ ...p, data: [...p.data], len: p.len ?? p.data.length }));

function message(bytes: Uint8Array): string {
  try {
    readCapture(bytes);
  } catch (e) {
    assert.ok(e instanceof CaptureError, String(e));
    return e.message;
  }
  throw new assert.AssertionError({ message: 'it was read' });
}

describe('captures', () => {
  it('are refused where they have more packets than can all be objects', () => {
    const bytes = trace('02-hello.pcap');
    const { packets } = readCapture(bytes);
    assert.equal(readCapture(bytes, packets.length).packets.length, packets.length);
    assert.throws(() => readCapture(bytes, packets.length - 1), { name: 'CaptureError', message: /are read at once/ });
  });

  it('reads a capture of QEMU', () => {
    const c = readCapture(trace('02-hello.pcap'));
    assert.equal(c.format, 'pcap');
    assert.equal(c.packets.length, 10);
    assert.deepEqual(
      c.packets.map((p) => p.len),
      [60, 60, 64, 60, 60, 71, 60, 60, 60, 60],
    );
    assert.deepEqual([c.packets[0]!.tsSec, c.packets[0]!.tsNsec], [1795387303, 711290000]);
    assert.deepEqual(c.warnings, []);
  });

  it('writes what it reads, byte for byte', () => {
    for (const name of ['01-dhcp.pcap', '02-hello.pcap', '03-ping.pcap', '05-http.pcap']) {
      const bytes = trace(name);
      const c = readCapture(bytes);
      const again = writePcap(c.packets, { snaplen: c.interfaces[0]!.snaplen });
      assert.equal(Buffer.compare(again, bytes), 0, name);
    }
  });

  for (const bigEndian of [false, true]) {
    for (const nano of [false, true]) {
      it(`pcap, ${bigEndian ? 'big' : 'little'} endian, ${nano ? 'nano' : 'micro'}seconds`, () => {
        const bytes = writePcap(SAMPLE, { bigEndian: bigEndian, nano });
        assert.deepEqual(plain(bytes), EXPECTED);
        assert.equal(readCapture(bytes).bigEndian, bigEndian);
        assert.equal(readCapture(bytes).interfaces[0]!.ticksPerSecond, nano ? 1e9 : 1e6);
      });
    }
    it(`pcapng, ${bigEndian ? 'big' : 'little'} endian`, () => {
      const bytes = writePcapng(SAMPLE, bigEndian);
      assert.deepEqual(plain(bytes), EXPECTED);
      assert.equal(readCapture(bytes).bigEndian, bigEndian);
    });
  }

  it('packets are views of the file', () => {
    const bytes = writePcap(SAMPLE);
    assert.equal(readCapture(bytes).packets[0]!.data.buffer, bytes.buffer);
  });

  it('reads sections of different byte order, several interfaces, names, simple packets and custom blocks', () => {
    const a = new PcapngWriter(false);
    const b = new PcapngWriter(true);
    const c = readCapture(
      concat([
        a.section('test'),
        a.interface('eth0'),
        a.interface('tun0', 101),
        a.packet(SAMPLE[0]!, 1, 'a comment'),
        a.custom(32473, Uint8Array.of(1, 2, 3, 4)),
        a.names([[Uint8Array.of(10, 0, 2, 2), 'gateway']]),
        b.section(),
        b.interface('', LINKTYPE_ETHERNET, 96),
        b.custom(32473, Uint8Array.of(5), false),
        b.packet(SAMPLE[2]!),
        b.simplePacket(new Uint8Array(5), 1500),
      ]),
    );
    assert.deepEqual(
      c.packets.map((p) => [
        p.number,
        c.interfaces[p.iface]!.name,
        c.interfaces[p.iface]!.linktype,
        p.data.length,
        p.len,
      ]),
      [
        [1, 'tun0', 101, 61, 61],
        [2, '', 1, 3, 1514],
        [3, '', 1, 8, 1500],
      ],
    );
    assert.deepEqual(
      c.customBlocks.map((x) => [x.pen, x.copyable, x.data[0], x.afterPackets]),
      [
        [32473, true, 1, 1],
        [32473, false, 5, 1],
      ],
    );
    assert.deepEqual([...c.names], [['10.0.2.2', 'gateway']]);
  });

  it('honours if_tsresol and if_tsoffset, in powers of ten and of two', () => {
    const w = new PcapngWriter();
    for (const [resol, per] of [
      [6, 1e6],
      [3, 1e3],
      [0x8a, 1024],
    ] as const) {
      const head = w.interface('x');
      const at = head.indexOf(9, 8 + 8 + 8); // the if_tsresol option after if_name
      const idb = Uint8Array.from(head);
      idb[at + 4] = resol;
      const epb = w.packet({ tsSec: 0, tsNsec: 0, data: new Uint8Array(4) });
      new DataView(epb.buffer).setUint32(16, per * 3 + per / 2, true); // low half of the time stamp
      const p = readCapture(concat([w.section(), idb, epb])).packets[0]!;
      assert.deepEqual([p.tsSec, p.tsNsec], [3, 5e8], String(per));
    }
  });

  it('says what a file that is no capture starts with', () => {
    assert.match(message(new Uint8Array(0)), /^not a capture: the file is empty/);
    assert.match(
      message(Buffer.from('hello world')),
      /starts with 68 65 6c 6c 6f 20 77 6f \(text\); expected a pcap magic/,
    );
    assert.match(message(Uint8Array.of(0x1f, 0x8b, 8, 0, 0)), /gzip: unpack it first/);
    assert.match(message(Uint8Array.of(0xd4)), /starts with d4/);
    assert.match(message(pcapHeader().subarray(0, 20)), /20 bytes, 4 bytes of the 24-byte file header are missing/);
  });

  it('reads packets of link types that it knows nothing about', () => {
    const w = new PcapngWriter();
    const wifi = concat([w.section(), w.interface('wlan0', 127), w.packet(SAMPLE[0]!)]);
    for (const file of [writePcap(SAMPLE, { linktype: 113 }), writePcap(SAMPLE, { linktype: 999 }), wifi]) {
      const { packets, warnings } = readCapture(file);
      assert.deepEqual(packets[0]?.data, SAMPLE[0]!.data);
      assert.deepEqual(warnings, []);
    }
  });

  it('keeps the packets before a cut, and says where it is', () => {
    const bytes = trace('02-hello.pcap');
    const c = readCapture(bytes.subarray(0, 750));
    assert.equal(c.packets.length, 9);
    assert.equal(c.truncated, true);
    assert.deepEqual(c.warnings, [
      'truncated capture: it ends at byte 750, in the data of packet 10 ' +
        '(which starts at byte 739 and has 60 bytes): 49 bytes are missing',
    ]);
    assert.match(readCapture(bytes.subarray(0, 730)).warnings[0]!, /in the header of packet 10 .* 9 bytes are missing/);
    assert.match(message(bytes.subarray(0, 50)), /^truncated capture: it ends at byte 50, in the data of packet 1 /);
    const ng = writePcapng(SAMPLE);
    const cut = readCapture(ng.subarray(0, ng.length - 3));
    assert.equal(cut.packets.length, 2);
    assert.match(
      cut.warnings[0]!,
      /in the block at byte \d+ \(after 2 packets\), which has 36 bytes: 3 bytes are missing \(packet 3\)/,
    );
  });

  it('does not believe absurd lengths', () => {
    const bad = pcapPacket(SAMPLE[0]!);
    new DataView(bad.buffer).setUint32(8, 0xffffffff, true);
    assert.match(
      message(concat([pcapHeader(), bad])),
      /packet 1 at byte 24 claims 4294967295 captured bytes, more than 262144/,
    );
    const c = readCapture(concat([pcapHeader(), pcapPacket(SAMPLE[0]!), bad]));
    assert.equal(c.packets.length, 1);
    assert.match(c.warnings[0]!, /^damaged capture: packet 2 at byte 101/);
    const w = new PcapngWriter();
    const block = w.packet(SAMPLE[0]!);
    new DataView(block.buffer).setUint32(4, 13, true);
    assert.match(
      message(concat([w.section(), w.interface(), block])),
      /claims a length of 13 bytes; expected a multiple of 4/,
    );
  });

  it('never throws anything but CaptureError, whatever the bytes', () => {
    const w = new PcapngWriter(true);
    const good = [
      writePcap(SAMPLE),
      writePcapng(SAMPLE),
      concat([
        w.section('x'),
        w.interface('eth0'),
        w.names([[Uint8Array.of(1, 2, 3, 4), 'a']]),
        w.simplePacket(SAMPLE[0]!.data),
      ]),
    ];
    const edits = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...good), edits, fc.nat(400), (file, changes, cut) => {
        const bytes = Uint8Array.from(file.subarray(0, file.length - (cut % 40)));
        for (const [at, v] of changes) {
          bytes[at % bytes.length] = v;
        }
        try {
          for (const p of readCapture(bytes).packets) {
            assert.ok(p.data.length <= bytes.length && Number.isFinite(p.tsSec) && Number.isInteger(p.tsNsec));
          }
        } catch (e) {
          assert.ok(e instanceof CaptureError, String((e as Error).stack));
        }
      }),
      { numRuns: 500 },
    );
  });
});
