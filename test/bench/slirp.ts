/** Benchmarks of the user network: slirp's release build, a synthetic guest, real sockets through the live host. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { Pump } from '../../adapter/host/pump.ts';
import { createMailbox } from '../../adapter/mailbox/mailbox.ts';
import type { BenchData, BenchMessage } from './slirp-worker.ts';
import { WORKLOADS } from './slirp-workloads.ts';

// This file runs from .cache/bench, where it is bundled to (see bundle.ts).
const root = join(import.meta.dirname, '../..');
const here = join(root, 'test/bench');
const built = join(root, '.cache/bench');

/**
 * Compiles a program of peers/ unless it is there and up to date. Returns its path, or null without a compiler or its
 * libraries.
 */
export function compile(name: string, libraries: readonly string[]): string | null {
  const source = join(here, 'peers', `${name}.c`);
  const program = join(built, name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) {
    return program;
  }
  mkdirSync(built, { recursive: true });
  const cc = spawnSync('cc', ['-O2', '-o', program, source, ...libraries, '-lpthread'], { encoding: 'utf8' });
  return cc.status === 0 ? program : null;
}

export interface SlirpBenchOptions {
  /** Operations; 0: the workload's own number. */
  readonly n: number;
  readonly conc: number;
  readonly size: number;
  readonly window: number;
  readonly guest_closes: boolean;
  /** Without a run before, in which V8 compiles what is used much. */
  readonly cold: boolean;
}

export const DEFAULTS: SlirpBenchOptions = { n: 0, conc: 1, size: -1, window: 32, guest_closes: false, cold: false };

/**
 * Options as slirp_bench takes them, `[N] [--conc=] [--size=] [--window=] [--guest-closes]`, and `--cold`. Throws
 * RangeError for others.
 */
export function parseOptions(words: readonly string[]): SlirpBenchOptions {
  const o = { ...DEFAULTS };
  for (const word of words) {
    const m = /^--(conc|size|window)=(\d+)$/.exec(word);
    if (m) {
      o[m[1] as 'conc' | 'size' | 'window'] = Number(m[2]);
    } else if (word === '--guest-closes') {
      o.guest_closes = true;
    } else if (word === '--cold') {
      o.cold = true;
    } else if (/^\d+$/.test(word)) {
      o.n = Number(word);
    } else {
      throw new RangeError(`unknown option ${word}; known: N --conc=N --size=BYTES --window=N --guest-closes --cold`);
    }
  }
  return o;
}

/** The peer's process: in C where there is a compiler, else in Node. */
class Peer {
  readonly program: 'c' | 'node';
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: AsyncIterator<string>;

  constructor(args: readonly string[]) {
    const c = compile('peer', []);
    this.program = c ? 'c' : 'node';
    const [program, ...before] = c ? [c] : [process.execPath, join(here, 'peers/peer.mjs')];
    this.#child = spawn(program!, [...before, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#waiting = this.#lines[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    return String((await this.#waiting.next()).value ?? '');
  }

  tell(port: number): void {
    this.#child.stdin!.write(`${port}\n`);
  }

  end(): void {
    this.#lines.close();
    this.#child.kill();
  }
}

/**
 * What comes before the run that counts, as parts of its operations: V8 compiles the stack in the first half second,
 * for what it has seen till then, and again when a connection has ended for the first time.
 */
const WARM_UP = [1, 0.25, 0.25];

/**
 * Runs a workload and returns its figures, under slirp_bench's names, for a process that is warm where there is bulk;
 * `cold_ops_per_s` is then the rate of the first run in it.
 */
export async function measureSlirp(workload: string, options: SlirpBenchOptions = DEFAULTS): Promise<object> {
  const w = WORKLOADS[workload];
  if (!w) {
    throw new RangeError(`unknown workload ${workload}; known: ${Object.keys(WORKLOADS).join(', ')}`);
  }
  const n = options.n || w.n;
  const counts = [...(options.cold || w.once ? [] : WARM_UP), 1].map((part) => Math.ceil(n * part));
  const peers = counts.flatMap((c) => (w.peer ? [new Peer(w.peer(c, options.conc, options.guest_closes))] : []));
  const ports = await Promise.all(w.listens ? peers.map((peer) => peer.line()) : []);
  const runs = counts.map((c, i) => ({ n: c, port: Number(ports[i] ?? 0) }));
  const mailbox = createMailbox();
  const pump = new Pump(mailbox, {
    console: () => undefined,
    monitorReply: () => undefined,
    report: (_level, text) => process.stderr.write(`${text}\n`),
    log: () => undefined,
  });
  const workerData: BenchData = { ...options, mailbox, workload, runs };
  const worker = new Worker(join(built, 'slirp-worker.mjs'), { workerData });
  const peerFigures: Record<string, unknown> = {};
  peers.forEach(async (peer, id) => {
    const {
      result = 0,
      user_s: userS,
      sys_s: sysS,
    } = JSON.parse((await peer.line()) || '{}') as Record<string, number>;
    Object.assign(peerFigures, { peer: peer.program, peer_user_s: userS, peer_sys_s: sysS });
    pump.post({ type: 'monitor', id, line: String(result) });
  });
  let started = 0;
  try {
    const figures = await new Promise<object>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the benchmark ended early')));
      worker.on('message', (m: BenchMessage) => {
        if (m.type === 'ring') {
          pump.drain();
        } else if (m.type === 'start') {
          peers[started++]?.tell(m.port);
        } else if (m.type === 'done') {
          resolve(m.figures);
        }
      });
    });
    return { ...figures, ...peerFigures };
  } finally {
    pump.dispose();
    for (const peer of peers) {
      peer.end();
    }
    await worker.terminate();
  }
}

/** What Node's dgram itself can do: `udp-echo` without a user network, on the same peer. */
export async function measureDgram(options: SlirpBenchOptions): Promise<object> {
  const n = options.n || WORKLOADS['udp-echo']!.n;
  const peer = new Peer(['echo']);
  const port = Number(await peer.line());
  const socket = createSocket('udp4');
  const data = Buffer.alloc(options.size < 0 ? 64 : options.size);
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const started = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    let got = 0;
    const send = (): void => {
      sent++;
      socket.send(data);
    };
    socket.on('message', () => {
      got++;
      if (sent < n) {
        send();
      } else if (got === n) {
        resolve();
      }
    });
    for (let i = 0; i < options.window; i++) {
      send();
    }
  });
  const wall = (performance.now() - started) / 1000;
  socket.close();
  peer.end();
  return { workload: 'udp-echo', n, ops_per_s: n / wall };
}
