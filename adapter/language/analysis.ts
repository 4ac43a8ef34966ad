/** The command table and the stack's symbols, without a machine: what scripts are checked and completed with. */
import type { Surroundings } from '../commands/candidates.ts';
import { type Command, CommandError, type Found, findCommand } from '../commands/command.ts';
import { userCommand } from '../commands/help.ts';
import { didYouMean } from '../commands/known-names.ts';
import { COMMANDS } from '../commands/table/index.ts';
import { DEBUGGER_VARIABLES } from '../commands/variables.ts';
import { leadingWord } from '../commands/words.ts';
import type { Variable } from '../compiler/debug-info.ts';
import type { SymbolScope } from '../engine/api.ts';
import { Evaluator } from '../inspect/evaluator.ts';
import { type Expression, ExpressionError, UnknownSymbolError } from '../inspect/expression/ast.ts';
import { type CompileContext, compile, compileAssignment } from '../inspect/expression/compile.ts';
import { registerIndex } from '../inspect/registers.ts';
import { near } from '../stack/util/near.ts';
import type { Script } from './script.ts';
import { StaticEngine } from './static-engine.ts';

export class Analysis {
  readonly engine: StaticEngine;
  readonly evaluator: Evaluator;
  /** Names of locals and parameters anywhere in the stack. */
  readonly locals: ReadonlySet<string>;
  /** Their declared types, anywhere in the stack. */
  readonly #types = new Map<string, Set<string>>();
  readonly #scope: SymbolScope;
  readonly #context: CompileContext;

  constructor(engine: StaticEngine = new StaticEngine()) {
    this.engine = engine;
    this.evaluator = new Evaluator(engine);
    this.locals = new Set(engine.info.probes.flatMap((p) => p.locals.map((l) => l.name)));
    const named = [...engine.info.probes.flatMap((p) => p.locals), ...engine.info.globals];
    for (const { name, type } of named) {
      this.#types.set(name, (this.#types.get(name) ?? new Set()).add(type));
    }
    const globals = engine.scope();
    this.#scope = {
      // A script's commands run wherever the machine stops: any local may be there, with any type.
      local: (name): Variable | undefined => (this.locals.has(name) ? { name, type: '' } : undefined),
      global: (name) => globals.global(name),
      hasPacket: true,
    };
    this.#context = {
      ...this.evaluator.context(),
      // What is set when the script runs is not known.
      setting: () => '',
      dollar: () => ({ js: '0', type: { kind: 'any' }, constant: false }),
    };
  }

  /** Commands that a script may use: the debugger's, and its own. */
  commands(script: Script): readonly Command[] {
    const own = Array.from(script.definitions.values(), ({ name, doc }) => userCommand(name, doc || 'User-defined.'));
    return [...COMMANDS, ...own];
  }

  /** The command of a line. Throws `CommandError`. */
  find(script: Script, text: string): Found {
    const start = text.length - text.trimStart().length;
    const name = leadingWord(text.slice(start));
    const own = script.definitions.get(name);
    if (!own) {
      return findCommand(COMMANDS, text);
    }
    const args = text.slice(start + name.length).trimStart();
    return {
      command: userCommand(name, own.doc || 'User-defined.'),
      args,
      at: text.length - args.length,
      path: name,
    };
  }

  /** What completion needs to know of a script. `folder` is where relative names of files start. */
  surroundings(script: Script, folder: string): Surroundings {
    const known = Object.keys(DEBUGGER_VARIABLES).filter((name) => name !== 'pkt');
    const set = [...script.assigned].filter((name) => registerIndex(name) === undefined && !known.includes(name));
    return {
      commands: this.commands(script),
      info: this.engine.info,
      locals: this.locals,
      typesOf: (name) => this.#types.get(name) ?? [],
      variables: [
        ...known.map((name) => [name, 'set by the debugger'] as const),
        ...set.map((name) => [name, 'set by this script'] as const),
      ],
      breakpoints: [],
      displays: [],
      hosts: [],
      folder,
    };
  }

  /**
   * Checks what an expression means, as far as that is the same wherever the machine stands. Throws `ExpressionError`.
   */
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
        throw new ExpressionError('Left operand of assignment is not an lvalue.', e.target.span);
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
      if (!(error instanceof UnknownSymbolError)) {
        throw error;
      }
      const { globals, functions } = this.engine.info;
      const names = [...this.locals, ...globals.map((g) => g.name), ...functions.map((f) => f.name)];
      // No mere fragments of the name.
      const long = names.filter((n) => n.length * 2 >= error.symbol.length);
      throw new UnknownSymbolError(error.symbol, didYouMean(near(error.symbol, long))).blame(error.span);
    }
  }
}

/** True for errors that are the script's, with a message for its author. */
export function isUserError(error: unknown): error is CommandError | ExpressionError {
  return error instanceof CommandError || error instanceof ExpressionError;
}
