/** Breakpoint requests: reading what the client wants; the book does the rest. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { BreakpointSpec } from '../engine/api.ts';
import { parseHitCondition } from '../engine/hit-condition.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { errorText } from '../packets/span.ts';
import { Arguments, RequestError } from './arguments.ts';
import type { Wanted } from './breakpoint-book.ts';
import { parseLogMessage } from './breakpoint-text.ts';
import { capturePath } from './captures.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { stackFile } from './sources.ts';

export const breakpointRequests: Family = {
  setBreakpoints: {
    capabilities: {
      supportsConditionalBreakpoints: true,
      supportsHitConditionalBreakpoints: true,
      supportsLogPoints: true,
    },
    handle: (session, args): DebugProtocol.SetBreakpointsResponse['body'] => setBreakpoints(session, args),
  },
  setFunctionBreakpoints: {
    capabilities: { supportsFunctionBreakpoints: true },
    handle: (session, args): DebugProtocol.SetFunctionBreakpointsResponse['body'] => {
      const wanted = args.objects('breakpoints').map((one): Wanted => {
        const name = one.string('name').trim();
        return want(session.evaluator, one, { kind: 'function', name });
      });
      return { breakpoints: session.breakpoints.replace('functions', undefined, wanted) };
    },
  },
  breakpointLocations: {
    capabilities: { supportsBreakpointLocationsRequest: true },
    handle: (session, args): DebugProtocol.BreakpointLocationsResponse['body'] => ({
      breakpoints: breakpointLocations(session, args),
    }),
  },
};

function setBreakpoints(session: PacketSession, args: Arguments): DebugProtocol.SetBreakpointsResponse['body'] {
  const source = args.object('source');
  const file = stackFile(session.engine, session.client, source);
  // The older form of the request has only lines.
  const requested = args.has('breakpoints')
    ? args.objects('breakpoints')
    : oldLines(args).map((line) => new Arguments(args.where, { line }));
  const capture = file === undefined ? capturePath(source) : undefined;
  if (capture !== undefined) {
    const wanted = requested.map((one): Wanted => {
      const number = session.client.lineFromClient(one.number('line'));
      return { ...want(session.evaluator, one, { kind: 'packet', number }), capture };
    });
    return { breakpoints: session.breakpoints.replace(`capture:${capture}`, undefined, wanted) };
  }
  if (file === undefined) {
    const name = source.optionalString('path') ?? source.optionalString('name') ?? 'this source';
    return {
      breakpoints: requested.map((one) => ({
        verified: false,
        reason: 'failed',
        message: `${name} is not a source file of the packet path`,
        line: one.number('line'),
      })),
    };
  }
  const wanted = requested.map((one): Wanted => {
    const line = session.client.lineFromClient(one.number('line'));
    const column = one.optionalNumber('column');
    return want(session.evaluator, one, {
      kind: 'line',
      file,
      line,
      ...(column === undefined ? {} : { column: session.client.columnFromClient(column) }),
    });
  });
  return { breakpoints: session.breakpoints.replace(`file:${file}`, file, wanted) };
}

function oldLines(args: Arguments): unknown[] {
  const lines = args.raw['lines'] ?? [];
  if (!Array.isArray(lines)) {
    throw new RequestError('setBreakpoints: breakpoints must be an array');
  }
  return lines;
}

/** A breakpoint as requested. What cannot be understood becomes its `problem` and leaves it unverified. */
function want(evaluator: Evaluator, one: Arguments, location: BreakpointSpec['location']): Wanted {
  const condition = one.optionalString('condition')?.trim() ?? '';
  const hitCondition = one.optionalString('hitCondition')?.trim() ?? '';
  const logMessage = one.optionalString('logMessage') ?? '';
  const key = JSON.stringify([location, condition, hitCondition, logMessage]);
  try {
    const spec: BreakpointSpec = {
      location,
      ...(condition === '' ? {} : { condition: evaluator.condition(condition) }),
      ...(hitCondition === '' ? {} : { hitCondition: parseHitCondition(hitCondition) }),
      ...(logMessage === '' ? {} : { log: parseLogMessage(logMessage, evaluator) }),
    };
    return { key, location, spec };
  } catch (error) {
    return { key, location, problem: errorText(error) };
  }
}

/** Most packets of a capture that one request is answered for. */
const MAX_LISTING_LOCATIONS = 1000;

/** Places in a range of lines where a breakpoint can be: the statements' starts. */
function breakpointLocations(session: PacketSession, args: Arguments): DebugProtocol.BreakpointLocation[] {
  const { engine, client } = session;
  const source = args.object('source');
  const file = stackFile(engine, client, source);
  const first = client.lineFromClient(args.number('line'));
  const last = client.lineFromClient(args.optionalNumber('endLine') ?? args.number('line'));
  if (file === undefined && capturePath(source) !== undefined) {
    const count = Math.min(Math.max(0, last - first + 1), MAX_LISTING_LOCATIONS);
    return Array.from({ length: count }, (_, i) => ({ line: client.lineToClient(first + i) }));
  }
  const places = new Map<string, DebugProtocol.BreakpointLocation>();
  for (const probe of engine.info.probes) {
    if (probe.line >= first && probe.line <= last && engine.info.functions[probe.fn]?.file === file) {
      places.set(`${probe.line}:${probe.column}`, {
        line: client.lineToClient(probe.line),
        column: client.columnToClient(probe.column),
      });
    }
  }
  return [...places.values()].sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
}
