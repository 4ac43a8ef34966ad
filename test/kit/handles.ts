/** Node's handles that were made and not given back: Node keeps each of them until it is closed. */
import { createHook } from 'node:async_hooks';

/** Kinds whose closing is only ever a matter of turns: what listens, connects or sends. */
const KINDS = new Set(['PIPEWRAP', 'PIPESERVERWRAP', 'TCPWRAP', 'TCPSERVERWRAP', 'UDPWRAP']);

/** Notes handles from now on. `left` gives the kinds of those that live; `end` ends it. */
export function handles(): { left(): string[]; end(): void } {
  const living = new Map<number, string>();
  const hook = createHook({
    init: (id, kind) => {
      if (KINDS.has(kind)) {
        living.set(id, kind);
      }
    },
    destroy: (id) => {
      living.delete(id);
    },
  }).enable();
  return { left: () => [...living.values()], end: () => void hook.disable() };
}
