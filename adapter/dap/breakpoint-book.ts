/**
 * The breakpoints a client knows. A set request names all breakpoints of a file, or all function breakpoints.
 * Those that were there already keep their number and their hits.
 * Breakpoints set from the Debug Console are announced with events.
 */
import { BreakpointEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Breakpoint, BreakpointSpec } from '../engine/api.ts';
import { errorText } from '../packets/span.ts';
import { sameFile } from './captures.ts';
import type { PacketSession } from './session.ts';
import { toSource } from './sources.ts';

/** One breakpoint of a set request; `spec` is absent when its texts were not understood. */
export interface Wanted {
  /** The same for the same request, so that an unchanged breakpoint is found again. */
  readonly key: string;
  readonly location: BreakpointSpec['location'];
  readonly spec?: BreakpointSpec;
  readonly problem?: string;
  /** Path of the capture whose packet it is. */
  readonly capture?: string;
}

interface Entry {
  readonly key: string;
  readonly id: number;
}

/** Ids of breakpoints that never reach the engine start here, out of the way of its numbers. */
const FIRST_PROBLEM_ID = 1_000_000_000;

export class BreakpointBook {
  readonly #session: PacketSession;
  /** By owner: `functions` or `file:NAME`. */
  readonly #owned = new Map<string, Entry[]>();
  /** What the client was last told of each breakpoint, as JSON. */
  readonly #told = new Map<number, string>();
  /** The engine's events are our own doing while this is set. */
  #busy = false;
  #nextProblemId = FIRST_PROBLEM_ID;
  /** Requests whose problem has been said. */
  readonly #said = new Set<string>();
  /** Captures of breakpoints on packets, by the breakpoint's number. */
  readonly #captures = new Map<number, string>();
  /** What the machine replays; undefined until it is launched. */
  #replayed: { readonly trace: string | undefined } | undefined;

  constructor(session: PacketSession) {
    this.#session = session;
  }

  /** Nothing is to stop: breakpoints that are set later neither. */
  noDebug = false;
  /** What an owner's breakpoint was set by, if it is there already. */
  spec(owner: string, key: string): BreakpointSpec | undefined {
    const entry = this.#owned.get(owner)?.find((one) => one.key === key);
    return entry && this.#find(entry.id)?.spec;
  }

  /** True for one that came from `setFunctionBreakpoints`. */
  isFunctionBreakpoint(id: number): boolean {
    return this.#owned.get('functions')?.some((entry) => entry.id === id) ?? false;
  }

  /** True for one on a packet of the capture. */
  isPacketBreakpoint(id: number): boolean {
    return this.#captures.has(id);
  }

  /** The machine replays `trace`, or is live: breakpoints on packets of other captures are disabled, and say so. */
  replaying(trace: string | undefined): void {
    this.#replayed = { trace };
    for (const id of this.#captures.keys()) {
      const breakpoint = this.#find(id);
      if (breakpoint !== undefined) {
        const enabled = this.#otherCapture(id) === undefined;
        this.changed('changed', this.#session.engine.updateBreakpoint(id, { enabled }));
      }
    }
  }

  /** Why a breakpoint on a packet cannot be reached in this session. */
  #otherCapture(id: number): string | undefined {
    const capture = this.#captures.get(id);
    if (capture === undefined || this.#replayed === undefined) {
      return undefined;
    }
    const { trace } = this.#replayed;
    if (trace === undefined) {
      return 'This session does not replay a capture; set "trace" in the launch configuration.';
    }
    return sameFile(trace, capture) ? this.#noSuchPacket(id) : `This session replays another capture: ${trace}`;
  }

