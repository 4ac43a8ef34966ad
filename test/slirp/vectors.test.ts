/** The recorded cases: guest frames, and what libslirp 4.7 answered to them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
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
const DIFFERENT: readonly string[] = ['m_tcp_urg', 'tcp_mss_536', 'tftp_dir', 'dhcp_search_shared', 'dhcp6_types'];

/** The lines of what libslirp answered to a case. */
const recorded = (name: string): string[] =>
  decodeAll(readCapture(readFileSync(new URL(`answers/${name}.out.pcap`, DIR))).packets.map((p) => p.data));

/** The names of a search list in DNS form (RFC 1035, section 4.1.4). */
function searchNames(data: Buffer): string[] {
  const name = (at: number): { labels: string[]; end: number } => {
    const n = data[at]!;
    if (n >= 0xc0) {
      return { labels: name(((n & 0x3f) << 8) | data[at + 1]!).labels, end: at + 2 };
    }
    if (n === 0) {
      return { labels: [], end: at + 1 };
    }
    const rest = name(at + 1 + n);
    return { labels: [data.toString('latin1', at + 1, at + 1 + n), ...rest.labels], end: rest.end };
  };
  const names: string[] = [];
  for (let at = 0; at < data.length; ) {
    const { labels, end } = name(at);
    names.push(labels.join('.'));
    at = end;
  }
  return names;
}

/** Runs a case. */
function runCase(name: string): ReplayResult {
  const root = new URL('tftproot', DIR).pathname;
  const argv = cases[name]!.opts.split(' ').filter((a) => a !== '');
  const { options } = parseReplayArgs(argv.map((a) => a.replace('corpus/tftproot', root)));
  const capture = readCapture(readFileSync(new URL(`${name}.pcap`, DIR)));
  const sec = capture.packets[0]?.tsSec ?? 0;
  return replay(
    capture.packets.map((p) => ({ ns: (p.tsSec - sec) * 1e9 + p.tsNsec, data: p.data })),
    options,
  );
}

describe('slirp: recorded cases', () => {
  for (const [name, c] of Object.entries(cases)) {
    if (DIFFERENT.includes(name)) {
      continue;
    }
    it(`${name} is answered as by libslirp${c.desc ? `: ${c.desc}` : ''}`, () => {
      assert.deepEqual(decodeAll(runCase(name).frames.map((f) => f.data)), recorded(name));
    });
  }

  it('m_tcp_urg sends the peer what the guest sent, and nothing from beyond it (CVE-2026-9539)', () => {
    const lines = decodeAll(runCase('m_tcp_urg').frames.map((f) => f.data));
    const echoed = lines.map((l) => /data=([0-9a-f]*)/.exec(l)?.[1] ?? '').join('');
    assert.match(echoed, /^(62)+$/);
    assert.equal(echoed.length, 2 * 1399);
  });

  it('tcp_mss_536 sends no more in a segment than the guest takes; libslirp forgets its option', () => {
    const sizes = (lines: string[]): number =>
      Math.max(...lines.map((l) => (/data=([0-9a-f]*)/.exec(l)?.[1] ?? '').length / 2));
    assert.equal(sizes(decodeAll(runCase('tcp_mss_536').frames.map((f) => f.data))), 536);
    assert.equal(sizes(recorded('tcp_mss_536')), 1400);
  });

  it('tftp_dir refuses a directory from port 69, at once; libslirp from port 0, and with a size', () => {
    const lines = decodeAll(runCase('tftp_dir').frames.map((f) => f.data)).slice(1);
    assert.equal(lines.length, 3);
    for (const line of lines) {
      assert.match(line, / UDP 00450fa[0-2]001b 00050001/, 'File not found');
    }
    assert.match(recorded('tftp_dir')[1]!, / UDP 00000fa0001b 00050001/);
  });

  it('dhcp_search_shared gives the names of the search list, each ending as short as can be', () => {
    const text = Buffer.from(runCase('dhcp_search_shared').frames[0]!.data);
    const at = text.indexOf(Buffer.from([51, 4, 0, 1, 0x51, 0x80, 119])) + 6;
    assert.deepEqual(searchNames(text.subarray(at + 2, at + 2 + text[at + 1]!)), [
      'a.example.org',
      'b.example.org',
      'example.org',
      'org',
      'x.a.example.org',
    ]);
  });

  it('dhcp6_types names no boot file where there is none; libslirp one called (null)', () => {
    const frames = runCase('dhcp6_types').frames;
    assert.equal(frames.length, 2);
    assert.equal(Buffer.from(frames[1]!.data).includes('tftp://'), false);
    assert.match(recorded('dhcp6_types')[1]!, /286e756c6c29$/);
  });

  it('keeps its times: retransmissions at the ticks of libslirp', () => {
    const expected = readCapture(readFileSync(new URL('answers/tcp_rexmt.out.pcap', DIR))).packets;
    const t0 = expected[0]!.tsSec;
    const want = expected.map((p) => (p.tsSec - t0) * 1000 + Math.round(p.tsNsec / 1e6));
    assert.deepEqual(
      runCase('tcp_rexmt').frames.map((f) => Math.round(f.ns / 1e6)),
      want,
    );
  });
});
