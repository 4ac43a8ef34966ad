/** Where the numbers of a replay's account are in their array, and why packets are not played. */

/** From here on: not played, and why. */
export const NOT_PLAYED = 16;

/** Why a packet is not played, by role - NOT_PLAYED. The last ones are found out while it is played. */
export const REASONS = [
  'between other hosts',
  'link type without IP',
  'not IP',
  'ARP of another network',
  'damaged IP header',
  'cut within its headers',
  'no way in from outside',
  'neighbor discovery of another network',
  'connection that nothing tells the beginning of',
  'no socket of the machine waits for it',
  'too many servers',
  'IPv6 fragment',
  'fragment of an incomplete datagram',
  'longer than a NIC sends',
] as const;

export type Reason = (typeof REASONS)[number];

/** Places in `position`: packets read so far, nanoseconds since the first one, 1 once all has been played. */
export const AT_PACKET = 0;
export const AT_TIME = 1;
export const AT_END = 2;
/** Gaps so far, and their bytes. */
export const AT_GAPS = 3;
export const AT_ZEROS = 4;
/** The packet of the capture that the user network's last frame is (0: none), and its grade. */
export const AT_SENT = 5;
export const AT_GRADE = 6;

/** Grades of divergence.ts. */
export const GRADE_COUNT = 5;

/** Places in `numbers`: the first ones of `position`, then `tally`, packets by role, connections, bytes. */
export const AT_TALLY = AT_ZEROS + 1;
export const AT_ROLES = AT_TALLY + GRADE_COUNT;
export const AT_COMPLETE = AT_ROLES + NOT_PLAYED + REASONS.length;
export const AT_PARTIAL = AT_COMPLETE + 1;
export const AT_TO_HOST = AT_COMPLETE + 2;
export const AT_TO_GUEST = AT_COMPLETE + 3;
export const NUMBERS = AT_COMPLETE + 4;