  /** Why packet N does not come, where the capture has been read: it has fewer, or leaves that one out. */
  #noSuchPacket(id: number): string | undefined {
    const { replay } = this.#session.engine;
    const location = this.#find(id)?.spec.location;
    if (!replay || location?.kind !== 'packet') {
      return undefined;
    }
    const { packets, reason } = replay.packet(location.number);
    if (location.number > packets) {
      return `There is no packet ${location.number}: the capture has ${packets}.`;
    }
    return reason === '' ? undefined : `Packet ${location.number} is not played (${reason}).`;
  }

  /** The capture has been read: it is known which of its packets there are. */
  captureKnown(): void {
    for (const id of this.#captures.keys()) {
      const breakpoint = this.#find(id);
      if (breakpoint !== undefined) {
        this.changed('changed', breakpoint);
      }
    }
  }

  /** Makes `wanted` the breakpoints of `owner`, in this order. `file` is set for those of a file. */
  replace(owner: string, file: string | undefined, wanted: readonly Wanted[]): DebugProtocol.Breakpoint[] {
    this.#busy = true;
    try {
      const old = [...(this.#owned.get(owner) ?? [])];
      const announced = this.#announced(file);
      const answers: DebugProtocol.Breakpoint[] = [];
      const entries: Entry[] = [];
      for (const one of wanted) {
        const kept = this.#take(old, one.key) ?? this.#take(announced, one.key);
        const answer = kept === undefined ? this.#add(one) : this.#describe(this.#find(kept.id)!);
        entries.push({ key: one.key, id: answer.id! });
        answers.push(answer);
      }
      for (const { id } of this.#deletesAnnounced ? [...old, ...announced] : old) {
        this.#told.delete(id);
        this.#captures.delete(id);
        this.#session.engine.deleteBreakpoint(id);
      }
      this.#owned.set(owner, entries);
      for (const answer of answers) {
        this.#told.set(answer.id!, JSON.stringify(answer));
      }
      return answers;
    } finally {
      this.#busy = false;
    }
  }

  /** The engine reports a breakpoint: passed on when the client would see a difference. */
  changed(change: 'new' | 'changed' | 'removed', breakpoint: Breakpoint): void {
    const told = this.#told.get(breakpoint.id);
    if (this.#busy || (change !== 'new' && told === undefined)) {
      return;
    }
    const body = this.#describe(breakpoint);
    if (change === 'removed') {
      this.#told.delete(breakpoint.id);
      this.#session.sendEvent(new BreakpointEvent('removed', body));
      return;
    }
    const text = JSON.stringify(body);
    if (text !== told) {
      this.#told.set(breakpoint.id, text);
      this.#session.sendEvent(new BreakpointEvent(told === undefined ? 'new' : 'changed', body));
    }
  }

  #find(id: number): Breakpoint | undefined {
    return this.#session.engine.breakpoints.find((breakpoint) => breakpoint.id === id);
  }

  /** Takes the entry with a key out of a list, if its breakpoint is still there. */
  #take(entries: Entry[], key: string): Entry | undefined {
    const at = entries.findIndex((entry) => entry.key === key && this.#find(entry.id) !== undefined);
    return at >= 0 ? entries.splice(at, 1)[0] : undefined;
  }

  /**
   * VS Code shows announced breakpoints as its own.
   * If its next request for the file leaves one out, the user has removed it there.
   */
  get #deletesAnnounced(): boolean {
    return this.#session.client.id === 'vscode';
  }

  /**
   * Breakpoints of a file that were set in the Debug Console and announced.
   * Clients may show them from then on (VS Code, dape), without their conditions.
   * Then their next request for the file has a plain breakpoint there, which means the announced one.
   */
  #announced(file: string | undefined): Entry[] {
    if (file === undefined) {
      return [];
    }
    const owned = new Set([...this.#owned.values()].flat().map((entry) => entry.id));
    return this.#session.engine.breakpoints
      .filter(({ id, locations }) => !owned.has(id) && this.#told.has(id) && locations[0]?.file === file)
      .map(({ id, locations }) => {
        const location = { kind: 'line', file, line: locations[0]?.line };
        return { id, key: JSON.stringify([location, '', '', '']) };
      });
  }

  #add(one: Wanted): DebugProtocol.Breakpoint {
    if (one.spec === undefined) {
      return this.#problem(one, one.problem ?? '');
    }
    try {
      const { engine } = this.#session;
      const breakpoint = engine.setBreakpoint(one.spec);
      if (this.noDebug) {
        return this.#describe(engine.updateBreakpoint(breakpoint.id, { enabled: false }));
      }
      if (one.capture === undefined) {
        return this.#describe(breakpoint);
      }
      this.#captures.set(breakpoint.id, one.capture);
      const enabled = this.#otherCapture(breakpoint.id) === undefined;
      return this.#describe(enabled ? breakpoint : engine.updateBreakpoint(breakpoint.id, { enabled }));
    } catch (error) {
      return this.#problem(one, errorText(error));
    }
  }

  /** What was wrong is said once in the console too: a tooltip is seen by who looks for it. */
  #say({ key, location }: Wanted, message: string): void {
    if (message !== '' && !this.#said.has(key)) {
      this.#said.add(key);
      const where =
        location.kind === 'line'
          ? `${location.file}:${location.line}`
          : location.kind === 'function'
            ? location.name
            : '';
      this.#session.output('console', `Breakpoint ${where}${where === '' ? '' : ': '}${message}\n`);
    }
  }

  #problem(one: Wanted, message: string): DebugProtocol.Breakpoint {
    const { location } = one;
    const { engine, client } = this.#session;
    this.#say(one, message);
    return {
      id: this.#nextProblemId++,
      verified: false,
      reason: 'failed',
      message,
      ...(location.kind === 'packet' ? { line: client.lineToClient(location.number) } : {}),
      ...(location.kind === 'line'
        ? { source: toSource(engine, client, location.file), line: client.lineToClient(location.line) }
        : {}),
    };
  }

  #describe({ id, verified, message, locations, spec }: Breakpoint): DebugProtocol.Breakpoint {
    const { engine, client } = this.#session;
    if (spec.location.kind === 'packet') {
      const why = verified ? this.#otherCapture(id) : (message ?? '');
      const state = why === undefined ? { verified } : { verified: false, reason: 'failed' as const, message: why };
      return { id, ...state, line: client.lineToClient(spec.location.number) };
    }
    if (spec.location.kind === 'catch') {
      return { id, verified, ...(message === undefined ? {} : { message }) };
    }
    const at = locations[0];
    const file = at?.file ?? (spec.location.kind === 'line' ? spec.location.file : undefined);
    const line = at?.line ?? (spec.location.kind === 'line' ? spec.location.line : undefined);
    return {
      id,
      verified,
      ...(verified ? {} : { reason: 'failed' as const }),
      ...(message === undefined ? {} : { message }),
      ...(file === undefined ? {} : { source: toSource(engine, client, file) }),
      ...(line === undefined ? {} : { line: client.lineToClient(line) }),
      ...(at === undefined ? {} : { column: client.columnToClient(at.column) }),
    };
  }
}
