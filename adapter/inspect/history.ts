/** Moments of history: how they are written, and what a user may write. */
import { EngineError, type HistoryMoment, type HistoryState, IN_TICK, type MomentTarget } from '../engine/api.ts';
import { visible } from '../packets/format.ts';

const NS = 1e9;

/** `tick 22283, probe 4427, 0.012345678 s, after packet 12`. */
export function momentText({ tick, probe, ns, packets }: HistoryMoment): string {
  return `tick ${tick}, probe ${Math.max(probe, -1)}, ${(ns / NS).toFixed(9)} s, after packet ${packets}`;
}

/**
 * The moment that a text names: `TICK[:PROBE]`, `packet N`, `time SECONDS`, `N%`, `start`, `end`. Throws `EngineError`
 * for another one.
 */
export function momentTarget({ start, present }: HistoryState, text: string): MomentTarget {
  if (text === 'start') {
    return 'start';
  }
  if (text === 'end') {
    return 'present';
  }
  const [, tick, probe] = /^(\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (tick !== undefined) {
    return { tick: Number(tick), probe: probe === undefined ? IN_TICK : Number(probe) };
  }
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) {
    const tick = start.tick + Math.floor(((present.tick - start.tick) * Number(percent)) / 100);
    return tick === start.tick ? 'start' : { tick: Math.min(tick, present.tick), probe: IN_TICK };
  }
  const [, packets] = /^packet\s+(\d+)$/.exec(text) ?? [];
  if (packets !== undefined) {
    return { packets: Number(packets) };
  }
  const [, seconds] = /^time\s+(\d+(?:\.\d*)?)(?:\s*s)?$/.exec(text) ?? [];
  if (seconds !== undefined) {
    return { ns: Number(seconds) * NS };
  }
  throw new EngineError(
    `No moment "${visible(text)}": TICK[:PROBE], packet N, time SECONDS, N%, start, end or a bookmark expected.`,
  );
}
