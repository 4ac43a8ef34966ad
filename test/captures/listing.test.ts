/** Packet listings: the rows of a capture, and whether all its packets can be stopped at. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { concat, pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { CaptureError } from '../../adapter/packets/types.ts';
import { ROLE_HOST } from '../../adapter/replay/plan.ts';
import { CaptureModel } from '../../src/captures/capture-model.ts';
import type { PacketRow } from '../../src/captures/messages.ts';
import { leastCost } from '../kit/cost.ts';
import { ACK, SYN, tcpFrame } from '../kit/frames.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { play } from '../replay/play.ts';

const here = dirname(fileURLToPath(import.meta.url));
const MILLION = 1_000_000;
const NAMES = ['01-dhcp', '02-hello', '03-ping', '05-http'];

const unwatched = { told: () => {}, signal: new AbortController().signal };

/** What `look` makes of a capture that is open for it. */
async function opened<T>(path: string, look: (model: CaptureModel) => T | Promise<T>): Promise<T> {
  let model: CaptureModel | undefined;
  await CaptureModel.open(path, unwatched, (shown) => {
    model = shown;
  });
  assert.ok(model !== undefined);
  try {
    return await look(model);
  } finally {
    model.close();
  }
}

/** A file in a folder of its own. */
function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

const all = (model: CaptureModel): PacketRow[] => model.rows(0, model.count);

/** Rows as a text with aligned columns, but for the length. */
function text(model: CaptureModel): string {
  const rows = all(model).map((r, i) => [`${i + 1}`, r.time, r.source, r.destination, r.protocol, r.info]);
  const width = (column: number): number => rows.reduce((n, row) => Math.max(n, row[column]!.length), 0);
  const widths = [0, 1, 2, 3, 4].map(width);
  const cell = (value: string, column: number): string =>
    column < 2 ? value.padStart(widths[column]!) : value.padEnd(widths[column] ?? 0);
  const lines = rows.map((row) => row.map(cell).join('  ').trimEnd());
  return [...lines, ...model.warnings.map((w) => `# ${w}`), ''].join('\n');
}

/** A capture of `count` segments, the first of which opens a connection. */
function long(count: number): Uint8Array {
  const ends = { src: 0xc0a80101, dst: 0xc0a80102, sport: 40000, dport: 80 };
  const syn = pcapPacket({ tsSec: 1, tsNsec: 0, data: tcpFrame({ ...ends, flags: SYN, seq: 1000 }) });
  const ack = pcapPacket({ tsSec: 2, tsNsec: 0, data: tcpFrame({ ...ends, flags: ACK, seq: 1001, ack: 1 }) });
  return concat([pcapHeader(), syn, Buffer.alloc(ack.length * (count - 1), ack)]);
}

