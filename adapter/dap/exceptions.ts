/**
 * Events that a client stops at: catchpoints, which DAP calls exception breakpoints. An exception in the stack that
 * nothing catches always stops, since the machine cannot go on after it.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { parseCatch } from '../commands/catch-text.ts';
import { type CatchKind, eventText } from '../engine/api.ts';
import { framePacketSummary } from '../inspect/packets.ts';
import { errorText } from '../packets/span.ts';
import { RequestError } from './arguments.ts';
import type { Wanted } from './breakpoint-book.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { eventAtStop } from './stopped.ts';
import { checkThread } from './thread.ts';

/** What stands in the field for the condition of each: the text behind `catch KIND`. */
const CONDITION = 'and "if" with an expression, for example';

const FILTERS: readonly (DebugProtocol.ExceptionBreakpointsFilter & { readonly filter: CatchKind })[] = [
  filter('drop', 'Dropped packets', `A reason ${CONDITION}: RX_FILTER if $pkt.tcp.dstport == 5556`),
  filter('retransmit', 'TCP retransmissions', `For example: if $pkt.tcp.dstport == 80`),
  filter('rst', 'TCP resets', 'For example: if $pkt.tcp.dstport == 80'),
  filter('state', 'TCP state changes', `slirp or guest, a port, a state ${CONDITION}: guest 5556 ESTABLISHED`),
  filter('packet', 'Packets', 'A display filter and "in" with a layer, for example: tcp.flags.syn == 1 in slirp'),
  filter('irq', 'Interrupts of the NIC', `A cause ${CONDITION}: RXT0`),
  filter('mmio', 'Register accesses', `read or write, a register ${CONDITION}: write RDT if val > 5`),
  { ...filter('exception', 'Exceptions in the stack', ''), default: true, supportsCondition: false },
];

function filter(name: CatchKind, label: string, conditionDescription: string): (typeof FILTERS)[number] {
  const described = conditionDescription === '' ? {} : { conditionDescription };
  return { filter: name, label, supportsCondition: true, ...described };
}

export const exceptionRequests: Family = {
  setExceptionBreakpoints: {
    capabilities: { exceptionBreakpointFilters: [...FILTERS], supportsExceptionFilterOptions: true },
    handle: (session, args): DebugProtocol.SetExceptionBreakpointsResponse['body'] => {
      const wanted = [
        ...(args.optionalStrings('filters') ?? []).map((id) => want(session, id, '')),
        ...args
          .objects('filterOptions')
          .map((option) => want(session, option.string('filterId'), option.optionalString('condition') ?? '')),
      ];
      return { breakpoints: session.breakpoints.replace('events', undefined, wanted) };
    },
  },
  exceptionInfo: {
    atStop: true,
    capabilities: { supportsExceptionInfoRequest: true },
    handle: async (session, args): Promise<DebugProtocol.ExceptionInfoResponse['body']> => {
      checkThread(args);
      const { stop } = session.engine;
      if (session.engine.state === 'stopped' && stop?.kind === 'exception') {
        return {
          exceptionId: stop.name,
          description: stop.message,
          breakMode: 'unhandled',
          details: { message: stop.message, typeName: stop.name, stackTrace: stop.stack },
        };
      }
      const event = eventAtStop(session);
      if (session.engine.state !== 'stopped' || stop?.kind !== 'breakpoint' || event === undefined) {
        throw new RequestError('The machine is not stopped at an exception.');
      }
      const packet = await framePacketSummary(session.engine, 0);
      const lines = [stop.caught ?? eventText(event), ...(packet === undefined ? [] : [packet])];
      return {
        exceptionId: event.what,
        description: lines.join('\n'),
        breakMode: 'always',
        details: { message: stop.caught ?? '', typeName: eventText(event) },
      };
    },
  },
};

function want({ evaluator }: PacketSession, id: string, text: string): Wanted {
  const key = JSON.stringify([id, text.trim()]);
  const kind = FILTERS.find((f) => f.filter === id)?.filter;
  const location = { kind: 'catch', event: { what: kind ?? 'exception' } as { what: 'exception' } } as const;
  if (kind === undefined) {
    const known = FILTERS.map((f) => f.filter).join(', ');
    return { key, location, problem: `There is no exception filter "${id}"; there are ${known}.` };
  }
  try {
    const { event, condition } = parseCatch(kind, text.trim(), evaluator.filters);
    const more = condition === undefined ? {} : { condition: evaluator.condition(condition) };
    return { key, location, spec: { location: { kind: 'catch', event }, ...more } };
  } catch (error) {
    return { key, location, problem: errorText(error) };
  }
}
