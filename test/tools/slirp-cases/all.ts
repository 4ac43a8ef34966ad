/** All cases, and the directory that their TFTP server serves. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../../adapter/packets/capture.ts';
import { pattern } from '../../kit/frames.ts';
import type { Case } from './build.ts';
import { dhcp } from './dhcp.ts';
import { hostfwds } from './hostfwd.ts';
import { icmps } from './icmp.ts';
import { ipv6s } from './ipv6.ts';
import { link } from './link.ts';
import { tcps } from './tcp.ts';
import { tcpStates } from './tcp-states.ts';
import { tftps } from './tftp.ts';
import { udps } from './udp.ts';

/** The recorded cases and their answers. */
export const VECTORS = new URL('../../vectors/slirp/', import.meta.url).pathname;

export const allCases: readonly Case[] = [
  ...link,
  ...dhcp,
  ...icmps,
  ...udps,
  ...tcps,
  ...tcpStates,
  ...hostfwds,
  ...ipv6s,
  ...tftps,
];

/** What `cases.json` says about a case. */
export interface CaseEntry {
  opts: string;
  desc: string;
}

/** The list of the recorded cases. */
export const readEntries = (): Record<string, CaseEntry> =>
  JSON.parse(readFileSync(join(VECTORS, 'cases.json'), 'utf8')) as Record<string, CaseEntry>;

/** The recorded cases with their frames. */
export function recordedCases(): Case[] {
  return Object.entries(readEntries()).map(([name, c]) => {
    const packets = readCapture(readFileSync(join(VECTORS, `${name}.pcap`))).packets;
    const t0 = packets[0]?.tsSec ?? 0;
    return { name, ...c, frames: packets.map((p) => ({ ms: (p.tsSec - t0) * 1000 + p.tsNsec / 1e6, data: p.data })) };
  });
}

/**
 * Writes the files that TFTP serves below `root`; `f1` is the recorded cases' own. `large` is there for `tftp_wrap`,
 * which is not recorded.
 */
export function makeRoot(root: string): void {
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'f1'), readFileSync(join(VECTORS, 'tftproot/f1')));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'block'), pattern(1024));
  writeFileSync(join(root, 'sub/f2'), 'second file\n');
}
