/**
 * `npm run bench:peers [WORKLOAD]...`: the user network against libslirp (peers/slirp_bench.c, with Debian's
 * libslirp-dev), and UDP also against Node's bare dgram. Runs are taken in turn; one JSON line a workload, ratios of
 * the medians of operations a second. `ratio` is that of a process that has run the workload before, if it has bulk;
 * `cold_ratio` is that of its first run, in which V8 compiles the stack. PKTGDB_BENCH_ROUNDS is the number of rounds, 3
 * by default.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { loadSlirpBench } from './bundle.ts';
import { benchRounds } from './rounds.ts';

/** What is compared: the workload's name and its arguments, and the ratio that is aimed at. */
const RUNS: readonly (readonly [name: string, args: readonly string[], target: number])[] = [
  ['icmp', ['4000000'], 0.5],
  ['arp', ['10000000'], 0.3],
  ['dhcp', ['1000000'], 0.5],
  ['udp-echo', ['100000'], 0.8],
  ['tcp-up', ['1000'], 1],
  ['tcp-down', ['1000'], 1],
  ['tcp-conn', ['20000'], 1],
  ['tcp-conn', ['5000', '--conc=8'], 1],
];

type Figures = Readonly<Record<string, number>>;
const exec = promisify(execFile);
const median = (v: readonly number[]): number => [...v].sort((a, b) => a - b)[v.length >> 1] ?? 0;
const round = (v: number): number => Number(v.toPrecision(4));

const { compile, measureDgram, measureSlirp, parseOptions } = await loadSlirpBench();

/** The compiled slirp_bench. Throws when libslirp's headers are missing. */
function slirpBench(): string {
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'slirp'], { encoding: 'utf8' });
  const program = flags.status === 0 ? compile('slirp_bench', flags.stdout.trim().split(/\s+/)) : null;
  if (!program) {
    throw new Error(
      'slirp_bench cannot be compiled: it needs cc, pkg-config, and libslirp-dev ' +
        '(Debian: apt-get install libslirp-dev libglib2.0-dev)',
    );
  }
  return program;
}

async function compare(peer: string, name: string, args: readonly string[], target: number): Promise<object> {
  const rates: Record<'ours' | 'cold' | 'libslirp' | 'dgram', number[]> = {
    ours: [],
    cold: [],
    libslirp: [],
    dgram: [],
  };
  const cpu: Record<'ours' | 'libslirp', number[]> = { ours: [], libslirp: [] };
  const options = parseOptions(args);
  for (let i = 0; i < benchRounds(3); i++) {
    const { stdout } = await exec(peer, [name, ...args]);
    const theirs = JSON.parse(stdout) as Figures;
    const ours = (await measureSlirp(name, options)) as Figures;
    rates.libslirp.push(theirs['ops_per_s'] ?? 0);
    rates.ours.push(ours['ops_per_s'] ?? 0);
    rates.cold.push(ours['cold_ops_per_s'] ?? ours['ops_per_s'] ?? 0);
    cpu.libslirp.push(theirs['cpu_ns_per_pkt'] ?? 0);
    cpu.ours.push(ours['cpu_ns_per_pkt'] ?? 0);
    if (name === 'udp-echo') {
      rates.dgram.push(((await measureDgram(options)) as Figures)['ops_per_s'] ?? 0);
    }
  }
  const [ours, libslirp, dgram] = [median(rates.ours), median(rates.libslirp), median(rates.dgram)];
  return {
    workload: [name, ...args].join(' '),
    ops_per_s: round(ours),
    libslirp_ops_per_s: round(libslirp),
    ratio: round(ours / libslirp),
    cold_ratio: round(median(rates.cold) / libslirp),
    cpu_ns_per_pkt: round(median(cpu.ours)),
    libslirp_cpu_ns_per_pkt: round(median(cpu.libslirp)),
    ...(dgram > 0 ? { dgram_ops_per_s: round(dgram), ratio_to_dgram: round(ours / dgram) } : {}),
    target,
  };
}

try {
  const wanted = process.argv.slice(2);
  const peer = slirpBench();
  for (const [name, args, target] of RUNS) {
    if (wanted.length === 0 || wanted.includes(name)) {
      process.stdout.write(`${JSON.stringify(await compare(peer, name, args, target))}\n`);
    }
  }
} catch (e) {
  process.stderr.write(`${e instanceof Error ? e.message : String(e)}\n`);
  process.exitCode = 1;
}
