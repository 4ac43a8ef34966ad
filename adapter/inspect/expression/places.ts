/** What an expression depends on: the places whose writes can change its value. */
import type { SymbolScope, WatchPlace } from '../../engine/api.ts';
import type { Expression } from './ast.ts';
import { type Code, type CompileContext, compile } from './compile.ts';
import { plainType } from './types.ts';

/** Thrown to say that an expression depends on what no statement is known to write. */
class Unknown extends Error {}

/** Places of an expression, its own first; null where they are not known. */
export function placesOf(e: Expression, scope: SymbolScope, context: CompileContext): WatchPlace[] | null {
  const places = new Places(scope, context);
  try {
    places.visit(e);
  } catch (error) {
    if (error instanceof Unknown) {
      return null;
    }
    throw error;
  }
  return places.found;
}

class Places {
  readonly found: WatchPlace[] = [];
  readonly #scope: SymbolScope;
  readonly #context: CompileContext;

  constructor(scope: SymbolScope, context: CompileContext) {
    this.#scope = scope;
    this.#context = context;
  }

  #code(e: Expression): Code {
    return compile(e, this.#scope, this.#context);
  }

  visit(e: Expression): void {
    switch (e.kind) {
      case 'name':
        if (this.#scope.local(e.name)) {
          this.found.push({ kind: 'local', name: e.name, type: '' });
        }
        break;
      case 'dollar':
        this.#dollar(e.name);
        break;
      case 'member':
        this.#member(e);
        break;
      case 'index':
        this.#element(e.object, e.index);
        break;
      case 'unary':
        if (e.op === '*') {
          this.#element(e.operand, { kind: 'number', value: 0, type: 'int' });
        } else {
          this.visit(e.operand);
        }
        break;
      case 'cast':
        this.visit(e.operand);
        break;
      case 'binary':
        if (e.op === '@') {
          this.#element(e.left.kind === 'index' ? e.left.object : e.left, undefined);
        }
        this.visit(e.left);
        this.visit(e.right);
        break;
      case 'conditional':
        for (const part of [e.test, e.yes, e.no]) {
          this.visit(part);
        }
        break;
      case 'comma':
        this.visit(e.right);
        break;
      case 'apply':
        throw new Unknown();
      case 'call':
        for (const arg of e.args) {
          if (arg.kind === 'dollar' && arg.name === 'pkt') {
            throw new Unknown();
          }
          this.visit(arg);
        }
        if (e.name === 'pkt') {
          throw new Unknown();
        }
        break;
      default:
        break;
    }
  }

  #dollar(name: string): void {
    if (name === 'pkt') {
      throw new Unknown();
    }
    const register = this.#context.register(name);
    if (register !== undefined) {
      this.found.push({ kind: 'element', name: 'mac_reg', type: 'Uint32Array', index: register });
      return;
    }
    const value = this.#context.dollar(name);
    if (value && !value.constant) {
      throw new Unknown();
    }
  }

  #member(e: Expression & { kind: 'member' }): void {
    if (e.object.kind === 'dollar') {
      throw new Unknown();
    }
    const { type } = this.#code(e.object);
    const struct = type.kind === 'struct' ? type.struct : undefined;
    const owner = struct && this.#context.types.owner(struct, e.name);
    this.found.push({ kind: 'field', name: e.name, type: owner?.kind === 'class' ? owner.name : '' });
    this.visit(e.object);
  }

  #element(object: Expression, index: Expression | undefined): void {
    const code = index && this.#code(index);
    const value = code?.constant ? Number(code.js) : Number.NaN;
    this.found.push({
      kind: 'element',
      name: object.kind === 'member' ? object.name : '',
      type: this.#arrayType(object),
      ...(Number.isInteger(value) ? { index: value } : {}),
    });
    this.visit(object);
    if (index) {
      this.visit(index);
    }
  }

  /** The type of an array, as the debug info has it. */
  #arrayType(object: Expression): string {
    if (object.kind === 'name') {
      return plainType(this.#scope.local(object.name)?.type ?? '');
    }
    if (object.kind === 'member') {
      const { type } = this.#code(object.object);
      return type.kind === 'struct' ? plainType(this.#context.types.field(type.struct, object.name)?.type ?? '') : '';
    }
    return '';
  }
}
