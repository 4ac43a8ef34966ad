/** The debugger's own tables and parser, without a machine: what scripts are checked and completed with. */

import { type Command, CommandError, type Found, findCommand } from '../commands/command.ts';
import type { Variable } from '../compiler/debug-info.ts';
import type { SymbolScope } from '../engine/api.ts';
import { GdbInterpreter } from '../gdb/interpreter.ts';
import { Evaluator } from '../inspect/evaluator.ts';
import { type Expression, ExpressionError } from '../inspect/expression/ast.ts';
import { type CompileContext, compile, compileAssignment } from '../inspect/expression/compile.ts';
import { registerIndex } from '../inspect/registers.ts';
import { near } from '../stack/util/near.ts';
import type { Script } from './script.ts';
import { StaticEngine } from './static-engine.ts';

export class Analysis {
  readonly engine: StaticEngine;
  readonly gdb: GdbInterpreter;
  /** Names of locals and parameters anywhere in the stack. */
  readonly locals: ReadonlySet<string>;
  readonly #scope: SymbolScope;
  readonly #context: CompileContext;

  constructor(engine: StaticEngine = new StaticEngine()) {
    this.engine = engine;
    this.gdb = new GdbInterpreter(engine, { write: () => {}, waitForStops: false });
    this.locals = new Set(engine.info.probes.flatMap((p) => p.locals.map((l) => l.name)));
    const globals = engine.scope();
    this.#scope = {
      // A script's commands run wherever the machine stops: any local may be there, with any type.
      local: (name): Variable | undefined => (this.locals.has(name) ? { name, type: '' } : undefined),
      global: (name) => globals.global(name),
      hasPacket: true,
    };
    this.#context = {
      ...new Evaluator(engine).context(),
      dollar: () => ({ js: '0', type: { kind: 'any' }, constant: false }),
    };
  }

  /** Commands that a script may use: the debugger's, and its own. */
  commands(script: Script): readonly Command[] {
    const own = [...script.definitions.values()].map(
      ({ name, doc }): Command => ({ name, class: 'user-defined', help: doc || 'User-defined.', run: () => {} }),
    );
    return [...this.gdb.table, ...own];
  }

  /** The command of a line. Throws `CommandError`, with near matches. */
  find(script: Script, text: string): Found {
    const table = this.commands(script);
    const word = /^\s*([\w.-]*)/.exec(text)![1]!;
    const own = script.definitions.get(word);
    if (own) {
      const command = table.find((c) => c.class === 'user-defined' && c.name === word)!;
      return { command, args: text.trimStart().slice(word.length).trimStart(), path: word };
    }
    return findCommand(this.gdb.table, text);
  }

  /** Checks what an expression means, as far as it does not depend on where the machine stands. Throws `ExpressionError`. */
  check(e: Expression, assign: boolean): void {
    if (assign && e.kind === 'comma') {
      this.check(e.left, assign);
      this.check(e.right, assign);
    } else if (assign && e.kind === 'assign') {
      this.#checkAssignment(e);
    } else {
      this.#withNearNames(() => compile(e, this.#scope, this.#context));
    }
  }

  #checkAssignment(e: Expression & { kind: 'assign' }): void {
    if (e.value.kind === 'assign') {
      this.check(e.value, true);
    }
    const value: Expression = e.value.kind === 'assign' ? { kind: 'number', value: 0, type: 'int' } : e.value;
    if (e.target.kind === 'dollar' && registerIndex(e.target.name) === undefined) {
      if (e.target.name === 'pkt' || /^[$0-9]*$/.test(e.target.name)) {
        throw new ExpressionError('Left operand of assignment is not an lvalue.');
      }
      this.check(value, false);
    } else {
      this.#withNearNames(() => compileAssignment({ ...e, value }, this.#scope, this.#context));
    }
  }

  #withNearNames(action: () => unknown): void {
    try {
      action();
    } catch (error) {
      const name = error instanceof ExpressionError ? /^No symbol "(\w+)"/.exec(error.message)?.[1] : undefined;
      if (name === undefined) {
        throw error;
      }
      const { globals, functions } = this.engine.info;
      const like = nearNames(name, [...this.locals, ...globals.map((g) => g.name), ...functions.map((f) => f.name)]);
      const hint = like.length > 0 ? ` Did you mean ${like.join(', ')}?` : '';
      throw new ExpressionError(`${(error as Error).message}${hint}`);
    }
  }
}

/** Near matches of a name that are no mere fragments of it. */
export function nearNames(name: string, all: readonly string[]): string[] {
  return near(
    name,
    all.filter((n) => n.length * 2 >= name.length),
  );
}

/** True for errors that are the script's, with a message for its author. */
export function isUserError(error: unknown): error is Error {
  return error instanceof CommandError || error instanceof ExpressionError;
}
