/** What a session is doing, told from the messages its adapter sends. */
import type { ConsoleEventBody } from '../../adapter/dap/custom.ts';

/** The only thread. */
export const THREAD_ID = 1;

export type SessionState = 'starting' | 'running' | 'stopped' | 'ended';

/** Requests after whose success the machine runs, until a `stopped` event says otherwise. */
const RESUMING = new Set([
  'launch',
  'configurationDone',
  'restart',
  'continue',
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'reverseContinue',
  'restartFrame',
  'goto',
  'pktgdb/reverse',
  'pktgdb/goTo',
]);

interface ProtocolMessage {
  readonly type?: unknown;
  readonly event?: unknown;
  readonly command?: unknown;
  readonly success?: unknown;
  readonly body?: unknown;
}

/** A name that no other session has: the second of a name is `NAME 2`, as VS Code calls it too. */
export function distinctName(name: string, others: readonly string[]): string {
  for (let n = 2, candidate = name; ; n++) {
    if (!others.includes(candidate)) {
      return candidate;
    }
    candidate = `${name} ${n}`;
  }
}

/** The state after a message. */
export function nextState(state: SessionState, raw: unknown): SessionState {
  const message = raw as ProtocolMessage;
  if (message.type === 'event') {
    switch (message.event) {
      case 'stopped':
        return 'stopped';
      case 'continued':
        return 'running';
      case 'terminated':
        return 'ended';
      default:
        return state;
    }
  }
  if (message.type !== 'response' || message.success !== true || !RESUMING.has(String(message.command))) {
    return state;
  }
  // Answers to what came before a stop may arrive after it.
  const starts = message.command === 'launch' || message.command === 'configurationDone';
  return starts && state !== 'starting' ? state : 'running';
}

/**
 * True for messages after which registers and memory may be others.
 * The machine may have stood still all the same, or stopped again.
 */
export function valuesMayHaveChanged(raw: unknown): boolean {
  const message = raw as ProtocolMessage;
  return message.type === 'event' && ['stopped', 'invalidated', 'memory'].includes(String(message.event));
}

/** Name and body of an event; undefined for other messages. */
export function eventOf(raw: unknown): { readonly event: string; readonly body: unknown } | undefined {
  const message = raw as ProtocolMessage;
  return message.type === 'event' ? { event: String(message.event), body: message.body } : undefined;
}

export function isConsoleEvent(raw: unknown): raw is { readonly body: ConsoleEventBody } {
  const message = raw as ProtocolMessage;
  return message.type === 'event' && message.event === 'pktgdb/console';
}
