/** From a machine that is loaded to one that runs, or that says why it does not. */
import { attachQtest } from '../host/qtest.ts';
import type { ExecutionSummary } from '../inferior/worker.ts';
import { EngineError, type GuestOutput, type LaunchOptions, type RealGuests } from './api.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import type { V8Paused } from './inspector.ts';
import { type EngineInternals, inferiorOptions, type Replay } from './launch.ts';

/** Who hears of it. */
export interface StartHooks {
  console(text: string): void;
  report(level: 'info' | 'warning' | 'error', text: string): void;
  log(breakpoint: number, probe: number, text: string): void;
  paused(paused: V8Paused): void;
  /** It is set up: the guest reads its console. */
  up(): void;
  /** It ran, and is gone. */
  ended(code: number, message: string, summary: ExecutionSummary | undefined): void;
  /** It never ran. */
  failed(): void;
}

/** Runs a machine until it is set up. Rejects with what it complained about if it never is. */
export function startMachine(inferior: Inferior, hooks: StartHooks, guests?: RealGuests): Promise<void> {
  return new Promise((resolve, reject) => {
    if (guests) {
      follow(inferior, guests, hooks);
    }
    const errors: string[] = [];
    let up = false;
    inferior.on('report', (level, text) => {
      if (up || level !== 'error') {
        hooks.report(level, text);
      } else {
        errors.push(text);
      }
    });
    inferior.on('console', (text) => hooks.console(text));
    inferior.on('log', (bp, probe, text) => hooks.log(bp, probe, text));
    const running = (): void => {
      up = true;
      resolve();
    };
    inferior.once('started', () => {
      hooks.up();
      running();
    });
    inferior.on('paused', (p) => {
      hooks.paused(p);
      running();
    });
    inferior.once('exited', (code, message, summary) => {
      if (up) {
        hooks.ended(code, message, summary);
      } else {
        hooks.failed();
        void inferior.terminate();
        reject(new EngineError(errors.join('\n') || message || 'the machine did not start'));
      }
    });
    inferior.go();
  });
}

/** Has guests of other programs stand still while the machine does. */
function follow(inferior: Inferior, guests: RealGuests, out: GuestOutput): void {
  inferior.once('started', () => guests.up(out));
  inferior.on('paused', () => guests.stops());
  inferior.on('resumed', () => guests.goesOn());
  inferior.once('exited', () => guests.end());
}

/** Loads a machine, which does not run yet. Throws `EngineError`. */
export async function loadMachine(
  image: Image,
  options: LaunchOptions,
  internals: EngineInternals,
  replay: Replay | undefined,
): Promise<Inferior> {
  const settings = inferiorOptions(image, options, internals, replay);
  let inferior: Inferior;
  try {
    inferior = await Inferior.create(image, settings);
  } catch (e) {
    throw new EngineError(`the machine cannot be loaded: ${e instanceof Error ? e.message : String(e)}`);
  }
  try {
    await attachQtest(inferior, settings.header.argv);
  } catch (e) {
    await inferior.terminate();
    throw new EngineError(e instanceof Error ? e.message : String(e));
  }
  return inferior;
}

/** Types on the console of a guest of another program; false without any. Throws `EngineError` if it is not at hand. */
export function typed(guests: RealGuests | undefined, text: string): boolean {
  if (guests && !guests.type(text)) {
    throw new EngineError('The console of the guest is not here: QEMU has ended, or its serial port is elsewhere.');
  }
  return guests !== undefined;
}
