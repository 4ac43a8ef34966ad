/**
 * A machine that somebody else has started and a debugger borrows: when it lets go, the machine goes on as if nobody
 * had been there.
 */
import { type EngineApi, EngineError } from '../engine/api.ts';

type Listener = (...args: never[]) => void;

/** An engine as one debugger has it until `dispose`, which gives it back. `owner` says whose it is. */
export function borrow(engine: EngineApi, owner: string, back: () => void): EngineApi {
  const listeners: [event: string, listener: Listener][] = [];
  let given = false;
  const own: Partial<Record<keyof EngineApi, unknown>> = {
    on: (event: string, listener: Listener) => {
      listeners.push([event, listener]);
      engine.on(event as never, listener as never);
      return borrowed;
    },
    once: (event: string, listener: Listener) => {
      listeners.push([event, listener]);
      engine.once(event as never, listener as never);
      return borrowed;
    },
    launch: () => Promise.reject(new EngineError(`The machine is one of ${owner}: it cannot be run again.`)),
    dispose: async () => {
      if (!given) {
        given = true;
        for (const [event, listener] of listeners) {
          engine.off(event as never, listener as never);
        }
        await letGo(engine).finally(back);
      }
    },
  };
  const borrowed: EngineApi = new Proxy(engine, {
    get: (target, name) => {
      const instead = own[name as keyof EngineApi];
      if (instead !== undefined) {
        return instead;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
  return borrowed;
}

/** Takes away what a debugger has put there, and lets the machine go on from its present. */
async function letGo(engine: EngineApi): Promise<void> {
  for (const { id } of engine.breakpoints) {
    engine.deleteBreakpoint(id);
  }
  engine.askWhatIf = undefined;
  // What runs may be the past, which would stand still at its end with nobody there.
  await standStill(engine);
  if (engine.history?.whatIf) {
    await engine.endWhatIf();
  }
  if (engine.history?.inPast) {
    await engine.goTo('present');
  }
  if (engine.state === 'stopped') {
    await engine.resume();
  }
}

async function standStill(engine: EngineApi): Promise<void> {
  if (engine.state !== 'running') {
    return;
  }
  let stands = (): void => undefined;
  const stood = new Promise<void>((resolve) => {
    stands = resolve;
  });
  engine.on('stopped', stands).on('exited', stands);
  try {
    await engine.interrupt();
    await stood;
  } finally {
    engine.off('stopped', stands).off('exited', stands);
  }
}