describe('packet listing', () => {
  for (const name of NAMES) {
    it(`of ${name} is as expected`, async () => {
      const golden = readFileSync(join(here, 'golden', `${name}.packets`), 'utf8');
      assert.equal(await opened(capture(`${name}.pcap`), text), golden);
    });
  }

  it('shows what a link type that carries IP has inside, with lengths on the wire', async () => {
    const rows = await opened(capture('foreign/any-http-small.pcap'), all);
    assert.match(rows[0]!.info, /^33772 → 24001 \[SYN\]/);
    assert.deepEqual([rows[0]!.source, rows[0]!.destination, rows[0]!.protocol], ['127.0.0.1', '127.0.0.1', 'TCP']);
    assert.match(rows[5]!.info, /^HTTP\/1\.\d 200 OK/);
    const cut = await opened(capture('foreign/lo-http-snap96.pcap'), all);
    assert.ok(cut.some(({ length }) => length > 60_000));
  });

  it('has a row for each packet of any other link type', async () => {
    // IEEE 802.11 with radiotap.
    const packets = [60, 1400].map((n, i) => ({ tsSec: i, tsNsec: 0, data: new Uint8Array(n) }));
    const rows = await opened(fileOf('wifi.pcap', writePcap(packets, { linktype: 127 })), all);
    const blank = { source: '', destination: '', protocol: 'Unknown', badness: '' };
    assert.deepEqual(rows, [
      { time: '0.000000', ...blank, length: 60, info: '60 bytes' },
      { time: '1.000000', ...blank, length: 1400, info: '1400 bytes' },
    ]);
  });

  it('is the same for a packed capture, and has what comes before its damage', async () => {
    const path = capture('foreign/mixed.pcapng');
    const rows = await opened(path, all);
    const packed = gzipSync(readFileSync(path));
    assert.deepEqual(await opened(fileOf('x.pcapng.gz', packed), all), rows);
    const some = await opened(fileOf('cut.pcapng.gz', packed.subarray(0, packed.length - 400)), (model) => ({
      rows: all(model),
      warnings: model.warnings,
    }));
    assert.ok(some.rows.length > 0 && some.rows.length < rows.length, `${some.rows.length}`);
    assert.deepEqual(some.rows, rows.slice(0, some.rows.length));
    assert.match(some.warnings.join(), /^truncated capture/);
  });

  it('says what is wrong with a file', async () => {
    const open = (bytes: Uint8Array) => CaptureModel.open(fileOf('x.pcap', bytes), unwatched, () => {});
    await assert.rejects(open(Buffer.from('hello, this is text')), /^CaptureError: not a capture: .*\(text\)/);
    await assert.rejects(open(new Uint8Array(0)), /not a capture: the file is empty/);
    await assert.rejects(
      CaptureModel.open(join(tempFolder(), 'none.pcap'), unwatched, () => {}),
      /there is no such file/,
    );
    const none = await opened(fileOf('none.pcap', pcapHeader()), (model) => [model.count, all(model)]);
    assert.deepEqual(none, [0, []]);
  });

  it('can be made of any bytes', async () => {
    const whole = readFileSync(capture('03-ping.pcap'));
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 });
    const folder = tempFolder();
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const [at, value] of changes) {
          bytes[at % Math.max(1, length)] = value;
        }
        const path = join(folder, 'x.pcap');
        writeFileSync(path, bytes);
        try {
          await opened(path, all);
        } catch (e) {
          assert.ok(e instanceof CaptureError, String(e));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives any range of rows, with numbers relative to the beginning of their connections', async () => {
    await opened(fileOf('long.pcap', long(1000)), (model) => {
      assert.deepEqual(model.rows(998, 2000), model.rows(998, 1000));
      assert.deepEqual(model.rows(-5, 1), model.rows(0, 1));
      assert.deepEqual(model.rows(2000, 3000), []);
      const [last] = model.rows(999, 1000);
      assert.match(last!.info, /\[ACK\] Seq=1 Ack=1/);
      assert.equal(last!.time, '1.000000');
    });
  });

  it('shows packets while it is read, tells how far it is, and keeps them when it is given up', async () => {
    const path = fileOf('long.pcap', long(400_000));
    const abort = new AbortController();
    const far: number[] = [];
    const told = (done: number, total: number): void => {
      far.push(done / total);
    };
    const models = new Set<CaptureModel>();
    const counts: number[] = [];
    const reading = CaptureModel.open(path, { told, signal: abort.signal }, (model) => {
      models.add(model);
      counts.push(model.count);
      assert.match(model.rows(model.count - 1, model.count)[0]!.info, /\[ACK\] Seq=1 Ack=1/);
      abort.abort();
    });
    await assert.rejects(reading, { name: 'AbortError' });
    assert.deepEqual([far.length, counts.length], [1, 1]);
    assert.ok(far[0]! > 0 && far[0]! < 1 && counts[0]! > 0 && counts[0]! < 400_000, `${far} ${counts}`);
    const [model] = models;
    assert.equal(model!.rows(0, 5).length, 5);
    model!.close();
  });

  it('costs in proportion to its packets, 200 bytes each, and a page the same wherever it is', async () => {
    const few = fileOf('few.pcap', long(MILLION / 10));
    const many = fileOf('million.pcap', long(MILLION));
    const { rss } = process.memoryUsage();
    await opened(many, async (model) => {
      const grown = process.memoryUsage().rss - rss;
      assert.ok(grown < 200 * MILLION, `${grown} bytes`);
      assert.equal(model.rows(MILLION - 100, MILLION).at(-1)!.info, model.rows(1, 2)[0]!.info);
      const page = (at: number) => () => model.rows(at, at + 100);
      const [first, last] = [await leastCost(page(1)), await leastCost(page(MILLION - 100))];
      assert.ok(last < 10 * first + 50_000, `a page at the beginning: ${first} us, at the end: ${last} us`);
    });
    const open = (path: string) => () => opened(path, () => undefined);
    const [tenth, whole] = [await leastCost(open(few)), await leastCost(open(many), 1)];
    assert.ok(whole < 30 * tenth, `100,000 packets: ${tenth} us, a million: ${whole} us`);
  });
});

