/** Times of packets as text, with all their digits, which numbers do not have. */
import type { CapturePacket } from './types.ts';

/** A moment since 1970. */
export type Moment = Pick<CapturePacket, 'tsSec' | 'tsNsec'>;

/** Nanoseconds of a second. */
export const SECOND = 1_000_000_000;

/** `-1.234567890`; a damaged fraction may have more digits. */
export function timeBetween(from: Moment, to: Moment): string {
  let seconds = to.tsSec - from.tsSec;
  let ns = (to.tsNsec - from.tsNsec) | 0;
  if (seconds > 0 && ns < 0) {
    seconds--;
    ns += SECOND;
  } else if (seconds < 0 && ns > 0) {
    seconds++;
    ns -= SECOND;
  }
  return secondsText(seconds, ns);
}

/** `946739304.476720000`. */
export function secondsText(seconds: number, ns: number): string {
  return `${seconds < 0 || ns < 0 ? '-' : ''}${Math.abs(seconds)}.${String(Math.abs(ns)).padStart(9, '0')}`;
}

/** Seconds since 1970, as far as a number has digits. */
export function epochSeconds(moment: Moment | undefined): number | undefined {
  return moment === undefined ? undefined : moment.tsSec + moment.tsNsec / SECOND;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Feb  7, 2020 22:14:18.139181000 UTC`; empty for no moment. */
export function dateText(moment: Moment | undefined): string {
  if (moment === undefined) {
    return '';
  }
  const d = new Date(moment.tsSec * 1000);
  const day = String(d.getUTCDate()).padStart(2);
  const time = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
  const fraction = String(moment.tsNsec).padStart(9, '0');
  return `${MONTHS[d.getUTCMonth()]} ${day}, ${d.getUTCFullYear()} ${time}.${fraction} UTC`;
}

/** Seconds between two times of a capture, with as many digits as these have: one of years has no nanoseconds. */
export function elapsed(from: number, to: number): number {
  const digits = to < 2 ** 21 ? 1e9 : to < 2 ** 24 ? 1e8 : 1e6;
  return Math.round((to - from) * digits) / digits;
}
