/** Who of a capture is the guest: the user's word, what the capture says of itself, or who opens connections. */
import { visible } from '../packets/format.ts';
import { CaptureError } from '../packets/types.ts';
import type { CaptureAnalysis } from './analysis.ts';
import { type CaptureHost, isGroup } from './hosts.ts';

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
  return { ids, address: named.text, why };
}
