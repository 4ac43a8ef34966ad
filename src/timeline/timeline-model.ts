/** What the timeline shows and where it leads, without a page. Places are nanoseconds or packets, as its axis says. */
import type {
  TimelineAxis,
  TimelineLane,
  TimelineMark,
  TimelinePoint,
  TimelineRange,
} from '../../adapter/dap/custom.ts';
import { packetNumber } from '../../adapter/packets/format.ts';
import type { Plot } from './found-rows.ts';

export const LANES: readonly TimelineLane[] = ['toGuest', 'fromGuest', 'drops', 'interrupts'];

/** Nanoseconds of a second. */
export const NS = 1e9;

/** A stretch of an axis. Without an end it is all that there is, also when that grows. */
export interface Stretch {
  readonly axis: TimelineAxis;
  readonly from?: number;
  readonly to?: number;
}

/** The shortest stretch that can be shown. */
const SHORTEST: Readonly<Record<TimelineAxis, number>> = { ns: 1000, packets: 4 };

/** Both ends of a stretch, given where history ends. */
export function ends({ axis, from = 0, to }: Stretch, end: TimelinePoint): [from: number, to: number] {
  return [from, to ?? Math.max(end[axis], 1)];
}

/** A stretch `factor` times as long, with `around` where it was. What is longer than history is all of it. */
export function zoomed(stretch: Stretch, factor: number, around: number, end: TimelinePoint): Stretch {
  const { axis } = stretch;
  const [from, to] = ends(stretch, end);
  const length = Math.max(SHORTEST[axis], (to - from) * factor);
  const share = to > from ? (around - from) / (to - from) : 0;
  return placed(axis, around - share * length, length, end);
}

/** A stretch that is moved by a part of its length. */
export function panned(stretch: Stretch, by: number, end: TimelinePoint): Stretch {
  const [from, to] = ends(stretch, end);
  return stretch.to === undefined ? stretch : placed(stretch.axis, from + by * (to - from), to - from, end);
}

/** The stretch, moved so far that a place is in it. */
export function revealed(stretch: Stretch, place: number, end: TimelinePoint): Stretch {
  const [from, to] = ends(stretch, end);
  const length = to - from;
  return place >= from && place <= to ? stretch : placed(stretch.axis, place - length / 2, length, end);
}

function placed(axis: TimelineAxis, from: number, length: number, end: TimelinePoint): Stretch {
  if (length >= end[axis]) {
    return { axis };
  }
  const begin = Math.min(Math.max(0, from), end[axis] - length);
  return { axis, from: begin, to: begin + length };
}

/** The same stretch along the other axis, as far as the range knows it. */
export function turned(stretch: Stretch, range: TimelineRange): Stretch {
  const axis = stretch.axis === 'ns' ? 'packets' : 'ns';
  if (stretch.to === undefined) {
    return { axis };
  }
  const [from, to] = ends(stretch, range.end).map((place) => other(range, place));
  return placed(axis, from ?? 0, Math.max(SHORTEST[axis], (to ?? 0) - (from ?? 0)), range.end);
}

/** What a place is along the other axis, between the bounds of the parts in proportion. */
export function other(range: TimelineRange, place: number): number {
  return along(range, place, range.axis === 'ns' ? 'packets' : 'ns');
}

/** The number of the packet that has passed last at a place: the capture's in a replay. */
export function packetAt(range: TimelineRange, place: number): string {
  const replays = range.bounds[0]?.captured !== undefined;
  const packets = range.axis === 'packets' ? place : along(range, place, 'packets');
  const captured = replays ? { captured: Math.round(along(range, place, 'captured')) } : {};
  return packetNumber({ packets: Math.round(packets), ...captured });
}

/** Labels of an axis: what stands at several ticks, one after the other, is said at the first. */
export function eachOnce(labels: readonly string[]): string[] {
  return labels.map((label, i) => (label === labels[i - 1] ? '' : label));
}

function along({ axis, bounds }: TimelineRange, place: number, wanted: 'ns' | 'packets' | 'captured'): number {
  const i = bounds.findIndex((bound) => bound[axis] >= place);
  const after = bounds[i] ?? bounds.at(-1);
  const before = bounds[i - 1] ?? after;
  if (!before || !after) {
    return 0;
  }
  const length = after[axis] - before[axis];
  const share = length > 0 ? (place - before[axis]) / length : 0;
  const [low, high] = [before[wanted] ?? 0, after[wanted] ?? 0];
  return low + share * (high - low);
}

/** Which part of the range a place is in. */
export function partAt({ from, to, bounds }: TimelineRange, place: number): number {
  const parts = bounds.length - 1;
  const part = Math.floor((parts * (place - from)) / (to - from || 1));
  return Math.min(parts - 1, Math.max(0, part));
}

