/** A session of the command language over the fake engine: lines in, everything printed out. Errors begin with `!`. */
import assert from 'node:assert/strict';
import { GdbInterpreter, type InterpreterOptions } from '../../adapter/gdb/interpreter.ts';
import { GdbEngine } from './fake-engine.ts';

export class Session {
  readonly engine: GdbEngine;
  readonly gdb: GdbInterpreter;
  #text = '';

  constructor(engine = new GdbEngine().stand(), options: Partial<InterpreterOptions> = {}) {
    this.engine = engine;
    this.gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      version: '1.2.3',
      launch: { args: ['-netdev', 'user,id=u0'] },
      write: (text, kind) => {
        this.#text += kind === 'stderr' ? `!${text}` : text;
      },
      ...options,
    });
  }

  async run(...lines: string[]): Promise<string> {
    this.#text = '';
    for (const l of lines) {
      await this.gdb.execute(l, true);
    }
    return this.#text;
  }

  /** Runs the lines of a text. */
  script(text: string): Promise<string> {
    return this.run(...text.trim().split('\n'));
  }
}

/** Checks lines and what they print. */
export async function transcript(s: Session, rows: readonly (readonly [string, string | RegExp])[]): Promise<void> {
  for (const [line, expected] of rows) {
    const text = await s.run(line);
    if (typeof expected === 'string') {
      assert.equal(text, expected, line);
    } else {
      assert.match(text, expected, line);
    }
  }
}
