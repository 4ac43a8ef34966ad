/** From a machine that is loaded to one that runs, or that says why it does not. */
import type { ExecutionSummary } from '../inferior/worker.ts';
import { EngineError } from './api.ts';
import type { Inferior } from './inferior.ts';
import type { V8Paused } from './inspector.ts';

/** Who hears of it. */
export interface StartHooks {
  console(text: string): void;
  report(level: 'info' | 'warning' | 'error', text: string): void;
  log(breakpoint: number, probe: number, text: string): void;
  paused(paused: V8Paused): void;
  /** It is set up. */
  up(): void;
  /** It ran, and is gone. */
  ended(code: number, message: string, summary: ExecutionSummary | undefined): void;
  /** It never ran. */
  failed(): void;
}

/** Runs a machine until it is set up. Rejects with what it complained about if it never is. */
export function startMachine(inferior: Inferior, hooks: StartHooks): Promise<void> {
  return new Promise((resolve, reject) => {
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
      hooks.up();
      resolve();
    };
    inferior.once('started', running);
    inferior.on('paused', (p) => {
      hooks.paused(p);
      if (!up) {
        running();
      }
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