/** A place in `pktgdb/goTo`'s words. */
export function momentAt(axis: TimelineAxis, place: number, end: TimelinePoint): string {
  if (place <= 0 || place >= end[axis]) {
    return place <= 0 ? 'start' : 'end';
  }
  return axis === 'ns' ? `time ${(place / NS).toFixed(9)}` : `edge ${Math.max(1, Math.round(place))}`;
}

/** The next mark before a place (`by` is -1) or behind it (1); checkpoints that nobody has made are none. */
export function neighbourMark({ axis, marks }: TimelineRange, place: number, by: -1 | 1): TimelineMark | undefined {
  const own = marks.filter(({ kind }) => kind !== 'saved');
  return by < 0 ? own.findLast((mark) => mark[axis] < place) : own.find((mark) => mark[axis] > place);
}

/** Where a key leads from a place; undefined for other keys. */
export function keyTarget(key: string, place: number, range: TimelineRange): number | TimelineMark | undefined {
  const step = range.axis === 'packets' ? Math.max(1, Math.round(part(range))) : part(range);
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, place - step);
    case 'ArrowRight':
      return Math.min(range.end[range.axis], place + step);
    case 'PageUp':
      return neighbourMark(range, place, -1) ?? 0;
    case 'PageDown':
      return neighbourMark(range, place, 1) ?? range.end[range.axis];
    case 'Home':
      return 0;
    case 'End':
      return range.end[range.axis];
    default:
      return undefined;
  }
}

function part({ from, to, bounds }: TimelineRange): number {
  return (to - from) / Math.max(1, bounds.length - 1);
}

/** `1.234567 s`, without zeros at the end. */
export function secondsText(ns: number): string {
  return `${(ns / NS).toFixed(9).replace(/\.?0+$/, '')} s`;
}

/** A range in `rows` rows, for those who cannot see it: from where to where, and how many there are of each. */
export function tableOf(
  { bounds, lanes }: TimelineRange,
  rows: number,
): { readonly from: TimelinePoint; readonly to: TimelinePoint; readonly counts: readonly number[] }[] {
  const parts = bounds.length - 1;
  const edges = Array.from({ length: Math.min(rows, parts) + 1 }, (_, i) =>
    Math.round((i * parts) / Math.min(rows, parts)),
  );
  return edges.slice(1).flatMap((end, i) => {
    const begin = edges[i] ?? 0;
    const [from, to] = [bounds[begin], bounds[end]];
    const counts = LANES.map((lane) => lanes[lane].slice(begin, end).reduce((sum, n) => sum + n, 0));
    return from && to ? [{ from, to, counts }] : [];
  });
}

/**
 * A range with what queries have found in it, of the rows at most one a part, and those before and behind it that keys
 * lead to.
 */
export function withRows(range: TimelineRange, rows: readonly TimelineMark[]): TimelineRange {
  const { axis, from, to } = range;
  const seen = new Set<number>();
  const within = rows.filter((row) => {
    const part = partAt(range, row[axis]);
    const first = row[axis] >= from && row[axis] <= to && !seen.has(part);
    seen.add(first ? part : -1);
    return first;
  });
  const beyond = [nearest(rows, (row) => from - row[axis]), nearest(rows, (row) => row[axis] - to)].flat();
  const marks = [...range.marks, ...within, ...beyond].sort((a, b) => a.ns - b.ns || a.packets - b.packets);
  return rows.length === 0 ? range : { ...range, marks };
}

/** The row that is least beyond an end; none if none is. */
function nearest(rows: readonly TimelineMark[], beyond: (row: TimelineMark) => number): TimelineMark[] {
  let best: TimelineMark | undefined;
  for (const row of rows) {
    if (beyond(row) > 0 && (best === undefined || beyond(row) < beyond(best))) {
      best = row;
    }
  }
  return best ? [best] : [];
}

/** Points of a plot that can be seen: in each part the first, the lowest, the highest and the last. */
export function plotPoints(range: TimelineRange, { points }: Plot): Plot['points'] {
  const { axis, from, to } = range;
  const before = points.findLast((point) => point[axis] <= from);
  const within = points.filter((point) => point[axis] > from && point[axis] <= to);
  const byPart = new Map<number, Plot['points'][number][]>();
  for (const point of within) {
    const part = partAt(range, point[axis]);
    const there = byPart.get(part) ?? [];
    byPart.set(part, there);
    there.push(point);
  }
  const few = [...byPart.values()].flatMap((part) => {
    const low = part.reduce((a, b) => (b.value < a.value ? b : a));
    const high = part.reduce((a, b) => (b.value > a.value ? b : a));
    return part.filter((point, i) => i === 0 || i === part.length - 1 || point === low || point === high);
  });
  return [...(before ? [{ ...before, [axis]: from }] : []), ...few];
}

/** Heights of bars from 0 to 1: what is there at all can be seen. */
export function heights(counts: readonly number[], visible: number): number[] {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  return counts.map((count) => (count > 0 ? Math.max(visible, count / most) : 0));
}
