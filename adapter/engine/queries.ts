/**
 * Answers queries, with rows or with notes of what passed: executes the recording again in an inferior of its own, from
 * checkpoints, and hands over the rows as they are found. The machine that the user debugs is not disturbed; one query
 * goes on at a time.
 */
import type { QueryOrder, QueryResult, RowData } from '../inferior/asked.ts';
import type { Note } from '../inferior/notes.ts';
import type { TimePosition } from '../inferior/stop.ts';
import type { CarriedWatch } from '../inferior/watches.ts';
import type { QueryMessage } from '../inferior/worker.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import { GivenUpError, type TracePoint } from './api.ts';
import type { HistorySource } from './history-source.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import { TravelCancelled } from './past.ts';
import type { QueryEnd, QueryOptions, QueryRequest, QueryRow } from './query.ts';
import { layerOf, type Question, questionOf } from './question.ts';
import { redoChanges } from './reexecute.ts';
import { mayRun, stretches } from './stretches.ts';
import { type TraceQuestion, traceQuestion } from './trace-question.ts';

/** How often it is said how far a query is. */
const PROGRESS_MS = 100;

/** What is watched, with what is known of it at a moment. */
export interface Watched {
  readonly watch: CarriedWatch;
  readonly at: TimePosition;
  /** Only the last change before that moment is wanted. */
  readonly last: boolean;
}

/** A part of the recording without a gap. */
interface Part {
  /** Where it begins; null: at the start of the machine. */
  readonly from: CheckpointRef | null;
  until: TimePosition;
}

export class Queries {
  readonly #image: Image;
  #inferior: Promise<Inferior> | undefined;
  /** The inferior has an inspector, for changes that need frames. */
  #framed = false;
  #last: Promise<unknown> = Promise.resolve();
  #asked = 0;
  /** Counts the machines that were asked about. */
  #machine = 0;
  readonly #callers = new Map<string, string>();
  /** Notes, and the moment and history that they are about. */
  readonly #known = new Map<string, readonly Note[]>();
  #knownAt = '';
  #knownOf: HistorySource | undefined;
  /** Gives up what `trace` executes. */
  #tracing = new AbortController();

  constructor(image: Image) {
    this.#image = image;
  }

  /** Asks about everything up to `until`. Throws for a request that cannot be compiled. */
  ask(
    live: HistorySource,
    request: QueryRequest,
    until: TimePosition,
    options: QueryOptions,
    watched?: Watched,
  ): Promise<QueryEnd> {
    const question = questionOf(this.#image, request);
    return this.#inTurn(() => this.#ask(live, question, until, options, watched));
  }

  /** Questions are answered one after the other; those that still wait when the machine is gone are not any more. */
  #inTurn<T>(question: () => Promise<T>): Promise<T> {
    const machine = this.#machine;
    const answer = this.#last.then(() => {
      if (machine !== this.#machine) {
        throw new GivenUpError('The question was given up: the machine was ended, or started again, meanwhile.');
      }
      return question();
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #ask(
    live: HistorySource,
    question: Question,
    until: TimePosition,
    options: QueryOptions,
    watched?: Watched,
  ): Promise<QueryEnd> {
    const id = ++this.#asked;
    const inferior = await this.#open(live);
    const first = live.oldest?.tick ?? live.startTick;
    const answer = new Answer(options, (row, number) => this.#row(row, number));
    const timer = setInterval(() => {
      options.progress?.(Math.max(0, inferior.ticks - first), until.tick - first);
    }, PROGRESS_MS);
    const stop = (): void => inferior.interrupt();
    answer.stop = stop;
    options.signal?.addEventListener('abort', stop);
    try {
      if (watched) {
        await this.#writes(inferior, live, { id, until, watched }, answer);
        return answer.end;
      }
      for (const { from, until: end } of this.#parts(live, question, until)) {
        if (answer.over) {
          break;
        }
        const order = { id, deciders: [...question.deciders], eachTurn: question.eachTurn, until: end };
        await this.#run(inferior, { recording: live.recording, checkpoint: from, query: order }, answer);
      }
    } finally {
      clearInterval(timer);
      options.signal?.removeEventListener('abort', stop);
      options.progress?.(1, 1);
    }
    return answer.end;
  }

  /** All that passed `points` up to a moment, in order. Throws `TravelCancelled` when it is interrupted. */
  async trace(
    live: HistorySource,
    points: readonly TracePoint[],
    until: TimePosition,
    take?: (note: Note) => void,
  ): Promise<readonly Note[]> {
    if (take) {
      await this.#traced(live, points, until, take);
      return [];
    }
    const at = `${until.tick}:${until.probe}`;
    if (this.#knownAt !== at || this.#knownOf !== live) {
      this.#known.clear();
      this.#knownAt = at;
      this.#knownOf = live;
    }
    const key = JSON.stringify(points);
    const known = this.#known.get(key);
    if (known) {
      return known;
    }
    const notes: Note[] = [];
    await this.#traced(live, points, until, (note) => void notes.push(note));
    if (this.#knownAt === at && this.#knownOf === live) {
      this.#known.set(key, notes);
    }
    return notes;
  }

  async #traced(
    live: HistorySource,
    points: readonly TracePoint[],
    until: TimePosition,
    take: (note: Note) => void,
  ): Promise<void> {
    this.#tracing = new AbortController();
    const { signal } = this.#tracing;
    await this.#inTurn(() => this.#trace(live, traceQuestion(this.#image, points), until, signal, take));
  }

