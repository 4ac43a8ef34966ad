/**
 * Makes the system refuse what the host asks of it: the calls below Node's own modules answer with an errno, so that
 * Node does with it whatever it does with the system's.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { getSystemErrorMap } from 'node:util';

/** Errors of a system that has run out of something, or does not allow it. */
export const ERRNOS = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ENOSPC', 'EACCES'] as const;
export type Errno = (typeof ERRNOS)[number];

type Call = (...args: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** Node's handles; there is no other way to their calls. */
const binding = (process as unknown as { binding(name: string): Record<string, { readonly prototype: object }> })
  .binding;
const { TCP, Pipe } = { ...binding('tcp_wrap'), ...binding('pipe_wrap') };
const { UDP, Process } = { ...binding('udp_wrap'), ...binding('process_wrap') };

/** Where the calls are that can be made to fail. */
const PLACES = {
  tcp: TCP?.prototype,
  pipe: Pipe?.prototype,
  udp: UDP?.prototype,
  stream: Object.getPrototypeOf(TCP?.prototype),
  process: Process?.prototype,
  fs,
} as const;
export type Place = keyof typeof PLACES;

/** No system can start it. */
const NO_PROGRAM = '/dev/null/none';

const NUMBERS = new Map([...getSystemErrorMap()].map(([number, [name]]) => [name, number]));

/** The error that Node's files throw. */
function systemError(errno: Errno, call: string): Error {
  const text = `${errno}: refused by the test, ${call}`;
  return Object.assign(new Error(text), { code: errno, errno: NUMBERS.get(errno), syscall: call });
}

/** What listens, by its handle. */
interface Listening {
  onconnection(error: number): void;
}

/**
 * Notes what listens from now on. `refuse` has the system refuse all of them their next connection, and says how many
 * there are; `end` ends it.
 */
export function listeners(): { refuse(errno: Errno): number; end(): void } {
  const handles = new Set<Listening>();
  const ends = [TCP, Pipe].map((kind) => {
    const calls = kind?.prototype as Calls;
    const { listen } = calls;
    calls['listen'] = function (this: Listening, ...args: unknown[]): unknown {
      handles.add(this);
      return listen?.apply(this, args);
    };
    return () => void Object.assign(calls, { listen });
  });
  return {
    refuse: (errno) => {
      for (const handle of handles) {
        handle.onconnection(NUMBERS.get(errno) ?? 0);
      }
      return handles.size;
    },
    end: () => ends.forEach((end) => void end()),
  };
}

/** Has a call fail from its `nth` (default: the first) on. Returns what ends it and says how often it failed. */
export function refuse(place: Place, call: string, errno: Errno, nth = 1): () => number {
  const calls = PLACES[place] as Calls;
  const original = calls[call];
  if (original === undefined) {
    throw new Error(`no call ${place}.${call}`);
  }
  let count = 0;
  calls[call] = function (this: unknown, ...args: unknown[]): unknown {
    if (++count < nth) {
      return original.apply(this, args);
    }
    if (place === 'fs') {
      throw systemError(errno, call);
    }
    if (place === 'process') {
      // Only a handle that has tried can be closed: else Node keeps it, and all that is at it, for ever. The system
      // refuses before it opens streams, so none are asked for.
      original.apply(this, [{ ...(args[0] as object), file: NO_PROGRAM, stdio: [] }]);
    }
    return NUMBERS.get(errno);
  };
  syncBuiltinESMExports();
  return () => {
    calls[call] = original;
    syncBuiltinESMExports();
    return Math.max(0, count - nth + 1);
  };
}
