/** `pktgdb/watch` and what goes with it: watchpoints for a client whose own ones reach variables only. */
import type { Breakpoint, WatchLocation } from '../engine/api.ts';
import { watchLocation } from '../inspect/watch.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { WatchpointsBody, WatchpointView } from './custom.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

const ACCESS = { write: 'write', read: 'read', readWrite: 'access' } as const;

export const watchpointRequests: Family = {
  'pktgdb/watch': { handle: (session, args) => watch(session, args) },
  'pktgdb/unwatch': {
    handle: ({ engine }, args) => {
      const id = args.number('id');
      if (!watchpoints(engine.breakpoints).some((one) => one.id === id) || !engine.deleteBreakpoint(id)) {
        throw new RequestError(`There is no watchpoint ${id}.`);
      }
    },
  },
  'pktgdb/watchpoints': {
    handle: ({ engine }): WatchpointsBody => ({ watchpoints: watchpoints(engine.breakpoints) }),
  },
};

async function watch(session: PacketSession, args: Arguments): Promise<WatchpointView> {
  const text = args.string('expression');
  const access = args.optionalString('access') ?? 'write';
  if (access !== 'write' && access !== 'read' && access !== 'readWrite') {
    throw new RequestError(`access must be "write", "read" or "readWrite", not "${access}"`);
  }
  const frameId = args.optionalNumber('frameId');
  const frame = frameId === undefined ? -1 : await session.stopped.frameIndex(frameId);
  const options = { access: ACCESS[access], location: false, text };
  const location = await watchLocation(session.evaluator, text, frame, options);
  const { engine } = session;
  const breakpoint = engine.setBreakpoint({ location });
  const [view] = watchpoints([breakpoint]);
  if (!breakpoint.verified || view === undefined) {
    engine.deleteBreakpoint(breakpoint.id);
    throw new RequestError(breakpoint.message ?? `Cannot watch ${text}.`);
  }
  return view;
}

function watchpoints(all: readonly Breakpoint[]): WatchpointView[] {
  return all.flatMap(({ id, spec, hits, enabled }) =>
    spec.location.kind === 'watch' ? [{ ...described(spec.location), id, hits, enabled, ...conditionOf(spec) }] : [],
  );
}

function described({ text, access }: WatchLocation): Pick<WatchpointView, 'expression' | 'access'> {
  return { expression: text, access: access === 'access' ? 'readWrite' : access };
}

function conditionOf({ condition }: Breakpoint['spec']): Pick<WatchpointView, 'condition'> {
  return { condition: condition?.text ?? '' };
}
