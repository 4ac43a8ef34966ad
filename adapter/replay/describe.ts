/** What a replay says before it begins, and the frames by which the user network learns who the guest is. */
import { ETHERNET } from './analysis.ts';
import { arpAnnouncement, neighborAdvertisement } from './frames.ts';
import { ipv4Number } from './hosts.ts';
import { NOT_PLAYED, REASONS } from './places.ts';
import { type ReplayPlan, ROLE_GUEST, ROLE_HOST } from './plan.ts';
import { GUEST_MAC } from './script-context.ts';

/** Packets by role; those that are not played by reason. */
export interface RoleCounts {
  readonly guest: number;
  readonly host: number;
  readonly notPlayed: Readonly<Record<string, number>>;
}

/** Counts what is played and what is not, as far as it is known by now. */
export function countRoles(roles: Uint8Array): RoleCounts {
  const counts = new Uint32Array(256);
  for (let i = 0; i < roles.length; i++) {
    counts[roles[i] ?? 0]!++;
  }
  const notPlayed: Record<string, number> = {};
  for (const [role, count] of counts.entries()) {
    if (count > 0 && role !== ROLE_GUEST && role !== ROLE_HOST) {
      const reason = REASONS[role - NOT_PLAYED] ?? 'not read yet';
      notPlayed[reason] = (notPlayed[reason] ?? 0) + count;
    }
  }
  return { guest: counts[ROLE_GUEST] ?? 0, host: counts[ROLE_HOST] ?? 0, notPlayed };
}

/** Who the guest is. */
export function describeGuest(plan: ReplayPlan): string {
  const { address, why } = plan.guest;
  return address === '' ? 'the capture has no IP packets' : `${address} (${why}), played as ${address}`;
}

/** One sentence for the user about who the guest is and what will be played. */
export function describePlan(plan: ReplayPlan): string {
  const { notPlayed } = countRoles(plan.roles);
  const left = Object.entries(notPlayed).map(([reason, n]) =>
    reason === 'between other hosts'
      ? `${n} packets between other hosts are shown, not played`
      : `${n} packets are not played (${reason})`,
  );
  const known = plan.guest.address !== '';
  const choose = known ? '; "set replay guest ADDR" chooses another' : '';
  const who = `${known ? 'guest is' : 'replay:'} ${describeGuest(plan)}${choose}`;
  const cut =
    plan.cut > 0
      ? [`${plan.cut} packets were cut when they were captured; their missing bytes are played as zeros`]
      : [];
  return [who, ...left, ...cut].join('; ');
}

/**
 * Frames that make the guest's addresses known before its first packet. In a capture of a user network only those it
 * knew before.
 */
export function announcements(plan: ReplayPlan): Uint8Array[] {
  if (plan.slirp) {
    return plan.known.map(({ mac, ip }) => arpAnnouncement(mac, ip));
  }
  return [...plan.guest.ids].flatMap((id) => {
    const address = plan.addresses[id];
    const known = plan.macs[id] ?? -1;
    const mac = known > 0 ? known : GUEST_MAC;
    if (!address || address.every((b) => b === 0)) {
      return [];
    }
    return [address.length === 4 ? arpAnnouncement(mac, ipv4Number(address)) : neighborAdvertisement(mac, address)];
  });
}

/** True if the packet has an Ethernet header of its own. */
export function hasEthernet(what: number): boolean {
  return (what & ETHERNET) !== 0;
}
