/** QEMU options of a replay: what the capture needs that the user has not written. */
import { formatIpv4, parseIpv4, parseIpv6 } from '../packets/format.ts';
import type { sockaddr } from '../stack/util/host.ts';
import { socketAddress } from './flow.ts';
import { formatAddress, ipv4Number } from './hosts.ts';
import type { NeededForward, ReplayPlan } from './plan.ts';

/** `host=` of the user network where nothing else is said: 10.0.2.2. */
export const DEFAULT_GATEWAY = 0x0a000202;

/** The name server of a replay; its answers come from the capture. */
export const TRACE_NAMESERVERS: readonly sockaddr[] = [socketAddress(Uint8Array.of(127, 0, 0, 53), 53)];

/** A `hostfwd` rule. */
export interface Forward {
  readonly proto: 'tcp' | 'udp';
  readonly hostPort: number;
  /** The guest's address, 4 or 16 bytes; null where the option leaves it to its default. */
  readonly guest: Uint8Array | null;
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

const RULE = /^(?:(tcp|udp)?:)?(?:\[[^\]]*\]|[^:]*):(\d+)-(\[[^\]]*\]|[^:]*):(\d+)$/;

function parseForward(rule: string): Forward | undefined {
  const m = RULE.exec(rule);
  if (!m) {
    return undefined;
  }
  const address = m[3] ?? '';
  return {
    proto: m[1] === 'udp' ? 'udp' : 'tcp',
    hostPort: Number(m[2]),
    guest: address.startsWith('[') ? (parseIpv6(address.slice(1, -1)) ?? null) : ipv4Bytes(parseIpv4(address)),
    guestPort: Number(m[4]),
  };
}

function ipv4Bytes(address: number | undefined): Uint8Array | null {
  return address ? Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255) : null;
}

/**
 * Index of the option word that describes a user network (`-netdev user,...`, `-nic user,...`, `-net user,...`), or -1.
 */
function userNetworkWord(args: readonly string[]): number {
  return args.findIndex((w, i) => /^--?(netdev|nic|net)$/.test(args[i - 1] ?? '') && /^user(,|$)/.test(w));
}

/** Index of the rule of `forwards` that brings connections to the guest's address and port, or -1. */
export function findForward(
  forwards: readonly Forward[],
  proto: 'tcp' | 'udp',
  guest: sockaddr,
  dhcpStart: number,
): number {
  const { sin6_addr: ipv6 } = guest;
  return forwards.findIndex((f) => {
    if (f.proto !== proto || f.guestPort !== guest.sin_port) {
      return false;
    }
    return ipv6
      ? f.guest?.length === 16 && f.guest.every((b, i) => b === ipv6[i])
      : f.guest?.length !== 16 && (f.guest ? ipv4Number(f.guest) : dhcpStart) === guest.sin_addr;
  });
}

/** The address a rule without a guest address means: `dhcpstart=` of the options, else .15 of the network. */
export function dhcpStartOf(args: readonly string[], gateway: number): number {
  const all = args.join(',');
  const given = (name: string): number | undefined => parseIpv4(RegExp(`\\b${name}=([0-9.]+)`).exec(all)?.[1] ?? '');
  return given('dhcpstart') || (((given('net') || gateway) & 0xffffff00) >>> 0) + 15;
}

/** Host ports for rules that the replay adds; no socket is opened, they only have to differ. */
const FIRST_PORT = 5555;
const LAST_PORT = 65535;

/**
 * Options for replaying: `args` with the guest that plays a capture (`-guest trace`), with the network and the
 * `hostfwd` rules that the plan needs and `args` do not have. They are options like those that the user writes, so that
 * a recording of the replay carries them.
 */
export function replayArgs(plan: ReplayPlan, args: readonly string[]): string[] {
  const network = args.some((w) => /^--?(netdev|nic|net)$/.test(w)) ? [] : ['-nic', 'user'];
  const out = [...args, ...network, '-guest', 'trace'];
  const at = userNetworkWord(out);
  const user = out[at];
  if (user === undefined) {
    return out;
  }
  const { gateway } = plan;
  const words = [user];
  if (!/,(net|ipv6-net)=/.test(user)) {
    const own = gateway !== 0 && gateway !== DEFAULT_GATEWAY;
    words.push(own ? `,net=${formatIpv4((gateway & 0xffffff00) >>> 0)}/24,host=${formatIpv4(gateway)}` : plan.network);
  }
  const dhcpStart = dhcpStartOf([...out, words.join('')], gateway || DEFAULT_GATEWAY);
  const forwards = parseForwards(out);
  const taken = new Set(forwards.map((f) => f.hostPort));
  let port = FIRST_PORT;
  for (const need of plan.forwards) {
    if (findForward(forwards, need.proto, socketAddress(need.address, need.port), dhcpStart) >= 0) {
      continue;
    }
    while (taken.has(port) && port < LAST_PORT) {
      port++;
    }
    taken.add(port);
    words.push(`,hostfwd=${need.proto}:${hostfwdEnds(need, port, dhcpStart)}`);
  }
  out[at] = words.join('');
  return out;
}

function hostfwdEnds(need: NeededForward, port: number, dhcpStart: number): string {
  if (need.address.length === 16) {
    return `[::1]:${port}-[${formatAddress(need.address)}]:${need.port}`;
  }
  const guest = ipv4Number(need.address) === dhcpStart ? '' : formatAddress(need.address);
  return `127.0.0.1:${port}-${guest}:${need.port}`;
}
