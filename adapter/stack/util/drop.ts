/**
 * Why packets are dropped: every place that gives one up calls `drop` with a reason, so that none disappears silently.
 */
import { machine } from '../softmmu/machine.ts';
import type { DropReason } from './drop_reasons.ts';

/** What a packet's bytes begin with: an Ethernet header or an IP header. */
export type PacketLink = 'ethernet' | 'ip';

/**
 * Gives a packet up: `buf` holds its `size` bytes, or none when there is nothing to show, and begins with the header
 * that `link` says. Break here to see every drop.
 * @packet buf size link
 */
export function drop(buf: Uint8Array, size: number, reason: DropReason, link: PacketLink = 'ethernet'): void {
  count_drop(reason);
}

/**
 * Counts a packet that is given up.
 * @nodebug
 */
export function count_drop(reason: DropReason): void {
  const d = machine.drops;
  d.total++;
  d.by_reason.set(reason, (d.by_reason.get(reason) ?? 0) + 1);
}

const NO_BYTES = new Uint8Array(0);

/** `drop` where something ends for which no packet is at hand, such as a connection. */
export function drop_nothing(reason: DropReason): void {
  drop(NO_BYTES, 0, reason);
}
