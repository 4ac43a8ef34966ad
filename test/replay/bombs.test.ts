/** Captures that are small and want much: what is read, listed and dissected of them stays bounded. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readCapture } from '../../adapter/packets/capture.ts';
import { PacketView } from '../../adapter/packets/fields.ts';
import { concat, pcapHeader, writePcap } from '../../adapter/packets/pcap.ts';
import { PCAPNG_SHB, PcapngWriter } from '../../adapter/packets/pcapng.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { CaptureError } from '../../adapter/packets/types.ts';
import { mostUnpacked, openCapture } from '../../adapter/replay/open.ts';
import { CaptureModel } from '../../src/captures/capture-model.ts';
import { processSession } from '../dap/client.ts';
import { SYN, tcpFrame } from '../kit/frames.ts';
import { PKTGDB, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

const MB = 1 << 20;
const PACKET = { tsSec: 1, tsNsec: 0, data: new Uint8Array(60) };

/** Processor time of `look` in milliseconds, and its bytes of memory that are in use afterwards. */
function cost(look: () => unknown): { readonly ms: number; readonly bytes: number } {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const [before, cpu] = [used(), process.cpuUsage()];
  const kept = look();
  const { user, system } = process.cpuUsage(cpu);
  const bytes = used() - before;
  assert.notEqual(kept, undefined);
  return { ms: (user + system) / 1000, bytes };
}

function bounded(look: () => unknown): void {
  const { ms, bytes } = cost(look);
  assert.ok(ms < 10_000, `${ms} ms`);
  assert.ok(bytes < 400 * MB, `${bytes} bytes`);
}

/** A block with a body of its own. */
function block(type: number, body: Uint8Array, length = 12 + body.length): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  out.set(body, 8);
  view.setUint32(8 + body.length, length, true);
  return out;
}

/** Options that are all alike. */
function options(count: number, code: number, length: number, claimed = length): Uint8Array {
  const one = new Uint8Array(4 + ((length + 3) & ~3)).fill(0x41);
  const view = new DataView(one.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, claimed, true);
  return Uint8Array.from(Buffer.alloc(one.length * count, one));
}

const w = new PcapngWriter();
const begin = concat([w.section(), w.interface()]);
/** The body of an Enhanced Packet Block without a packet. */
const NO_PACKET = new Uint8Array(20);

/** Layers of Ethernet's payload that hold each other. */
const NESTED: Readonly<Record<string, () => Uint8Array>> = {
  'VLAN tags': () => ethernet(0x8100, Uint8Array.from(Buffer.alloc(65_000, Buffer.of(0, 1, 0x81, 0)))),
  'IP in IP': () => ethernet(0x800, Uint8Array.from(Buffer.concat(Array.from({ length: 3000 }, (_, i) => ip(i))))),
  'MPLS labels': () => ethernet(0x8847, new Uint8Array(65_000)),
  'IPv6 extensions': () => {
    const header = Buffer.alloc(40);
    header[0] = 0x60;
    header.writeUInt16BE(64_000, 4);
    return ethernet(0x86dd, Uint8Array.from(Buffer.concat([header, Buffer.alloc(64_000)])));
  },
};

function ethernet(type: number, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(type, 12);
  return Uint8Array.from(Buffer.concat([header, payload]));
}

/** The header number `i` of 3,000 that follow each other. */
function ip(i: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 * (3000 - i), 2);
  header[8] = 64;
  header[9] = 4;
  return header;
}

/** Bytes of the packets without bytes: a header of zeros each. */
const ZEROS = 16 * MB;
const EMPTY_PACKETS = concat([pcapHeader(), new Uint8Array(ZEROS)]);

