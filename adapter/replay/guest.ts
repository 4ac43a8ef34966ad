/** Who of a capture is the guest: the user's word, what the capture says of itself, or who opens connections. */
import { formatEther, formatIpv4, visible } from '../packets/format.ts';
import { CaptureError } from '../packets/types.ts';
import type { CaptureAnalysis } from './analysis.ts';
import { type CaptureHost, formatAddress, ipv4Number, isGroup } from './hosts.ts';

export interface GuestChoice {
  /** Ids of the addresses that are the guest's; empty for a capture of a user network, whose MAC addresses say it. */
  readonly ids: ReadonlySet<number>;
  /** The address to call it by. */
  readonly address: string;
  /** Why it is the guest, in words. */
  readonly why: string;
}

/** A MAC address that more addresses than this send from is a router's. */
const MAX_ADDRESSES_OF_A_HOST = 8;
/** Hosts that an error names. */
const NAMED = 5;

/** Chooses the guest. `word` is an address or a MAC address of the user's; throws `CaptureError` if no host has it. */
export function chooseGuest(analysis: CaptureAnalysis, word?: string): GuestChoice {
  const { hosts } = analysis.hosts;
  if (word !== undefined) {
    return chosenByUser(analysis, word);
  }
  const candidates = hosts.filter((h, id) => id > 0 && !isGroup(h.address) && !isBroadcast(h));
  const local = best(candidates, (h) => h.local);
  if (local && local.local > 0) {
    return choice(analysis, local, 'the host that captured', (h) => h.local > 0 && h.sent > 0);
  }
  const total = analysis.connections.count;
  const opener = best(candidates, (h) => h.opens);
  if (opener && opener.opens > 0) {
    return choice(analysis, opener, `opens ${opener.opens} of ${total} connection${total === 1 ? '' : 's'}`);
  }
  const clients = candidates.filter((h) => !h.servesDhcp);
  const busiest = best(clients.length > 0 ? clients : candidates, (h) => h.packets);
  if (!busiest) {
    return { ids: new Set(), address: '', why: 'no host' };
  }
  return choice(analysis, busiest, `sends or receives ${busiest.packets} of ${analysis.count} packets`);
}

function chosenByUser(analysis: CaptureAnalysis, word: string): GuestChoice {
  const ids = analysis.hosts.named(word);
  const [first] = ids;
  if (first === undefined) {
    const known = rankedHosts(analysis).slice(0, NAMED);
    throw new CaptureError(
      `no host of the capture is ${visible(word)}` +
        (known.length > 0 ? `; there are ${known.map((h) => h.text).join(', ')}` : '; it has no IP packets'),
    );
  }
  const host = analysis.hosts.get(first);
  return ids.length > 1 || host.text !== word.trim().toLowerCase()
    ? { ids: new Set(ids), address: host.text, why: 'chosen by its MAC address' }
    : choice(analysis, host, 'chosen');
}

/** Hosts that may be the guest, the likeliest first. */
export function rankedHosts(analysis: CaptureAnalysis): CaptureHost[] {
  return analysis.hosts.hosts
    .filter((h, id) => id > 0 && !isGroup(h.address) && !isBroadcast(h) && h.address.some((b) => b !== 0))
    .sort((a, b) => b.local - a.local || b.opens - a.opens || b.packets - a.packets);
}

/** The host with most of something; of equals the one with more packets, then the first. */
function best(hosts: readonly CaptureHost[], count: (h: CaptureHost) => number): CaptureHost | undefined {
  return hosts.reduce<CaptureHost | undefined>((a, h) => {
    const more = a === undefined ? 1 : count(h) - count(a) || h.packets - a.packets;
    return more > 0 ? h : a;
  }, undefined);
}

function isBroadcast(h: CaptureHost): boolean {
  return h.address.length === 4 && h.address.every((b) => b === 255);
}

/**
 * The guest with its other addresses: those that `also` says, and those of the other family, or none yet, at its MAC
 * address.
 */
function choice(
  analysis: CaptureAnalysis,
  host: CaptureHost,
  why: string,
  also: (h: CaptureHost) => boolean = () => false,
): GuestChoice {
  const { hosts } = analysis.hosts;
  const neighbours = hosts.filter((h) => h.mac === host.mac && h.address.length === host.address.length);
  const ownMac = host.mac >= 0 && neighbours.length <= MAX_ADDRESSES_OF_A_HOST;
  const unset = (h: CaptureHost): boolean => h.address.every((b) => b === 0);
  const others = hosts.filter((h) => h.address.length !== host.address.length);
  // Without MAC addresses, the likeliest host of the other family is taken for the same one.
  const twin = host.mac < 0 && host.opens > 0 ? best(others, (h) => h.opens) : undefined;
  const ids = new Set<number>();
  for (const [id, h] of hosts.entries()) {
    const same = ownMac && h.mac === host.mac && (h.address.length !== host.address.length || unset(h) || unset(host));
    if (id > 0 && !isGroup(h.address) && (h === host || also(h) || same || (h === twin && h.opens > 0))) {
      ids.add(id);
    }
  }
  const named = unset(host) ? (hosts.find((h, id) => ids.has(id) && !unset(h)) ?? host) : host;
  return { ids, address: unset(named) ? nameOf(analysis, named.mac) : named.text, why };
}

/** What to call a host that has no address yet: by the one that DHCP gives it, else by its MAC address. */
function nameOf({ leases }: CaptureAnalysis, mac: number): string {
  const leased = leases.of(mac);
  return leased !== undefined ? formatIpv4(leased) : mac >= 0 ? formatEther(mac) : formatAddress(new Uint8Array(4));
}

/** The address of the user network, which is in its MAC: 52:55:0a:00:02:02 is 10.0.2.2; alias addresses are higher. */
export function gatewayOf(macs: ReadonlySet<number>): number {
  const ips = [...macs].filter((m) => Math.floor(m / 0x100000000) === 0x5255).map((m) => m % 0x100000000);
  return ips.length === 0 ? 0 : Math.min(...ips);
}

/**
 * The guest of a capture of a user network: its frames are those that do not come from slirp's MAC addresses. Of
 * several guests, it is called by the one with most packets.
 */
export function userNetworkGuest(analysis: CaptureAnalysis): GuestChoice {
  const why = "behind slirp's MAC addresses";
  const own = analysis.hosts.hosts.filter(
    (h, id) => id > 0 && h.mac >= 0 && !analysis.slirpMacs.has(h.mac) && !isGroup(h.address) && !isBroadcast(h),
  );
  const set = own.filter((h) => h.address.some((b) => b !== 0));
  const ipv4 = set.filter((h) => h.address.length === 4);
  const network = gatewayOf(analysis.slirpMacs) >>> 8;
  const inside = ipv4.filter((h) => ipv4Number(h.address) >>> 8 === network);
  const first = best(inside.length > 0 ? inside : ipv4, (h) => h.packets);
  if (first) {
    return { ids: new Set(), address: first.text, why };
  }
  const mac = best(own, (h) => h.packets)?.mac ?? -1;
  const leased = analysis.leases.of(mac);
  const six = best(set, (h) => h.packets)?.text ?? nameOf(analysis, mac);
  return { ids: new Set(), address: leased === undefined ? six : formatIpv4(leased), why };
}
