import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCapture } from '../../adapter/packets/capture.ts';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { PacketView } from '../../adapter/packets/fields.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { readTrace } from '../../adapter/replay/trace.ts';
import { bulkBytes, bulkCapture } from '../host/bulk.ts';
import { tempFolder } from '../kit/temp.ts';
import { HELLO, packetsOf } from '../packets/samples.ts';
import { fromSlirp, streams } from './replay.ts';

interface Result {
  readonly code: number;
  readonly turns: number;
  readonly reports: readonly string[];
  readonly drops: readonly (readonly [reason: string, count: number])[];
  readonly frames: readonly (readonly [dir: 0 | 1, base64: string])[];
  readonly files: readonly (readonly [path: string, base64: string])[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OPTIONS = ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'];

function run(file: string, options: readonly string[] = OPTIONS): Result {
  const args = ['--import', 'tsx', join(ROOT, 'test/replay/replay-main.ts'), file, ...options];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, maxBuffer: 1 << 28 }).toString()) as Result;
}

function replay(name: string, options?: readonly string[]): Result {
  return run(join(ROOT, 'test/traces', name), options);
}

function slirpFrames(r: Result): Uint8Array[] {
  return r.frames.filter(([dir]) => dir === 1).map(([, data]) => new Uint8Array(Buffer.from(data, 'base64')));
}

/** Lines for frames with relative sequence numbers, so that captures of different runs compare. */
function describeFrames(frames: readonly Uint8Array[]): string[] {
  const p = new PacketView();
  p.conversations = new Conversations();
  return frames.map((data) => {
    p.set(data, 0, data.length, 'ethernet');
    p.conversations!.add(p);
    return formatSummary(summary(p)).replace(/, ID=[0-9a-f]{4}/, '');
  });
}

/** All frames of the capture, and of the replay, as lines; the replay's own announcement left out. */
function both(name: string, r: Result): [ours: string[], theirs: string[]] {
  const ours = describeFrames(r.frames.map(([, data]) => new Uint8Array(Buffer.from(data, 'base64'))));
  const theirs = describeFrames(packetsOf(name).map((p) => p.data));
  return [ours.filter((l) => !l.includes('ARP Announcement')), theirs];
}

describe('replaying a capture on the machine', function () {
  this.timeout(60000);

  for (const name of ['01-dhcp.pcap', '02-hello.pcap', '03-ping.pcap', '05-http.pcap', '08-upload.pcap']) {
    it(`${name}: the user network sends what it sent in the capture`, () => {
      const r = replay(name);
      assert.equal(r.code, 0);
      const [ours, theirs] = both(name, r);
      assert.deepEqual(ours, theirs);
      assert.match(r.reports.at(-1)!, /^info: replay finished: \d+ frames$/);
    });
  }

  it('filter-dump writes the frames of a replay, with their times', () => {
    const r = replay('03-ping.pcap', [...OPTIONS, '-object', 'filter-dump,id=d,netdev=user.0,file=/dumped']);
    const [[path, data]] = r.files as [readonly [string, string]];
    assert.equal(path, '/dumped');
    const { packets } = readCapture(Buffer.from(data, 'base64'));
    assert.deepEqual(
      packets.map((p) => Buffer.from(p.data).toString('base64')),
      r.frames.map(([, frame]) => frame),
    );
    const ns = (p: { tsSec: number; tsNsec: number }): number => p.tsSec * 1e9 + p.tsNsec;
    const span = ns(packets.at(-1)!) - ns(packets[0]!);
    const recorded = packetsOf('03-ping.pcap');
    assert.ok(Math.abs(span - (ns(recorded.at(-1)!) - ns(recorded[0]!))) < 0.5e9, `${span} ns`);
  });

  it('DNS, and a ping beyond the gateway', () => {
    const dir = tempFolder();
    const file = join(dir, 'small.pcap');
    const frames = [HELLO.dns_query, HELLO.dns_answer, HELLO.echo_request, HELLO.echo_reply];
    writeFileSync(file, writePcap(frames.map((data, i) => ({ tsSec: 5 + i, tsNsec: 0, data }))));
    const r = run(file);
    // Frames are padded on their way through the NIC, and the user network sets a TTL of its own.
    const bare = (list: Uint8Array[]) => describeFrames(list).map((l) => l.replace(/ICMP \d+|, ttl=\d+/g, ''));
    assert.deepEqual(bare(slirpFrames(r)), bare([HELLO.dns_answer, HELLO.echo_reply]));
    assert.deepEqual(r.drops, []);
  });

  for (const direction of ['up', 'down'] as const) {
    it(`a bulk transfer, ${direction}`, () => {
      const dir = tempFolder();
      const bytes = bulkBytes(1 << 20);
      const file = join(dir, 'bulk.pcap');
      const capture = bulkCapture(direction, bytes);
      writeFileSync(file, capture);
      assert.deepEqual(readTrace(readCapture(capture)).warnings, []);
      const r = run(file);
      const all = r.frames.map(([, d]) => new Uint8Array(Buffer.from(d, 'base64')));
      const got = streams(all, (f) => fromSlirp(f) === (direction === 'down'));
      assert.equal(Buffer.compare([...got.values()][0]!, bytes), 0);
      assert.deepEqual(r.drops, []);
      const last = describeFrames(all.filter(fromSlirp)).at(-1)!;
      assert.match(last, direction === 'up' ? /\[(FIN, )?ACK\] Seq=[12] Ack=1048578/ : /\[ACK\] Seq=1048578 Ack=2/);
    });
  }

  it('is the same every time', () => {
    const a = replay('05-http.pcap');
    const b = replay('05-http.pcap');
    assert.deepEqual(a, b);
  });

  it('uses the forwarded port of the options', () => {
    const r = replay('02-hello.pcap', ['-nic', 'user,model=e1000,hostfwd=tcp:127.0.0.1:0-:5556']);
    assert.match(describeFrames(slirpFrames(r))[0]!, /58676 → 5556 \[SYN\]/);
  });
});
