/**
 * What happened so far, found by executing history again with probes that note it: the machine itself does nothing for
 * it while it runs.
 */
import type { ProbeInfo } from '../compiler/debug-info.ts';
import type { Note } from '../inferior/notes.ts';
import { ARMED } from '../mailbox/probes.ts';
import { EDITS, EngineError, type TracePoint } from './api.ts';
import { BreakpointTable } from './breakpoints.ts';
import type { HistorySource } from './history-source.ts';
import { type Image, packetLocal } from './image.ts';
import type { Inferior } from './inferior.ts';
import { call, field } from './link.ts';
import { Past } from './past.ts';
import type { Moment } from './time-travel.ts';

export class Tracer {
  readonly #image: Image;
  readonly #live: () => HistorySource;
  readonly #complain: (text: string) => void;
  #past: Past | undefined;
  /** Answers for the moment they are about. */
  readonly #known = new Map<string, readonly Note[]>();
  #knownAt = '';

  constructor(image: Image, live: () => HistorySource, complain: (text: string) => void) {
    this.#image = image;
    this.#live = live;
    this.#complain = complain;
  }

  /** The inferior that executes history just now, for an interrupt. */
  get running(): Inferior | undefined {
    return this.#past && !this.#past.inferior.standing ? this.#past.inferior : undefined;
  }

  /** All that passed `points` up to a moment, in order. Throws `TravelCancelled` when it is interrupted. */
  async notes(points: readonly TracePoint[], { position }: Moment): Promise<readonly Note[]> {
    const at = `${position.tick}:${position.probe}`;
    if (this.#knownAt !== at) {
      this.#known.clear();
      this.#knownAt = at;
    }
    const key = JSON.stringify(points);
    const known = this.#known.get(key);
    if (known) {
      return known;
    }
    const notes = await this.#collect(points, position);
    this.#known.set(key, notes);
    return notes;
  }

  async #collect(points: readonly TracePoint[], target: Moment['position']): Promise<readonly Note[]> {
    await this.dispose();
    const past = await Past.create(
      this.#image,
      new BreakpointTable(this.#image),
      this.#live,
      () => undefined,
      this.#complain,
    );
    this.#past = past;
    try {
      const deciders = new Map<number, string[]>();
      // What the user drops passes no probe of `drop`, and what he edits none at all.
      const drops = points.findIndex(({ name, packet }) => packet && /(?:^|:)drop$/.test(name));
      const edits = points.findIndex(({ name }) => name === EDITS.name);
      const byHand = drops < 0 && edits < 0 ? '' : `${field('$R', 'notes')}.byHand(${drops},${edits});`;
      points.forEach((point, place) => {
        for (const probe of this.#probesOf(point)) {
          deciders.set(probe.id, [...(deciders.get(probe.id) ?? []), this.#statement(point, place, probe)]);
        }
      });
      const { inferior } = past;
      await Promise.all(
        [...deciders].map(([id, all]) => inferior.runtime.setDecider(id, this.#decider(id, all, byHand))),
      );
      const notes: Note[] = [];
      inferior.on('notes', (more) => void notes.push(...more));
      // What was forgotten of the beginning is not known.
      await past.through(target, this.#live().oldest);
      const count = await inferior.runtime.flushNotes();
      while (notes.length < count) {
        await new Promise<void>((resolve) => inferior.once('notes', () => resolve()));
      }
      return notes;
    } finally {
      await this.dispose();
    }
  }

  #probesOf({ name, at }: TracePoint): readonly ProbeInfo[] {
    const kind = at === 'return' ? 'return' : 'statement';
    return this.#image.functions(name).flatMap((fn) => {
      const probes = fn.probes.flatMap((id) => this.#image.probe(id) ?? []).filter((p) => p.kind === kind);
      return at === 'return' ? probes : probes.slice(at, at === -1 ? undefined : at + 1);
    });
  }

  #statement({ test, packet, data }: TracePoint, place: number, probe: ProbeInfo): string {
    const local = packet ? packetLocal(this.#image.fnOf(probe), probe.locals) : undefined;
    const notes = field('$R', 'notes');
    const link = local?.link === 'ethernet' || local?.link === 'ip' ? JSON.stringify(local.link) : local?.link;
    const copy = local
      ? `${notes}.copy(${JSON.stringify(local.kind)},${local.name},${local.extra || 'undefined'},${link})`
      : 'null';
    return `if(${test || 'true'})${notes}.add(${place},${probe.id},${copy},${data || 'null'});`;
  }

  #decider(id: number, statements: readonly string[], setUp: string): string {
    const probe = this.#image.probe(id);
    if (!probe) {
      throw new EngineError(`there is no probe ${id}`);
    }
    const locals = probe.locals.map((l) => (l.name === 'this' ? '$this' : l.name));
    const names = [...(probe.kind === 'return' ? ['$ret'] : []), ...locals];
    const globals = call('$R', 'globals', JSON.stringify(this.#image.fnOf(probe).file));
    const value = probe.kind === 'return' ? '$ret' : 'undefined';
    const decided = call('$R', 'decided', `${id}`, 'false', value);
    const rest = `return $A[${id}]!==${ARMED.BREAKPOINT}&&${decided};`;
    const body = `${statements.map((s) => `try{${s}}catch{}`).join('')}${rest}`;
    return `(()=>{const $G=${globals};${setUp}return function(${names.join(',')}){${body}};})()`;
  }

  async dispose(): Promise<void> {
    const past = this.#past;
    this.#past = undefined;
    await past?.dispose();
  }
}
