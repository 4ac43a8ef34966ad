/** The recorded cases: guest frames, and what libslirp 4.7 answered to them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { read_pcap } from '../../adapter/packets/pcap.ts';
import { parseReplayArgs } from '../tools/replay-args.ts';
import { type ReplayResult, replay } from '../tools/slirp-replayer.ts';
import { decodeAll } from './decode.ts';

const DIR = new URL('../vectors/slirp/', import.meta.url);

interface Case {
  opts: string;
  desc: string;
}

const cases = JSON.parse(readFileSync(new URL('cases.json', DIR), 'utf8')) as Record<string, Case>;

/** Cases whose answer differs on purpose, with the reason in test/vectors/DIFFERENCES.md. */
const DIFFERENT: readonly string[] = ['m_tcp_urg'];

/** Runs a case. */
function runCase(name: string): ReplayResult {
  const root = new URL('tftproot', DIR).pathname;
  const argv = cases[name]!.opts.split(' ').filter((a) => a !== '');
  const { options } = parseReplayArgs(argv.map((a) => a.replace('corpus/tftproot', root)));
  const capture = read_pcap(readFileSync(new URL(`${name}.pcap`, DIR)));
  const sec = capture.packets[0]?.ts_sec ?? 0;
  return replay(
    capture.packets.map((p) => ({ ns: (p.ts_sec - sec) * 1e9 + p.ts_nsec, data: p.data })),
    options,
  );
}

describe('slirp: recorded cases', () => {
  for (const [name, c] of Object.entries(cases)) {
    if (DIFFERENT.includes(name)) {
      continue;
    }
    it(`${name} is answered as by libslirp${c.desc ? `: ${c.desc}` : ''}`, () => {
      const expected = read_pcap(readFileSync(new URL(`answers/${name}.out.pcap`, DIR))).packets.map((p) => p.data);
      const result = runCase(name);
      assert.deepEqual(decodeAll(result.frames.map((f) => f.data)), decodeAll(expected));
    });
  }

  it('m_tcp_urg sends the peer what the guest sent, and nothing from beyond it (CVE-2026-9539)', () => {
    const lines = decodeAll(runCase('m_tcp_urg').frames.map((f) => f.data));
    const echoed = lines.map((l) => /data=([0-9a-f]*)/.exec(l)?.[1] ?? '').join('');
    assert.match(echoed, /^(62)+$/);
    assert.equal(echoed.length, 2 * 1399);
  });

  it('keeps its times: retransmissions at the ticks of libslirp', () => {
    const expected = read_pcap(readFileSync(new URL('answers/tcp_rexmt.out.pcap', DIR))).packets;
    const t0 = expected[0]!.ts_sec;
    const want = expected.map((p) => (p.ts_sec - t0) * 1000 + Math.round(p.ts_nsec / 1e6));
    assert.deepEqual(
      runCase('tcp_rexmt').frames.map((f) => Math.round(f.ns / 1e6)),
      want,
    );
  });
});
