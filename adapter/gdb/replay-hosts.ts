/** Who may be the guest of a replay, for completion: also before the first `run`. */
import { statSync } from 'node:fs';
import { captureHosts } from '../engine/capture-hosts.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Files that are larger are not read while somebody waits for a completion. */
const MAX_READ = 16 << 20;

type Hosts = readonly (readonly [address: string, detail: string])[];

/** Hosts of files, by path and time of the last change. */
const read = new Map<string, Hosts>();

/** Addresses, the likeliest first, with what speaks for each. */
export function knownHosts(gdb: GdbInterpreter): Hosts {
  const { replay } = gdb.engine;
  const auto = ['auto', 'the likeliest one'] as const;
  const hosts = replay ? replay.hosts.map(detailed) : gdb.traces.flatMap(hostsOfFile);
  return [auto, ...new Map(hosts.map((h) => [h[0], h])).values()];
}

function detailed(h: { address: string; opens: number; packets: number }): readonly [string, string] {
  return [h.address, `opens ${h.opens} connections, ${h.packets} packets`];
}

function hostsOfFile(path: string): Hosts {
  try {
    const { size, mtimeMs } = statSync(path);
    const key = `${path} ${mtimeMs} ${size}`;
    const known = read.get(key) ?? (size > MAX_READ ? [] : captureHosts(path).map(detailed));
    read.set(key, known);
    return known;
  } catch {
    // `run` says what is wrong with the file.
    return [];
  }
}
