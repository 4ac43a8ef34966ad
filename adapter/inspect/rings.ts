/** Where the e1000's rings are, by its registers (Intel 8254x manual, sections 13.4.25 ff.). */
import { DESCRIPTOR_SIZE } from './descriptors.ts';

/** The registers of a ring, as indexes of `mac_reg`, and the letter that their names begin with. */
export const RINGS = {
  rx: {
    base: 0x2800 >> 2,
    length: 0x2808 >> 2,
    head: 0x2810 >> 2,
    tail: 0x2818 >> 2,
    control: 0x100 >> 2,
    letter: 'R',
  },
  tx: {
    base: 0x3800 >> 2,
    length: 0x3808 >> 2,
    head: 0x3810 >> 2,
    tail: 0x3818 >> 2,
    control: 0x400 >> 2,
    letter: 'T',
  },
} as const;

const RCTL = 0x100 >> 2;
/** EN, the same bit in RCTL and TCTL. */
const ENABLE = 2;

export type RingKind = keyof typeof RINGS;

/** Where a ring is now. */
export interface Ring {
  readonly kind: RingKind;
  readonly base: number;
  readonly count: number;
  readonly head: number;
  readonly tail: number;
  /** RCTL.EN or TCTL.EN. */
  readonly enabled: boolean;
  /** Size of a receive buffer (RCTL.BSIZE and BSEX). */
  readonly bufferSize: number;
}

/** Reads it from `mac_reg`. */
export function readRing(mac: Uint32Array, kind: RingKind): Ring {
  const at = RINGS[kind];
  const reg = (index: number): number => mac[index] ?? 0;
  const rctl = reg(RCTL);
  const size = 2048 >> ((rctl >> 16) & 3);
  return {
    kind,
    base: reg(at.base + 1) * 2 ** 32 + ((reg(at.base) & ~15) >>> 0),
    count: (reg(at.length) & 0xfff80) / DESCRIPTOR_SIZE,
    head: reg(at.head),
    tail: reg(at.tail),
    enabled: (reg(at.control) & ENABLE) !== 0,
    bufferSize: rctl & (1 << 25) ? size * 16 : size,
  };
}
