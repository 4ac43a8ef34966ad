/** `pktgdb-replay`: many captures, a line of JSON each, and files with what came out of the stack. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { addr6 } from '../kit/frames.ts';
import { capture, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { CLIENT, Conversation, captureOf, SERVER, webPage } from './conversation.ts';

const PROGRAM = join(ROOT, 'dist/pktgdb-replay.js');
const KEYS = 'file error guest packets played not_played connections bytes divergence ms rss_mb'.split(' ');

interface Line {
  readonly file: string;
  readonly error: string;
  readonly guest: string;
  readonly packets: number;
  readonly played: number;
  readonly not_played: Readonly<Record<string, number>>;
  readonly connections: { total: number; complete: number; partial: number; not_played: Record<string, number> };
  readonly bytes: { to_host: number; to_guest: number };
  readonly divergence: Readonly<Record<string, number>>;
}

function run(args: readonly string[], input?: Uint8Array) {
  const r = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', ...(input ? { input } : {}) });
  const lines = r.stdout
    .trimEnd()
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => JSON.parse(l) as Line);
  return { status: r.status, stderr: r.stderr, lines };
}

/** A file with one raw block in a zstd frame (RFC 8878). */
function zstd(bytes: Uint8Array): Uint8Array {
  const out = Buffer.alloc(4 + 1 + 4 + 3 + bytes.length);
  out.writeUInt32LE(0xfd2fb528, 0);
  out[4] = 0xa0;
  out.writeUInt32LE(bytes.length, 5);
  out.writeUIntLE((bytes.length << 3) | 1, 9, 3);
  out.set(bytes, 12);
  return out;
}

