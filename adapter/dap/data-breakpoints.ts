/** Data breakpoints: on registers, fields, locals, guest memory and expressions. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { BreakpointSpec, Stop, WatchChange, WatchLocation } from '../engine/api.ts';
import { parseHitCondition } from '../engine/hit-condition.ts';
import { watchedPlace, watchLocation, writerText } from '../inspect/watch.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { Wanted } from './breakpoint-book.ts';
import type { Container } from './containers.ts';
import { formatValue } from './present.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const ACCESS = { write: 'write', read: 'read', readWrite: 'access' } as const;

/** The id of what a data breakpoint is set on: an expression without locals is its own, also for another session. */
function idOf(session: PacketSession, location: WatchLocation): string {
  return location.captures.length === 0 ? `expression:${location.text}` : session.stopped.keep(location);
}

/** Throws for an id that is no longer good. */
function locationOf(session: PacketSession, id: string): WatchLocation {
  const known = session.stopped.kept(id);
  if (known) {
    return known;
  }
  const [, text] = /^expression:(.*)$/s.exec(id) ?? [];
  if (text === undefined) {
    throw new RequestError('The machine has run on since; choose the variable again.');
  }
  return watchedPlace(session.evaluator, text, -1, { access: 'write', location: false });
}

export const dataBreakpointRequests: Family = {
  dataBreakpointInfo: {
    capabilities: { supportsDataBreakpoints: true, supportsDataBreakpointBytes: true },
    handle: info,
  },
  setDataBreakpoints: {
    handle: (session, args): DebugProtocol.SetDataBreakpointsResponse['body'] => {
      const wanted = args.objects('breakpoints').map((one) => want(session, one));
      return { breakpoints: session.breakpoints.replace('data', undefined, wanted) };
    },
  },
};

/** What a request means: an expression in a frame (-1: none). */
interface Meant {
  readonly text: string;
  readonly frame: number;
}

async function info(session: PacketSession, args: Arguments): Promise<Info> {
  const name = args.string('name');
  try {
    const { text, frame } = await meant(session, args, name);
    // A field means that of this struct, whatever becomes of the variables that lead there.
    const location = await watchLocation(session.evaluator, text, frame, { access: 'write', location: true, text });
    const local = location.frame?.scoped === true;
    const memory = location.places?.[0]?.kind === 'memory';
    const readable = location.target !== undefined || local || memory;
    return {
      dataId: idOf(session, location),
      description: text,
      accessTypes: readable ? ['write', 'read', 'readWrite'] : ['write'],
      canPersist: location.captures.length === 0,
    };
  } catch (error) {
    return { dataId: null, description: `${name}: ${(error as Error).message}` };
  }
}

async function meant(session: PacketSession, args: Arguments, name: string): Promise<Meant> {
  const reference = args.optionalNumber('variablesReference') ?? 0;
  const frameId = args.optionalNumber('frameId');
  const frame = frameId === undefined ? -1 : await session.stopped.frameIndex(frameId);
  if (args.optionalBoolean('asAddress')) {
    return { text: memoryText(name, args.count('bytes', 1)), frame: -1 };
  }
  if (reference === 0) {
    return { text: name, frame };
  }
  const container = session.stopped.container(reference);
  const text = await expressionOf(container, name);
  if (text === undefined) {
    throw new RequestError('there is no expression for it that could be watched');
  }
  return { text, frame: container.frame ?? frame };
}

async function expressionOf(container: Container, name: string): Promise<string | undefined> {
  const [, element] = /^\[(\d+)\]$/.exec(name) ?? [];
  const start = element === undefined ? 0 : Math.max(0, container.named + Number(element));
  const count = element === undefined ? Number.MAX_SAFE_INTEGER : 1;
  const rows = await container.rows(start, count, { hex: false });
  return rows.find((row) => row.name === name)?.evaluateName;
}

/** `*(uint32_t *)0x101000`, or several bytes from there on. */
function memoryText(address: string, bytes: number): string {
  const number = Number(address);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RequestError(`"${address}" is not an address; write one such as 0x101000`);
  }
  const bits = bytes * 8;
  return [8, 16, 32].includes(bits) ? `*(uint${bits}_t *)${address}` : `*(uint8_t *)${address}@${bytes}`;
}

/** A data breakpoint as requested. What cannot be understood becomes its `problem` and leaves it unverified. */
function want(session: PacketSession, one: Arguments): Wanted {
  const id = one.string('dataId');
  const access = one.optionalString('accessType') ?? 'write';
  const condition = one.optionalString('condition')?.trim() ?? '';
  const hitCondition = one.optionalString('hitCondition')?.trim() ?? '';
  const key = JSON.stringify([id, access, condition, hitCondition]);
  const nowhere = { kind: 'function', name: id } as const;
  try {
    if (!(access in ACCESS)) {
      throw new RequestError(`accessType must be "read", "write" or "readWrite", not "${access}"`);
    }
    const kept = session.breakpoints.spec('data', key);
    const place = kept?.location ?? locationOf(session, id);
    const location = { ...(place as WatchLocation), access: ACCESS[access as keyof typeof ACCESS] };
    const spec: BreakpointSpec = {
      location,
      ...(condition === '' ? {} : { condition: session.evaluator.condition(condition) }),
      ...(hitCondition === '' ? {} : { hitCondition: parseHitCondition(hitCondition) }),
    };
    return { key, location, spec };
  } catch (error) {
    return { key, location: nowhere, problem: (error as Error).message };
  }
}

/** Why it stopped, if a watched value was written or read: `$RDT: 2 -> 3`, and by whom. */
export function dataStop(
  { engine }: PacketSession,
  stop: Stop & { kind: 'breakpoint' },
): { readonly reason: string; readonly description: string; readonly text: string } | undefined {
  const texts = (stop.changes ?? []).map((change) => {
    const location = engine.breakpoints.find((b) => b.id === change.id)?.spec.location;
    return location?.kind === 'watch' ? `${location.text}: ${changeText(change)}` : changeText(change);
  });
  const [change] = stop.changes ?? [];
  if (!change) {
    return undefined;
  }
  const did = change.old === undefined ? 'read' : 'written';
  const text = `${texts.join(', ')}, ${did} by ${writerText(engine, change)}`;
  return { reason: 'data breakpoint', description: `Paused on data breakpoint, ${texts.join(', ')}`, text };
}

function changeText({ old, now }: WatchChange): string {
  const text = (v: WatchChange['now']): string => formatValue(v, { hex: false });
  return old === undefined ? text(now) : `${text(old)} -> ${text(now)}`;
}
