/** Lines typed at the prompt over a replay of a small capture. */
import assert from 'node:assert/strict';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

/** A line and what it prints; errors begin with `!`. */
type Row = readonly [line: string, printed: string | RegExp];

export class Typed {
  readonly #gdb: GdbInterpreter;
  #text = '';

  private constructor(engine: Engine) {
    this.#gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      version: '1.2.3',
      launch: { args: ['-nic', 'user,model=e1000'], traces: [capture('02-hello.pcap')] },
      write: (text, kind) => {
        this.#text += kind === 'stderr' ? `!${text}` : text;
      },
    });
    this.#gdb.settings.confirm = false;
  }

  static async create(): Promise<Typed> {
    return new Typed(await Engine.create());
  }

  /** What a line prints. */
  async type(line: string): Promise<string> {
    this.#text = '';
    await this.#gdb.execute(line, true);
    return this.#text;
  }

  /** Types the lines; all that print something else are told together. */
  async rows(...rows: readonly Row[]): Promise<void> {
    const wrong: unknown[] = [];
    for (const [line, printed] of rows) {
      const text = await this.type(line);
      if (typeof printed === 'string' ? text !== printed : !printed.test(text)) {
        wrong.push({ line, printed: text });
      }
    }
    assert.deepEqual(wrong, []);
  }

  async dispose(): Promise<void> {
    this.#gdb.dispose();
    await this.#gdb.engine.dispose();
  }
}
