/** Compiles what `Engine.trace` looks for: what notes at probes that they are passed. */
import type { ProbeInfo } from '../compiler/debug-info.ts';
import { EDITS, type TracePoint } from './api.ts';
import { type Image, packetLocal } from './image.ts';
import { field } from './link.ts';
import { Bodies, type Question } from './question.ts';

/** As queries are asked; notes take the place of rows. */
export interface TraceQuestion extends Question {
  /** The points that also note what the user drops, and what he edits; -1: none. */
  readonly byHand: { readonly drops: number; readonly edits: number };
}

export function traceQuestion(image: Image, points: readonly TracePoint[]): TraceQuestion {
  const bodies = new Bodies(image);
  const functions = new Set<number>();
  points.forEach((point, place) => {
    for (const probe of probesOf(image, point)) {
      bodies.add(probe, `try{${statement(image, point, place, probe)}}catch{}`);
      functions.add(image.fnOf(probe).id);
    }
  });
  // What the user drops passes no probe of `drop`, and what he edits none at all, in whichever function that was.
  const drops = points.findIndex(({ name, packet }) => packet && /(?:^|:)drop$/.test(name));
  const edits = points.findIndex(({ name }) => name === EDITS.name);
  const anywhere = drops >= 0 || edits >= 0;
  return {
    deciders: bodies.deciders,
    eachTurn: '',
    functions: anywhere ? null : [...functions],
    byHand: { drops, edits },
  };
}

function probesOf(image: Image, { name, at }: TracePoint): readonly ProbeInfo[] {
  const kind = at === 'return' ? 'return' : 'statement';
  return image.functions(name).flatMap((fn) => {
    const probes = fn.probes.flatMap((id) => image.probe(id) ?? []).filter((p) => p.kind === kind);
    return at === 'return' ? probes : probes.slice(at, at === -1 ? undefined : at + 1);
  });
}

function statement(image: Image, { test, packet, data }: TracePoint, place: number, probe: ProbeInfo): string {
  const local = packet ? packetLocal(image.fnOf(probe), probe.locals) : undefined;
  const notes = field('$R', 'notes');
  const link = local?.link === 'ethernet' || local?.link === 'ip' ? JSON.stringify(local.link) : local?.link;
  const copy = local
    ? `${notes}.copy(${JSON.stringify(local.kind)},${local.name},${local.extra || 'undefined'},${link})`
    : 'null';
  return `if(${test || 'true'})${notes}.add(${place},${probe.id},${copy},${data || 'null'});`;
}