describe('packets of a replay', function () {
  this.timeout(60000);

  for (const name of NAMES) {
    it(`of ${name} that the network sends again are those of the capture`, () => {
      const { numbers, plan } = play(readFileSync(capture(`${name}.pcap`)));
      const roles = [...plan.roles];
      assert.deepEqual(
        numbers.filter((n) => n > 0),
        roles.flatMap((role, i) => (role === ROLE_HOST ? [i + 1] : [])),
      );
    });
  }
});

describe('packets of a listing', () => {
  const HTTP = capture('foreign/veth-http-small.pcap');

  it('are those that match a filter, with what the packets before say', async () => {
    await opened(HTTP, async (model) => {
      const matching = async (text: string): Promise<number[]> => [
        ...(await model.matching(compileFilter(text), unwatched)),
      ];
      assert.deepEqual(await matching('tcp.flags.syn == 1'), [3, 4]);
      assert.deepEqual(await matching('tcp.stream == 0 && tcp.len > 0'), [6, 8, 10]);
      assert.equal((await matching('')).length, model.count);
      const shown = Uint32Array.from(await matching('http'));
      const [row] = model.rows(0, 1, shown);
      assert.equal(row?.protocol, 'HTTP');
      assert.equal(model.rows(0, 100, shown).length, shown.length);
    });
  });

  it('have times in formats of their own', async () => {
    await opened(HTTP, (model) => {
      const times = (['first', 'previous', 'day', 'date'] as const).map((format) => {
        model.timeFormat = format;
        return model.rows(1, 2)[0]?.time ?? '';
      });
      assert.match(times.join(' '), /^[\d.]+ [\d.]+ \d\d:\d\d:\d\d\.\d{6} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
      assert.equal(times[0], times[1], 'the second is as far from the first as from the one before');
    });
  });

  it('are as bad as an expert finds them', async () => {
    const ends = { src: 0xc0a80101, dst: 0xc0a80102, sport: 40000, dport: 80 };
    const frames = [
      tcpFrame({ ...ends, flags: SYN, seq: 1000 }),
      tcpFrame({ ...ends, flags: ACK, seq: 1001, ack: 1, data: new Uint8Array(10) }),
      tcpFrame({ ...ends, flags: ACK, seq: 1001, ack: 1, data: new Uint8Array(10) }),
      tcpFrame({ ...ends, flags: 4, seq: 1011 }),
    ];
    const file = fileOf('bad.pcap', writePcap(frames.map((data, i) => ({ tsSec: i + 1, tsNsec: 0, data }))));
    await opened(file, async (model) => {
      await model.judge(unwatched);
      assert.deepEqual(
        all(model).map(({ badness }) => badness),
        ['chat', '', 'note', 'warn'],
      );
    });
  });

  it('have filters for their streams, and can be saved', async () => {
    await opened(HTTP, async (model) => {
      assert.equal(model.streamFilter(6), 'tcp.stream == 0');
      const text = model.conversationFilter(6);
      assert.match(text, /^ip\.addr == \S+ && ip\.addr == \S+ && tcp\.port == \d+ && tcp\.port == 80$|tcp\.port/);
      assert.ok((await model.matching(compileFilter(text), unwatched)).includes(6));
      const saved = readCapture(model.saved(Uint32Array.of(3, 6)));
      const first = readCapture(readFileSync(HTTP)).packets[5];
      assert.ok(Buffer.from(first!.data).equals(saved.packets[1]!.data));
      assert.equal(saved.packets.length, 2);
    });
  });

  it('are trees beside bytes', async () => {
    await opened(HTTP, (model) => {
      const packet = model.details(6);
      const lines = packet?.lines.filter(({ depth }) => depth === 0).map(({ name }) => name);
      assert.deepEqual(lines?.slice(0, 4), ['frame', 'eth', 'ip', 'tcp']);
      const port = packet?.lines.find(({ name }) => name === 'tcp.srcport');
      assert.deepEqual([port?.start, port?.length], [34, 2]);
      assert.equal(packet?.hex.length, 2 * 157);
      assert.equal(model.details(0), undefined);
    });
  });
});
