/** QEMU options of a replay: what the capture needs that the user has not written. */
import { formatIpv4, parseIpv4 } from '../packets/format.ts';
import { AF_INET, type sockaddr } from '../stack/util/host.ts';
import type { Trace } from './trace.ts';

/** The name server of a replay; its answers come from the capture. */
export const TRACE_NAMESERVERS: readonly sockaddr[] = [
  { sa_family: AF_INET, sin_addr: 0x7f000035, sin_port: 53, sin6_addr: null, sun_path: '' },
];

/** A `hostfwd` rule. Addresses are 0 where the option leaves them to their defaults. */
export interface Forward {
  readonly proto: 'tcp' | 'udp';
  readonly hostAddr: number;
  readonly hostPort: number;
  readonly guestAddr: number;
  readonly guestPort: number;
}

/** The `hostfwd` rules in a list of QEMU options, in order. Malformed ones are left to the option parser. */
export function parseForwards(argv: readonly string[]): Forward[] {
  return argv.flatMap((word) => {
    return word
      .split(',')
      .filter((part) => part.startsWith('hostfwd='))
      .flatMap((part) => parseForward(part.slice('hostfwd='.length)) ?? []);
  });
}

function parseForward(rule: string): Forward | undefined {
  const m = /^(?:(tcp|udp)?:)?([^:]*):(\d+)-([^:]*):(\d+)$/.exec(rule);
  if (!m) {
    return undefined;
  }
  return {
    proto: m[1] === 'udp' ? 'udp' : 'tcp',
    hostAddr: parseIpv4(m[2]!) ?? 0,
    hostPort: Number(m[3]),
    guestAddr: parseIpv4(m[4]!) ?? 0,
    guestPort: Number(m[5]),
  };
}

/** Index of the word that describes a user network (`-netdev user,...`, `-nic user,...`, `-net user,...`), or -1. */
function userNetworkWord(args: readonly string[]): number {
  return args.findIndex((w, i) => /^--?(netdev|nic|net)$/.test(args[i - 1] ?? '') && /^user(,|$)/.test(w));
}

/** A rule of `forwards` that brings connections to the guest's `addr`:`port`. */
export function findForward(
  forwards: readonly Forward[],
  proto: 'tcp' | 'udp',
  addr: number,
  port: number,
  dhcpStart: number,
): number {
  return forwards.findIndex((f) => f.proto === proto && f.guestPort === port && (f.guestAddr || dhcpStart) === addr);
}

/** The address a rule without a guest address means: `dhcpstart=` of the options, else .15 of the network. */
export function dhcpStartOf(args: readonly string[], gateway: number): number {
  const option = args.join(',').match(/\bdhcpstart=([0-9.]+)/)?.[1];
  return (option && parseIpv4(option)) || ((gateway & 0xffffff00) >>> 0) + 15;
}

/** Host ports for rules that the replay adds; no socket is opened, they only have to differ. */
const FIRST_PORT = 5555;

/**
 * Options for replaying `trace`: `args` with the guest that plays it (`-guest trace`).
 * The network's addresses and the `hostfwd` rules that the capture shows are added where `args` do not have them.
 * They are options like those that the user writes, so that a recording of the replay carries them.
 */
export function replayArgs(trace: Trace, args: readonly string[]): string[] {
  const network = args.some((w) => /^--?(netdev|nic|net)$/.test(w)) ? [] : ['-nic', 'user'];
  const out = [...args, ...network, '-guest', 'trace'];
  const at = userNetworkWord(out);
  if (at < 0) {
    return out;
  }
  const { gateway } = trace;
  if (gateway !== 0 && gateway !== 0x0a000202 && !/,net=/.test(out[at]!)) {
    out[at] += `,net=${formatIpv4((gateway & 0xffffff00) >>> 0)}/24,host=${formatIpv4(gateway)}`;
  }
  const dhcpStart = dhcpStartOf(out, gateway || 0x0a000202);
  const forwards = parseForwards(out);
  const taken = new Set(forwards.map((f) => f.hostPort));
  let port = FIRST_PORT;
  for (const need of trace.forwards) {
    if (findForward(forwards, need.proto, need.addr, need.port, dhcpStart) >= 0) {
      continue;
    }
    while (taken.has(port)) {
      port++;
    }
    taken.add(port);
    const guest = need.addr === dhcpStart ? '' : formatIpv4(need.addr);
    out[at] += `,hostfwd=${need.proto}:127.0.0.1:${port}-${guest}:${need.port}`;
  }
  return out;
}