describe('pktgdb-replay', function () {
  this.timeout(30_000);
  const page = webPage();
  const bytes = captureOf(page.frames);
  const { said } = page.client;
  let dir = '';

  before(() => {
    dir = tempFolder();
  });

  const file = (name: string, data: Uint8Array): string => {
    const path = join(dir, name);
    writeFileSync(path, data);
    return path;
  };

  it('prints a line for each file, in their order, and does not end on a bad one', () => {
    const files = [
      capture('foreign/lo-http-snap96.pcap'),
      file('empty.pcap', new Uint8Array(0)),
      capture('foreign/lo-refused.pcap'),
      join(dir, 'nowhere.pcap'),
      dir,
      file('text.pcap', Buffer.from('hello, this is text')),
      file('none.pcap', bytes.subarray(0, 24)),
      file('cut.pcap', bytes.subarray(0, bytes.length - 5)),
      file('page.pcap', bytes),
    ];
    const { status, stderr, lines } = run(files);
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(
      lines.map((l) => l.file),
      files,
    );
    for (const line of lines) {
      assert.deepEqual(Object.keys(line), KEYS);
      assert.deepEqual(Object.keys(line.connections), ['total', 'complete', 'partial', 'not_played']);
      assert.equal(
        line.packets,
        Object.values(line.not_played).reduce((a, b) => a + b, line.played),
      );
    }
    assert.deepEqual(
      lines.map((l) => l.error !== ''),
      [false, true, false, true, true, true, true, false, false],
    );
    assert.match(lines[1]!.error, /the file is empty/);
    assert.equal(lines[3]!.error, 'there is no such file');
    assert.match(lines[5]!.error, /\(text\)/);
    const nothing = { total: 0, complete: 0, partial: 0, not_played: {} };
    assert.deepEqual([lines[3]!.packets, lines[3]!.connections, lines[3]!.not_played], [0, nothing, {}]);
    const { guest, packets, played, connections, bytes: sent } = lines[8]!;
    assert.deepEqual(
      [guest, packets, played, connections],
      ['192.168.77.1', 10, 10, { ...nothing, total: 1, complete: 1 }],
    );
    assert.deepEqual(sent, { to_host: said.length, to_guest: page.server.said.length });
  });

  it('writes the streams as they came out of the stack, with an index', () => {
    const six = new Conversation({
      client: { ...CLIENT, address: addr6(0x2001, 1), port: 51234 },
      server: { ...SERVER, address: addr6(0x2001, 2) },
    });
    six.open().tell('client', 'x').close();
    const other = { ...CLIENT, address: 0xc0a84d09, mac: [2, 0, 0, 0, 0, 9], port: 7 };
    const foreign = new Conversation({ client: other, server: { ...other, address: 0xc0a84d08, port: 8 } }).open();
    const again = webPage({ iss: [9e6, 8e8] }, 'again');
    const all = [...page.frames, ...six.frames, ...foreign.frames, ...again.frames];
    const out = join(dir, 'one');
    const { lines } = run([file('all.pcap', captureOf(all)), `--streams=${out}`]);
    assert.equal(lines[0]!.error, '');
    const index = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')) as unknown[];
    const of = (stream: number) => ({ to_host: `${stream}.to-host.bin`, to_guest: `${stream}.to-guest.bin` });
    const ends = { guest: '192.168.77.1', guest_port: 51000, remote: '192.168.77.2', remote_port: 80 };
    assert.deepEqual(index, [
      { stream: 0, ...ends, initiator: 'guest', status: 'complete', files: of(0) },
      {
        stream: 1,
        guest: '2001::1',
        guest_port: 51234,
        remote: '2001::2',
        remote_port: 80,
        initiator: 'guest',
        status: 'complete',
        files: of(1),
      },
      {
        stream: 2,
        guest: '192.168.77.9',
        guest_port: 7,
        remote: '192.168.77.8',
        remote_port: 8,
        initiator: 'guest',
        status: 'not played',
        files: {},
      },
      { stream: 3, ...ends, initiator: 'guest', status: 'complete', files: of(3) },
    ]);
    const read = (name: string): Buffer => readFileSync(join(out, name));
    assert.deepEqual(read('0.to-host.bin'), Buffer.from(said));
    assert.deepEqual(read('0.to-guest.bin'), Buffer.from(page.server.said));
    assert.deepEqual([read('1.to-host.bin').toString(), read('1.to-guest.bin').length], ['x', 0]);
    assert.equal(read('3.to-guest.bin').toString(), 'again');
    assert.ok(!existsSync(join(out, '2.to-host.bin')));
  });

  it('writes the streams of several files to a folder each, and plays the host that is asked for', () => {
    const out = join(dir, 'many');
    const files = [file('a.pcap', bytes), file('b.pcap', bytes)];
    const { lines } = run([...files, `--streams=${out}`, '--guest=192.168.77.2']);
    assert.deepEqual(
      lines.map((l) => [l.guest, l.connections.complete]),
      [
        ['192.168.77.2', 1],
        ['192.168.77.2', 1],
      ],
    );
    for (const name of ['a.pcap', 'b.pcap']) {
      const [entry] = JSON.parse(readFileSync(join(out, name, 'index.json'), 'utf8')) as { initiator: string }[];
      assert.equal(entry?.initiator, 'remote');
      assert.deepEqual(readFileSync(join(out, name, '0.to-guest.bin')), Buffer.from(said));
    }
    const { lines: missing } = run([files[0]!, '--guest=10.9.8.7']);
    assert.match(missing[0]!.error, /^no host of the capture is 10\.9\.8\.7; there are /);
  });

  it('reads what is packed with gzip or zstd, also through a pipe', () => {
    const packed = [
      file('p.gz', gzipSync(bytes)),
      file('p.zst', zstd(bytes)),
      file('cut.gz', gzipSync(bytes).subarray(0, -9)),
    ];
    const { lines } = run(packed);
    assert.deepEqual(
      lines.slice(0, 2).map((l) => [l.error, l.connections.complete]),
      [
        ['', 1],
        ['', 1],
      ],
    );
    assert.equal(lines.length, 3);
    for (const input of [bytes, gzipSync(bytes), zstd(bytes)]) {
      const { lines: piped } = run(['-'], input);
      assert.deepEqual([piped[0]?.error, piped[0]?.connections.complete], ['', 1]);
    }
  });

  it('says what it does not understand, with status 2', () => {
    for (const args of [[], ['--nonsense'], ['x', '--limit-ms=0'], ['x', '--guest=']]) {
      const { status, stderr, lines } = run(args);
      assert.deepEqual([status, lines], [2, []]);
      assert.match(stderr, /^pktgdb-replay: .*usage: pktgdb-replay FILE\.\.\./);
    }
  });

  it('gives a file up after its limit, and goes on', () => {
    const { status, lines } = run([capture('foreign/lo-http-snap96.pcap'), file('q.pcap', bytes), '--limit-ms=1']);
    assert.equal(status, 0);
    assert.match(lines[0]!.error, /^not done after 1 ms$/);
    assert.equal(lines.length, 2);
  });

  it('is `npm run replay`', () => {
    const { scripts, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      bin: Record<string, string>;
    };
    assert.equal(scripts.replay, 'node dist/pktgdb-replay.js');
    assert.equal(bin['pktgdb-replay'], 'dist/pktgdb-replay.js');
  });
});
