/**
 * The debugger's end of the user's JavaScript: one worker thread, which asks for everything by messages. Whatever it
 * does, the debugger goes on: it can be ended at any time, and its memory has a limit.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EngineApi } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { answer } from './answers.ts';
import type { FromScript, ToScript } from './messages.ts';

/** Memory of the thread. */
const MEMORY_MB = 256;

/** What the debugger offers scripts. */
export interface ScriptHost {
  readonly engine: EngineApi;
  readonly evaluator: Evaluator;
  /** Executes a command and resolves to what it prints. */
  readonly run: (line: string) => Promise<string>;
  readonly print: (text: string) => void;
}

/** Something is wrong in a script; the message is for the user. */
export class ScriptError extends Error {
  override name = 'ScriptError';
}

interface Running {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Where the built thread is: beside the program, or in `dist` for sources that are run as they are. */
function workerFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, 'script.js')) ? join(here, 'script.js') : join(here, '../../dist/script.js');
}

export class ScriptRunner {
  readonly #host: ScriptHost;
  #worker: Worker | undefined;
  #running: Running | undefined;

  constructor(host: ScriptHost) {
    this.#host = host;
    const tell = (name: string, ...args: readonly unknown[]): void => this.#tell({ kind: 'event', name, args });
    host.engine.on('stopped', (reason) => tell('stopped', reason));
    host.engine.on('continued', () => tell('continued'));
    host.engine.on('exited', (code, message) => tell('exited', code, message));
    host.engine.on('console', (text) => tell('console', text));
    host.engine.on('log', (text, location) => tell('log', text, location));
  }

  /** Runs code or a file to its end. Rejects with what is wrong with it. */
  run(what: { readonly code: string; readonly quiet?: boolean } | { readonly file: string }): Promise<void> {
    if (this.#running !== undefined) {
      return Promise.reject(new ScriptError('A script is running already.'));
    }
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      this.#worker ??= this.#start();
      this.#tell({ kind: 'run', ...what });
    });
  }

  /** Ends the thread with all that it has; breakpoints that it set stay. */
  end(why = 'Quit'): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    this.#settle(new ScriptError(why));
  }

  #start(): Worker {
    const worker = new Worker(workerFile(), {
      name: 'script',
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    // A script that listens to events does not keep the debugger.
    worker.unref();
    worker.on('message', (message: FromScript) => this.#hear(worker, message));
    worker.on('error', (error: Error & { readonly code?: string }) => {
      const full = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#gone(worker, full ? `The script needs more than ${MEMORY_MB} MB; it was ended.` : error.message);
    });
    worker.on('exit', () => this.#gone(worker, 'The script has ended its thread.'));
    return worker;
  }

  #gone(worker: Worker, why: string): void {
    if (this.#worker === worker) {
      this.#worker = undefined;
      this.#settle(new ScriptError(why));
    }
  }

  #settle(error?: Error): void {
    const running = this.#running;
    this.#running = undefined;
    if (error === undefined) {
      running?.resolve();
    } else {
      running?.reject(error);
    }
  }

  #tell(message: ToScript): void {
    this.#worker?.postMessage(message);
  }

  #hear(worker: Worker, message: FromScript): void {
    if (worker !== this.#worker) {
      return;
    }
    switch (message.kind) {
      case 'print':
        this.#host.print(message.text);
        return;
      case 'done':
        this.#settle(message.error === undefined ? undefined : new ScriptError(message.error));
        return;
      case 'call':
        void this.#answer(worker, message.id, message.method, message.args);
    }
  }

  async #answer(worker: Worker, id: number, method: string, args: readonly unknown[]): Promise<void> {
    let reply: ToScript;
    try {
      const value = method === 'run' ? await this.#command(String(args[0])) : await answer(this.#host, method, args);
      reply = { kind: 'answer', id, value };
    } catch (error) {
      reply = { kind: 'answer', id, error: error instanceof Error ? error.message : String(error) };
    }
    if (worker === this.#worker) {
      worker.postMessage(reply);
    }
  }

  /** Commands come one after the other, and those of the user come first: a listener has none to run in between. */
  #command(line: string): Promise<string> {
    if (this.#running === undefined) {
      throw new ScriptError('Commands can be run while "source" or "js" goes on, not by what listens to events.');
    }
    return this.#host.run(line);
  }
}
