/** Why the machine stopped, in DAP's words. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { BreakpointSpec, CatchEvent, Stop } from '../engine/api.ts';
import { dataStop } from './data-breakpoints.ts';
import { formatValue } from './present.ts';
import type { PacketSession } from './session.ts';
import { THREAD_ID } from './thread.ts';

/** The body of the `stopped` event for a stop. */
export function stoppedBody(session: PacketSession, reason: Stop): DebugProtocol.StoppedEvent['body'] {
  return { threadId: THREAD_ID, allThreadsStopped: true, preserveFocusHint: false, ...describe(session, reason) };
}

type Description = Pick<DebugProtocol.StoppedEvent['body'], 'reason' | 'description' | 'text' | 'hitBreakpointIds'>;

function describe(session: PacketSession, reason: Stop): Description {
  switch (reason.kind) {
    case 'breakpoint': {
      const packet = reason.breakpoints.find((id) => session.breakpoints.isPacketBreakpoint(id));
      const on = packet === undefined ? undefined : locationOf(session, packet);
      const hitBreakpointIds = [...reason.breakpoints];
      const data = dataStop(session, reason);
      if (data) {
        return { ...data, hitBreakpointIds };
      }
      if (on?.kind === 'packet') {
        const description = `Paused on packet ${on.number} of the capture`;
        return { reason: 'breakpoint', description, hitBreakpointIds };
      }
      if (reason.breakpoints.some((id) => locationOf(session, id)?.kind === 'divergence')) {
        const packet = session.engine.replay?.sent().packet ?? 0;
        const what = packet > 0 ? `differs from packet ${packet}` : 'the capture has no such packet';
        return { reason: 'breakpoint', description: `Paused: ${what}`, hitBreakpointIds };
      }
      if (reason.caught !== undefined) {
        return { reason: 'exception', description: `Paused: ${reason.caught}`, text: reason.caught, hitBreakpointIds };
      }
      const functions =
        reason.breakpoints.length > 0 && reason.breakpoints.every((id) => session.breakpoints.isFunctionBreakpoint(id));
      return {
        reason: functions ? 'function breakpoint' : 'breakpoint',
        description: functions ? 'Paused on function breakpoint' : 'Paused on breakpoint',
        hitBreakpointIds,
      };
    }
    case 'watchpoint-scope':
      return { reason: 'data breakpoint', description: 'Paused where what was watched has ended with its call' };
    case 'step':
      return { reason: 'step', description: 'Paused after step' };
    case 'finish': {
      const value = reason.value === undefined ? '' : `, which returned ${formatValue(reason.value, { hex: true })}`;
      return { reason: 'step', description: `Paused after ${reason.from}${value}` };
    }
    case 'pause':
      return { reason: 'pause', description: 'Paused' };
    case 'replay-end':
      return { reason: 'replay end', description: 'All packets have been played' };
    case 'goto':
      return { reason: 'goto', description: 'Paused in history' };
    case 'history-start':
      return { reason: 'step', description: 'Paused where history begins' };
    case 'recording-end':
      return { reason: 'goto', description: 'Paused where the recording ends' };
    case 'history-end':
      return { reason: 'goto', description: 'Paused at the present' };
    case 'entry':
      return { reason: 'entry', description: 'Paused on entry' };
    case 'exception':
      return { reason: 'exception', description: `Paused on ${reason.name}`, text: reason.message };
    case 'condition-error':
      return {
        reason: 'breakpoint',
        description: `Error in testing condition for breakpoint ${reason.breakpoint}`,
        text: reason.message,
        hitBreakpointIds: [reason.breakpoint],
      };
  }
}

/** Where a breakpoint is. */
function locationOf({ engine }: PacketSession, id: number): BreakpointSpec['location'] | undefined {
  return engine.breakpoints.find((breakpoint) => breakpoint.id === id)?.spec.location;
}

/** The event that the machine stands at, if a catchpoint stopped it. */
export function eventAtStop({ engine }: PacketSession): CatchEvent | undefined {
  const hit = engine.stop?.kind === 'breakpoint' ? engine.stop.breakpoints : [];
  for (const { id, spec } of engine.breakpoints) {
    if (spec.location.kind === 'catch' && hit.includes(id)) {
      return spec.location.event;
    }
  }
  return undefined;
}
