/**
 * The picture of a descriptor ring: segments around a circle, with who owns them, and the pointers.
 * It is pure geometry and words.
 */
import type { DescriptorState, RingView } from '../../adapter/dap/custom.ts';

/** More descriptors than this share segments. */
export const MAX_SEGMENTS = 256;

/** What a segment shows; the style sheet gives each its colour. */
export type SegmentState = 'empty' | 'packet' | 'free' | 'pending' | 'done' | 'unmapped';

const STATES: Readonly<Record<DescriptorState, SegmentState>> = {
  n: 'empty',
  p: 'packet',
  f: 'free',
  w: 'pending',
  d: 'done',
  '?': 'unmapped',
};

function stateOf(letter: string): SegmentState {
  return Object.hasOwn(STATES, letter) ? STATES[letter as DescriptorState] : 'unmapped';
}

/** Of several descriptors in a segment, the one that says most is shown. */
const LOUDEST: readonly SegmentState[] = ['packet', 'pending', 'unmapped', 'done', 'empty', 'free'];

export interface Segment {
  /** Its first descriptor, and how many it stands for. */
  readonly index: number;
  readonly count: number;
  readonly state: SegmentState;
  readonly owner: 'nic' | 'driver';
  readonly head: boolean;
  readonly tail: boolean;
  /** Outline, as the `d` of an SVG path. */
  readonly path: string;
}

export interface Pointer {
  readonly name: 'head' | 'tail';
  readonly index: number;
  /** Tip and label. */
  readonly path: string;
  readonly x: number;
  readonly y: number;
}

export interface RingPicture {
  readonly segments: readonly Segment[];
  readonly pointers: readonly Pointer[];
  /** Descriptors in each state, those that occur. */
  readonly totals: ReadonlyMap<SegmentState, number>;
}

/** The square the picture is drawn in, from -SIZE to SIZE. */
export const SIZE = 120;
const OUTER = 92;
const INNER = 62;
const TIP = 95;
const LABEL = 110;

export function ringPicture(ring: RingView): RingPicture {
  const { count, states, head, tail } = ring;
  const each = Math.ceil(count / MAX_SEGMENTS) || 1;
  const number = Math.ceil(count / each);
  const segments = Array.from({ length: number }, (_, i): Segment => {
    const index = i * each;
    const size = Math.min(each, count - index);
    const inside = [...states.slice(index, index + size)].map(stateOf);
    const state = LOUDEST.find((s) => inside.includes(s)) ?? 'free';
    return {
      index,
      count: size,
      state,
      owner: state === 'empty' || state === 'pending' ? 'nic' : 'driver',
      head: head >= index && head < index + size,
      tail: tail >= index && tail < index + size,
      path: sector(i, number),
    };
  });
  const totals = new Map<SegmentState, number>();
  for (const s of states) {
    const state = stateOf(s);
    totals.set(state, (totals.get(state) ?? 0) + 1);
  }
  return { segments, pointers: count === 0 ? [] : pointers(ring), totals };
}

/** Angle between the labels of head and tail that keeps them apart. */
const APART = 0.16;

/** Head and tail; where they are close, the arrows lean away from each other. */
function pointers({ head, tail, count }: RingView): Pointer[] {
  const angleOf = (index: number): number => ((index + 0.5) / count) * 2 * Math.PI;
  // From tail to head the short way round, in -PI to PI.
  const between = angleOf(head) - angleOf(tail);
  const way = between - 2 * Math.PI * Math.round(between / (2 * Math.PI));
  const lean = Math.max(0, APART - Math.abs(way)) / 2;
  return (['head', 'tail'] as const).map((name) => {
    const index = name === 'head' ? head : tail;
    const angle = angleOf(index);
    const side = (name === 'head') === way >= 0 ? lean : -lean;
    const [tx, ty] = at(TIP, angle);
    const [ax, ay] = at(TIP + 8, angle + side - 0.04);
    const [bx, by] = at(TIP + 8, angle + side + 0.04);
    const [x, y] = at(LABEL, angle + side);
    return { name, index, path: `M${tx} ${ty}L${ax} ${ay}L${bx} ${by}Z`, x, y };
  });
}

/** The outline of segment `i` of `n`, clockwise from the top. */
function sector(i: number, n: number): string {
  if (n === 1) {
    return `${circle(OUTER)}${circle(INNER)}`;
  }
  const gap = n > 64 ? 0 : 0.08;
  const from = ((i + gap / 2) / n) * 2 * Math.PI;
  const to = ((i + 1 - gap / 2) / n) * 2 * Math.PI;
  const large = to - from > Math.PI ? 1 : 0;
  const [[ax, ay], [bx, by], [cx, cy], [dx, dy]] = [at(OUTER, from), at(OUTER, to), at(INNER, to), at(INNER, from)];
  const outer = `A${OUTER} ${OUTER} 0 ${large} 1 ${bx} ${by}`;
  const inner = `A${INNER} ${INNER} 0 ${large} 0 ${dx} ${dy}`;
  return `M${ax} ${ay}${outer}L${cx} ${cy}${inner}Z`;
}

function circle(radius: number): string {
  return `M0 ${-radius}A${radius} ${radius} 0 1 1 0 ${radius}A${radius} ${radius} 0 1 1 0 ${-radius}Z`;
}

/** A point by radius and angle from the top. */
function at(radius: number, angle: number): [number, number] {
  return [round(radius * Math.sin(angle)), round(-radius * Math.cos(angle))];
}

function round(n: number): number {
  return Math.round(n * 100) / 100 + 0;
}

/** The segment that a key moves to from segment `from`, or undefined for keys that move nowhere. */
export function keyTarget(key: string, from: number, { segments }: RingPicture): number | undefined {
  const n = segments.length;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return (from + 1) % n;
    case 'ArrowLeft':
    case 'ArrowUp':
      return (from + n - 1) % n;
    case 'PageDown':
      return (from + 16) % n;
    case 'PageUp':
      return (from + 16 * n - 16) % n;
    case 'Home':
      return 0;
    case 'End':
      return n - 1;
    case 'h':
      return segments.findIndex(({ head }) => head);
    case 't':
      return segments.findIndex(({ tail }) => tail);
    default:
      return undefined;
  }
}