  /** Gives up what `trace` executes just now. */
  interruptTrace(): void {
    this.#tracing.abort();
  }

  async #trace(
    live: HistorySource,
    { byHand, ...question }: TraceQuestion,
    until: TimePosition,
    signal: AbortSignal,
    take: (note: Note) => void,
  ): Promise<void> {
    const id = ++this.#asked;
    const inferior = await this.#open(live);
    let failure: unknown;
    const takeAll = (more: readonly Note[]): void => {
      try {
        more.forEach(take);
      } catch (e) {
        failure ??= e;
        inferior.interrupt();
      }
    };
    const stop = (): void => inferior.interrupt();
    const answer = new Answer({ rows: () => undefined, signal }, (row, number) => this.#row(row, number));
    inferior.on('notes', takeAll);
    signal.addEventListener('abort', stop);
    try {
      for (const { from, until: end } of this.#parts(live, question, until)) {
        if (answer.over || failure !== undefined) {
          break;
        }
        const order = { id, deciders: [...question.deciders], eachTurn: '', until: end, byHand };
        await this.#run(inferior, { recording: live.recording, checkpoint: from, query: order }, answer);
      }
    } finally {
      inferior.off('notes', takeAll);
      signal.removeEventListener('abort', stop);
    }
    if (failure !== undefined) {
      throw failure;
    }
    if (answer.over) {
      throw new TravelCancelled('Quit');
    }
  }

  /** What has to be looked at, in order: stretches without a gap between them are one. */
  #parts(live: HistorySource, { functions }: Question, until: TimePosition): Part[] {
    const ran = functions ? mayRun(this.#image, functions) : () => true;
    const parts: Part[] = [];
    let open = false;
    for (const stretch of stretches(live)) {
      if (stretch.tick >= until.tick || !ran(stretch)) {
        open = false;
        continue;
      }
      const end = stretch.end < until.tick ? { tick: stretch.end, probe: IN_POLL } : until;
      const last = parts.at(-1);
      if (open && last) {
        last.until = end;
      } else {
        parts.push({ from: stretch.from, until: end });
      }
      open = true;
    }
    return parts;
  }

  async #run(inferior: Inferior, message: QueryMessage, answer: Answer): Promise<QueryResult> {
    const rows = (found: readonly RowData[]): void => answer.take(found);
    inferior.on('rows', rows);
    try {
      const result = await inferior.ask(message);
      answer.failed(result.failure);
      return result;
    } catch (e) {
      this.#inferior = undefined;
      void inferior.terminate();
      throw e;
    } finally {
      inferior.off('rows', rows);
    }
  }

  /** Follows what is watched: all the way, or from the newest checkpoint backwards until something is found. */
  async #writes(
    inferior: Inferior,
    { recording, checkpoints, oldest }: HistorySource,
    { id, until, watched }: { readonly id: number; readonly until: TimePosition; readonly watched: Watched },
    answer: Answer,
  ): Promise<void> {
    const ask = { id, deciders: [], eachTurn: '' };
    const run = (checkpoint: CheckpointRef | null, query: Omit<QueryOrder, keyof typeof ask>): Promise<QueryResult> =>
      this.#run(inferior, { recording, checkpoint, query: { ...ask, ...query } }, answer);
    /** What is known at `end`, as it was at the checkpoint. */
    const origin = async (at: CarriedWatch, from: CheckpointRef | null, end: TimePosition): Promise<CarriedWatch> => {
      const objects = Object.values(at.captured).some((c) => c && 'path' in c);
      return (objects && (await run(from, { until: end, known: [at] })).origins?.[0]) || at;
    };
    if (!watched.last) {
      const watch = await origin(watched.watch, oldest, watched.at);
      await (answer.over || run(oldest, { until, watches: [watch] }));
      return;
    }
    let at = watched.watch;
    let end = watched.at;
    const starts = [...(oldest ? [] : [null]), ...checkpoints.all.filter((c) => c.tick < end.tick)];
    for (const from of starts.reverse()) {
      const watch = await origin(at, from, end);
      await (answer.over || run(from, { until: end, watches: [watch], last: true }));
      const young = Object.values(watch.captured).some((c) => c === null || 'at' in c);
      if (answer.over || answer.end.rows > 0 || young) {
        return;
      }
      at = watch;
      end = { tick: from?.tick ?? 0, probe: IN_POLL };
    }
  }

  /** The inferior that queries run in; it is kept for the next one. */
  async #open({ recording, replay }: HistorySource): Promise<Inferior> {
    if (this.#inferior && this.#framed !== recording.framed) {
      await this.#close();
    }
    this.#framed = recording.framed;
    this.#inferior ??= Inferior.create(this.#image, {
      header: recording,
      ...(replay ? { replay } : {}),
      past: true,
      inspector: recording.framed,
      historySize: 0,
      checkpointMs: null,
      stopOnEntry: false,
      hashFrames: false,
      release: false,
    }).then((inferior) => {
      if (recording.framed) {
        redoChanges(this.#image, inferior, () => undefined);
      }
      return inferior;
    });
    return this.#inferior;
  }

  #row(data: RowData, number: number): QueryRow {
    const { callers, ...rest } = data;
    const p = this.#image.probe(data.probe);
    const layer = data.packet && layerOf(this.#image, data.probe);
    return {
      number,
      ...rest,
      fn: p ? this.#image.fnOf(p).name : '',
      file: p ? this.#image.fnOf(p).file : '',
      line: p?.line ?? 0,
      caller: this.#caller(callers),
      ...(layer ? { layer } : {}),
    };
  }

  /** The innermost of the callers that debug information knows. */
  #caller(callers: string): string {
    let name = this.#callers.get(callers);
    if (name === undefined) {
      const named = callers.split('\n').map((call) => this.#callName(call));
      name = named.find((n) => n !== '') ?? '';
      this.#callers.set(callers, name);
    }
    return name;
  }

  #callName(call: string): string {
    const [file = '', line = '', called = ''] = call.split(':');
    const known = this.#image.file(file);
    const fn = known === undefined ? undefined : this.#image.functionAt(known, Number(line), called);
    return fn && !fn.nodebug ? fn.name : '';
  }

  /** The machine that was asked about is gone. */
  async dispose(): Promise<void> {
    this.#machine++;
    this.#known.clear();
    await this.#close();
  }

  async #close(): Promise<void> {
    const closing = this.#inferior;
    this.#inferior = undefined;
    const inferior = await closing?.catch(() => undefined);
    await inferior?.terminate();
  }
}

/** Numbers the rows of a query, and knows when it is over. */
class Answer {
  readonly #options: QueryOptions;
  readonly #make: (row: RowData, number: number) => QueryRow;
  #rows = 0;
  #full = false;
  #failure = '';
  /** Ends the run. */
  stop: () => void = () => undefined;

  constructor(options: QueryOptions, make: (row: RowData, number: number) => QueryRow) {
    this.#options = options;
    this.#make = make;
  }

  get over(): boolean {
    return this.#full || this.#options.signal?.aborted === true;
  }

  take(found: readonly RowData[]): void {
    if (this.over) {
      return;
    }
    const room = (this.#options.limit ?? Number.POSITIVE_INFINITY) - this.#rows;
    const taken = found.slice(0, room).map((row) => this.#make(row, ++this.#rows));
    this.#options.rows(taken);
    if (found.length > room) {
      this.#full = true;
      this.stop();
    }
  }

  failed(failure: string): void {
    this.#failure ||= failure;
  }

  get end(): QueryEnd {
    return { rows: this.#rows, complete: !this.over, failure: this.#failure };
  }
}
