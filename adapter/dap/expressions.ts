/** gdb's expressions for DAP: what a breakpoint needs compiled, what is shown, what is assigned. Hovers cannot change anything. */
import type { BreakpointSpec, EngineApi, ExpressionCompiler, SymbolScope, Value } from '../engine/api.ts';
import type { Expression } from '../gdb/expression/ast.ts';
import {
  type CompileContext,
  compile,
  compile_assignment,
  compile_condition,
  number_of,
} from '../gdb/expression/compile.ts';
import { parse_expression } from '../gdb/expression/parser.ts';
import { RequestError } from './arguments.ts';

type Assignment = Expression & { readonly kind: 'assign' };

/** Compiles and evaluates in one session, where `context` knows registers, packet fields and convenience variables. */
export class Expressions {
  readonly #engine: EngineApi;
  readonly #context: CompileContext;

  constructor(engine: EngineApi, context: CompileContext) {
    this.#engine = engine;
    this.#context = context;
  }

  /** The condition of a breakpoint. Throws if it does not parse; names are resolved where the breakpoint is put. */
  condition(text: string): NonNullable<BreakpointSpec['condition']> {
    const expression = parse_expression(text);
    if (expression.kind === 'assign') {
      throw new RequestError(`"${text}" assigns; a condition compares with ==.`);
    }
    return { text, compile: (scope) => compile_condition(expression, scope, this.#context) };
  }

  /** An expression inside a log message. Throws if it does not parse. */
  logged(text: string): { readonly text: string; readonly compile: ExpressionCompiler } {
    const expression = parse_expression(text);
    return { text, compile: (scope) => number_of(compile(expression, scope, this.#context)) };
  }

  /** The value of an expression in a frame (-1: none). With `pure` an assignment is refused. */
  async evaluate(text: string, frame: number, pure: boolean): Promise<Value> {
    const expression = parse_expression(text);
    if (expression.kind === 'assign') {
      if (pure) {
        throw new RequestError('An assignment is not evaluated here, since that would change the program.');
      }
      return this.#assign(expression, frame);
    }
    return this.#engine.evaluate(number_of(compile(expression, this.#scope(frame), this.#context)), frame);
  }

  /** Assigns the expression `value` to the lvalue `target`; returns the new value. */
  assign(target: string, value: string, frame: number): Promise<Value> {
    const assignment: Assignment = {
      kind: 'assign',
      op: '',
      target: parse_expression(target),
      value: parse_expression(value),
      postfix: false,
    };
    return this.#assign(assignment, frame);
  }

  #assign(assignment: Assignment, frame: number): Promise<Value> {
    const { lvalue, value } = compile_assignment(assignment, this.#scope(frame), this.#context);
    return this.#engine.assign(lvalue, value.js, frame);
  }

  #scope(frame: number): SymbolScope {
    return this.#engine.scope(frame);
  }
}