/** A zstd frame (RFC 8878, 3.1.1) of some bytes and very many zeros, in blocks that say "128 KB of this byte". */
function zstdOf(first: Uint8Array, zeros: number): Buffer {
  const WHOLE = 1 << 17;
  const [RAW, RLE] = [0, 1];
  const header = (size: number, type: number, last = 0): Buffer => {
    const bytes = Buffer.alloc(3);
    bytes.writeUIntLE((size << 3) | (type << 1) | last, 0, 3);
    return bytes;
  };
  const blocks = Array.from({ length: zeros / WHOLE }, (_, i) => [
    header(WHOLE, RLE, Number(i === zeros / WHOLE - 1)),
    Buffer.of(0),
  ]);
  const begin = Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38);
  return Buffer.concat([begin, header(first.length, RAW), first, ...blocks.flat()]);
}

describe('bombs', () => {
  it('lengths of 4 GB are damage, before anything is read for them', () => {
    const header = new Uint8Array(16);
    new DataView(header.buffer).setUint32(8, 0xffffffff, true);
    const huge = block(6, NO_PACKET, 0xfffffffc);
    const read = (bytes: Uint8Array) => () => readCapture(bytes);
    assert.throws(read(concat([pcapHeader(), header])), CaptureError);
    assert.throws(read(concat([begin, huge])), /claims a length of 4294967292 bytes/);
    assert.throws(read(block(PCAPNG_SHB, w.section().subarray(8, -4), 0xfffffffc)), CaptureError);
    const claims = NO_PACKET.slice();
    new DataView(claims.buffer).setUint32(12, 0xffffffff, true);
    assert.throws(read(concat([begin, block(6, claims)])), /claims 4294967295 captured bytes/);
  });

  it('a million interfaces are more than there can be', () => {
    const many = Buffer.alloc(20 * 1_000_000, block(1, new Uint8Array(8)));
    const bytes = concat([w.section(), w.interface(), w.packet(PACKET), many]);
    bounded(() => {
      const { interfaces, truncated, warnings } = readCapture(bytes);
      assert.equal(interfaces.length, 65_536);
      assert.ok(truncated);
      assert.match(warnings.join(), /describes more than 65536 interfaces/);
      return interfaces;
    });
  });

  it('options of 64 KB, and four million of none, are read once and kept in part', () => {
    const named = block(1, concat([new Uint8Array(8), options(200, 2, 65_532)]));
    const comments = block(6, concat([NO_PACKET, options(4_000_000, 1, 0)]));
    const long = block(6, concat([NO_PACKET, options(200, 1, 65_532)]));
    const broken = block(6, concat([NO_PACKET, options(2, 1, 4, 9999)]));
    const bytes = concat([begin, named, comments, long, ...Array.from({ length: 10_000 }, () => broken)]);
    bounded(() => {
      const capture = readCapture(bytes);
      assert.equal(capture.packets.length, 10_002);
      assert.equal(capture.interfaces[1]?.name.length, 1000);
      assert.equal(capture.comments.get(1)?.length, 100_000);
      assert.ok(capture.warnings.length <= 100);
      return capture;
    });
  });

  it('names without end are kept in part', () => {
    const record = Buffer.concat([Buffer.of(1, 0, 8, 0), Buffer.alloc(8, 'abcd')]);
    const names = Array.from({ length: 200_000 }, (_, i) => {
      record.writeUInt32BE(i, 4);
      return Uint8Array.from(record);
    });
    bounded(() => {
      const { names: kept } = readCapture(concat([begin, block(4, concat(names)), w.packet(PACKET)]));
      assert.equal(kept.size, 100_000);
      return kept;
    });
  });

  for (const [what, make] of Object.entries(NESTED)) {
    it(`${what}, thousands in each other, are dissected and listed`, async () => {
      const data = make();
      bounded(() => summary(new PacketView(data)));
      const path = join(tempFolder(), 'deep.pcap');
      writeFileSync(path, writePcap([{ tsSec: 1, tsNsec: 0, data: data.subarray(0, 65_535) }]));
      let model: CaptureModel | undefined;
      await CaptureModel.open(path, { told: () => undefined, signal: new AbortController().signal }, (shown) => {
        model = shown;
      });
      assert.equal(model?.rows(0, 1).length, 1);
      bounded(() => model?.details(1));
      model?.close();
      const listed = execFileSync(process.execPath, [join(ROOT, 'dist/packets.js'), 'summary', path], {
        encoding: 'utf8',
      });
      assert.equal(listed.split('\n').length, 2);
    });
  }

  it('a small file unpacks to some gigabytes at most, a large one to what gzip can make of it', () => {
    const GB = 2 ** 30;
    assert.deepEqual(
      [0, 2000, 10 * MB, GB].map((bytes) => mostUnpacked(bytes)),
      [2 * GB, 2 * GB, 11_000 * MB, 64 * GB],
    );
    assert.equal(mostUnpacked(2000, MB), MB);
  });

  for (const [name, packed] of Object.entries({ gz: gzipSync(EMPTY_PACKETS), zst: zstdOf(pcapHeader(), ZEROS) })) {
    it(`a .${name} of ${packed.length} bytes that unpacks to a million packets is listed and replayed`, async () => {
      const path = join(tempFolder(), `bomb.${name}`);
      writeFileSync(path, packed);
      const unwatched = { told: () => undefined, signal: new AbortController().signal };
      const [before, cpu] = [process.memoryUsage(), process.cpuUsage()];
      let model: CaptureModel | undefined;
      await CaptureModel.open(path, unwatched, (shown) => {
        model = shown;
      });
      const { user, system } = process.cpuUsage(cpu);
      const after = process.memoryUsage();
      assert.equal(model?.count, ZEROS / 16);
      assert.equal(model?.rows(ZEROS / 16 - 1, ZEROS / 16).length, 1);
      model?.close();
      assert.ok((user + system) / 1000 < 20_000, `${user + system} us`);
      assert.ok(after.heapUsed + after.external - before.heapUsed - before.external < 200 * MB);
      const adapter = processSession(PKTGDB, ['-i', 'dap']);
      try {
        // Nothing of it can be played: whether that is an error or an end is not what is asked here.
        await adapter.client.begin({ trace: path }).catch(() => undefined);
        await adapter.client.ask('threads');
        await adapter.client.ask('disconnect');
      } finally {
        adapter.child.kill('SIGKILL');
      }
    }).timeout(240_000);
  }

  it('what unpacks to more than there may be is given up, and leaves nothing', async () => {
    const path = join(tempFolder(), 'bomb.gz');
    writeFileSync(path, gzipSync(concat([pcapHeader(), new Uint8Array(10 * MB)])));
    let unpacked = 0;
    const told = (bytes: number): void => {
      unpacked = bytes;
    };
    await assert.rejects(
      openCapture(path, told, undefined, MB),
      /^CaptureError: it unpacks to more than 1048576 bytes$/,
    );
    assert.ok(unpacked < 2 * MB);
  });

  it('60,000 connections to as many ports are played as far as they can be, and told in a few words', () => {
    const syn = { src: 0x0a000202, dst: 0x0a00020f, sport: 40000, flags: SYN, seq: 1 };
    const syns = Array.from({ length: 60_000 }, (_, i) => ({
      ...PACKET,
      tsNsec: i * 1000,
      data: tcpFrame({ ...syn, dport: 1 + i }),
    }));
    const path = join(tempFolder(), 'syns.pcap');
    writeFileSync(path, writePcap(syns));
    const words = [join(ROOT, 'dist/pktgdb-replay.js'), path, '--guest=10.0.2.15'];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /"too many servers":55904/);
    assert.ok(stdout.length + stderr.length < 4000, `${stdout.length} characters`);
  });

  it('where there is no room for what is unpacked, that is said: it is no capture that ends there', () => {
    const path = join(tempFolder(), 'bomb.gz');
    const whole = writePcap(Array.from({ length: 20_000 }, () => PACKET));
    writeFileSync(path, gzipSync(whole));
    // Blocks of 1 KB that a file may have; Node ignores the signal, so that the write fails as on a full disk.
    const program = 'ulimit -f 64; exec "$0" "$1" summary "$2"';
    const words = ['-c', program, process.execPath, join(ROOT, 'dist/packets.js'), path];
    const { status, stdout, stderr } = spawnSync('bash', words, { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /it cannot be unpacked: EFBIG/);
    assert.equal(stderr.trim().split('\n').length, 1);
  });
});
