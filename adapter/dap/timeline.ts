/** What happened when, for the view that draws it: counted in as many parts as the view has room for. */
import type { HistoryMoment, RunTimeline, Stop, Totals } from '../engine/api.ts';
import { capturedOf } from '../inspect/history.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { TimelineAxis, TimelineBody, TimelineLane, TimelineMark, TimelinePoint, TimelineRange } from './custom.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { stoppedBody } from './stopped.ts';

const PARTS = 200;
const MAX_PARTS = 4000;
/** Stops that are kept. */
const MAX_STOPS = 10_000;

/** Where counters stand in `Totals`. */
const LANES: Readonly<Record<TimelineLane, number>> = { toGuest: 2, fromGuest: 3, drops: 4, interrupts: 5 };

export const timelineRequests: Family = {
  'pktgdb/timeline': { handle: (session, args) => timelineBody(session, args) },
};

/** Where the live machine stood still in this run. */
export class StopList {
  #stops: TimelineMark[] = [];

  get all(): readonly TimelineMark[] {
    return this.#stops;
  }

  /** The machine stands still. What only shows another moment of history, or none, is no stop of its own. */
  add(session: PacketSession, reason: Stop): void {
    const { history } = session.engine;
    if (history === undefined || history.inPast || reason.kind === 'history-end') {
      return;
    }
    const { description = '' } = stoppedBody(session, reason);
    const mark = markOf('stop', history.here, description.replace(/^Paused (?=\S)/, ''));
    if (this.#stops.at(-1)?.moment !== mark.moment) {
      this.#stops.push(mark);
    }
    if (this.#stops.length > MAX_STOPS) {
      this.#stops = this.#stops.slice(-MAX_STOPS / 2);
    }
  }

  clear(): void {
    this.#stops = [];
  }
}

function markOf(kind: TimelineMark['kind'], moment: HistoryMoment, text: string): TimelineMark {
  return { kind, ...pointOf(moment), text, moment: `${moment.tick}:${moment.probe}` };
}

function pointOf({ ns, packets, lastPacket }: HistoryMoment): TimelinePoint {
  return { ns, packets, ...capturedOf(lastPacket) };
}

function timelineBody(session: PacketSession, args: Arguments): TimelineBody {
  const { timeline } = session.engine;
  return timeline === undefined ? { recorded: false } : { recorded: true, range: rangeOf(session, timeline, args) };
}

function rangeOf(session: PacketSession, timeline: RunTimeline, args: Arguments): TimelineRange {
  const axis = axisOf(args);
  const { history } = session.engine;
  const replays = history?.replays === true;
  const end = endOf(timeline, history?.present);
  const parts = Math.min(MAX_PARTS, Math.max(1, args.count('buckets', PARTS)));
  const from = Math.min(end[axis], Math.max(0, args.optionalNumber('from') ?? 0));
  const to = Math.min(end[axis], Math.max(from, args.optionalNumber('to') ?? end[axis]));
  const places = Array.from({ length: parts + 1 }, (_, i) => from + ((to - from) * i) / parts);
  const totals = totalsAt(timeline, axis, axis === 'packets' ? places.map(Math.round) : places, to === end[axis]);
  return {
    axis,
    from,
    to,
    end,
    ...(history ? { here: pointOf(history.here) } : {}),
    inPast: history?.inPast ?? false,
    bounds: totals.map(([ns, , toGuest, fromGuest, , , captured]) => ({
      ns,
      packets: toGuest + fromGuest,
      ...(replays ? { captured } : {}),
    })),
    lanes: {
      toGuest: countsOf(totals, 'toGuest'),
      fromGuest: countsOf(totals, 'fromGuest'),
      drops: countsOf(totals, 'drops'),
      interrupts: countsOf(totals, 'interrupts'),
    },
    marks: thinned(withNeighbours(marksOf(session, timeline, replays), axis, from, to), (mark) =>
      Math.floor((parts * (mark[axis] - from)) / (to - from || 1)),
    ),
  };
}

/** Marks of a part, and those before and behind it that keys lead to. */
function withNeighbours(all: readonly TimelineMark[], axis: TimelineAxis, from: number, to: number): TimelineMark[] {
  const named = all.filter(({ kind }) => kind !== 'saved');
  const before = named.findLast((mark) => mark[axis] < from);
  const behind = named.find((mark) => mark[axis] > to);
  return all.filter((mark) => (mark[axis] >= from && mark[axis] <= to) || mark === before || mark === behind);
}

/** Of the marks that nobody has named one of each kind in each part. */
function thinned(marks: readonly TimelineMark[], partOf: (mark: TimelineMark) => number): TimelineMark[] {
  const seen = new Set<string>();
  return marks.filter((mark) => {
    const key = `${mark.kind} ${partOf(mark)}`;
    const first = !seen.has(key);
    seen.add(key);
    return first || mark.kind === 'bookmark' || mark.kind === 'checkpoint';
  });
}

function axisOf(args: Arguments): TimelineAxis {
  const axis = args.optionalString('axis') ?? 'ns';
  if (axis !== 'ns' && axis !== 'packets') {
    throw new RequestError(`There is no axis ${JSON.stringify(axis)}: ns or packets expected.`);
  }
  return axis;
}

/** The index is written as turns end; the machine may stand in the middle of one. */
function endOf({ end: [ns, , toGuest, fromGuest] }: RunTimeline, present: TimelinePoint | undefined): TimelinePoint {
  return {
    ns: Math.max(ns, present?.ns ?? 0),
    packets: Math.max(toGuest + fromGuest, present?.packets ?? 0),
  };
}

/** At the places; the last one takes all that there is, when it is the end. */
function totalsAt(timeline: RunTimeline, axis: TimelineAxis, places: readonly number[], whole: boolean): Totals[] {
  const totals = [...timeline.by(axis, places)];
  if (whole) {
    totals[totals.length - 1] = timeline.end;
  }
  return totals;
}

function countsOf(totals: readonly Totals[], lane: TimelineLane): number[] {
  const at = LANES[lane];
  return totals.slice(1).map((after, i) => Math.max(0, (after[at] ?? 0) - (totals[i]?.[at] ?? 0)));
}

function marksOf(session: PacketSession, timeline: RunTimeline, replays: boolean): TimelineMark[] {
  const { bookmarks, checkpoints } = session.repl.interpreter.moments;
  return [
    ...timeline.checkpoints.map(({ captured, ...point }): TimelineMark => {
      const number = replays ? { captured } : {};
      return { kind: 'saved', ...point, ...number, text: '', moment: momentOf(point) };
    }),
    ...session.stops.all,
    ...[...checkpoints].map(([number, moment]) => markOf('checkpoint', moment, String(number))),
    ...[...bookmarks].map(([name, moment]) => markOf('bookmark', moment, name)),
  ].sort((a, b) => a.ns - b.ns || a.packets - b.packets);
}

/** A time in `pktgdb/goTo`'s words. */
function momentOf({ ns }: TimelinePoint): string {
  return `time ${(ns / 1e9).toFixed(9)}`;
}
