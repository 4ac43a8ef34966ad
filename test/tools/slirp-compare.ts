/**
 * `tsx test/tools/slirp-compare.ts DIR REPLAY [options]`: runs libslirp's replayer REPLAY and ours over the cases of
 * `slirp-cases`, and says where the answers differ. Libslirp runs in a network namespace of its own with nothing but a
 * loopback (root and `unshare` are needed), and twice where the answers differ, to tell what is no stable answer. DIR
 * gets the captures, the answers, and for each difference both as text.
 *
 * --only=NAME,NAME*   these cases        --random=FROM-TO   the cases that these seeds make of all others
 * --record=BYTES      keeps the cases that are answered alike, and are no larger than this, in test/vectors/slirp
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { pattern } from '../kit/frames.ts';
import { decodeAll } from '../slirp/decode.ts';
import { parseReplayArgs } from './replay-args.ts';
import { allCases, makeRoot, readEntries, recordedCases, VECTORS } from './slirp-cases/all.ts';
import type { Case } from './slirp-cases/build.ts';
import { randomCases } from './slirp-cases/random.ts';
import { replay } from './slirp-replayer.ts';

/** Seconds of the first frame in the captures. */
const BASE = 1_000_000;
/** Milliseconds by which an answer may come at another time. */
const TOLERANCE = 1;

/** Answers as text, with their times in milliseconds; or what went wrong. */
interface Answers {
  lines: string[];
  times: number[];
  wrong: string;
}

/** What libslirp answers. */
function reference(program: string, pcap: string, out: string, args: readonly string[]): Answers {
  const script = 'ip link set lo up; exec "$0" "$@"';
  const r = spawnSync('unshare', ['-n', 'sh', '-c', script, program, pcap, out, ...args], {
    encoding: 'utf8',
    timeout: 120000,
  });
  if (r.status !== 0 || !existsSync(out)) {
    return { lines: [], times: [], wrong: `libslirp: status ${r.status} ${r.signal ?? ''} ${r.stderr.trim()}` };
  }
  const packets = readCapture(readFileSync(out)).packets;
  return {
    lines: decodeAll(packets.map((p) => p.data)),
    times: packets.map((p) => (p.tsSec - BASE) * 1000 + Math.round(p.tsNsec / 1e6)),
    wrong: '',
  };
}

/** What we answer. */
function ours(c: Case, args: readonly string[]): Answers {
  const first = c.frames[0]?.ms ?? 0;
  try {
    const frames = c.frames.map((f) => ({ ns: (f.ms - first) * 1e6, data: f.data }));
    const r = replay(frames, parseReplayArgs(args).options);
    return {
      lines: decodeAll(r.frames.map((f) => f.data)),
      times: r.frames.map((f) => Math.round(f.ns / 1e6) + first),
      wrong: '',
    };
  } catch (e) {
    return { lines: [], times: [], wrong: `pktgdb: ${e instanceof Error ? e.stack : String(e)}` };
  }
}

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((l, i) => l === b[i]);

/** Puts a case among the recorded ones. */
function record(c: Case, pcap: string, out: string): void {
  copyFileSync(pcap, join(VECTORS, `${c.name}.pcap`));
  copyFileSync(out, join(VECTORS, 'answers', `${c.name}.out.pcap`));
  const entries = { ...readEntries(), [c.name]: { opts: c.opts, desc: c.desc } };
  writeFileSync(join(VECTORS, 'cases.json'), `${JSON.stringify(entries, null, 1)}\n`);
}

/** The settings of a run. */
class Run {
  readonly dir: string;
  readonly program: string;
  readonly recordMax: number;
  constructor(dir: string, program: string, recordMax: number) {
    this.dir = dir;
    this.program = program;
    this.recordMax = recordMax;
    mkdirSync(join(dir, 'answers'), { recursive: true });
    makeRoot(join(dir, 'tftproot'));
    writeFileSync(join(dir, 'tftproot/large'), pattern(66000));
  }

  /** Runs one case. Returns the verdict: same, times, differs, unstable or failed. */
  one(c: Case): string {
    const pcap = join(this.dir, `${c.name}.pcap`);
    const out = join(this.dir, 'answers', `${c.name}.out.pcap`);
    const at = (ms: number): { tsSec: number; tsNsec: number } => ({
      tsSec: BASE + Math.floor(ms / 1000),
      tsNsec: Math.round((ms % 1000) * 1e6),
    });
    writeFileSync(pcap, writePcap(c.frames.map((f) => ({ ...at(f.ms), data: f.data }))));
    const args = c.opts
      .split(' ')
      .filter((a) => a !== '')
      .map((a) => a.replace('corpus/tftproot', join(this.dir, 'tftproot')));
    const want = reference(this.program, pcap, out, args);
    const got = ours(c, args);
    if (want.wrong === '' && got.wrong === '' && equal(want.lines, got.lines)) {
      if (statSync(pcap).size + statSync(out).size <= this.recordMax) {
        record(c, pcap, out);
      }
      return want.times.some((t, i) => Math.abs(t - got.times[i]!) > TOLERANCE) ? 'times' : 'same';
    }
    writeFileSync(join(this.dir, 'answers', `${c.name}.want.txt`), `${[want.wrong, ...want.lines].join('\n')}\n`);
    writeFileSync(join(this.dir, 'answers', `${c.name}.ours.txt`), `${[got.wrong, ...got.lines].join('\n')}\n`);
    if (want.wrong !== '') {
      return 'failed';
    }
    return equal(reference(this.program, pcap, join(this.dir, 'again.pcap'), args).lines, want.lines)
      ? 'differs'
      : 'unstable';
  }
}

function main(argv: readonly string[]): void {
  const [dir, program] = argv.filter((a) => !a.startsWith('--'));
  const option = (name: string): string | undefined =>
    argv.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
  if (!dir || !program) {
    throw new Error('a directory and the replayer of libslirp are needed');
  }
  let cases = allCases;
  const range = option('random');
  if (range !== undefined) {
    const [from, to] = range.split('-').map(Number) as [number, number];
    cases = randomCases([...recordedCases(), ...cases], from, to);
  }
  const only = option('only')?.split(',');
  const chosen = (name: string): boolean =>
    !only || only.some((o) => name === o || (o.endsWith('*') && name.startsWith(o.slice(0, -1))));
  const run = new Run(dir, program, Number(option('record') ?? 0));
  const counts = new Map<string, number>();
  for (const c of cases.filter((x) => chosen(x.name))) {
    const verdict = run.one(c);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    if (verdict !== 'same') {
      process.stdout.write(`${verdict} ${c.name} [${c.opts}] ${c.desc}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`);
}

main(process.argv.slice(2));
