/** Calls of the stack's functions: of those that change nothing, which their comments say (`@pure`). */
import { near } from '../../stack/util/near.ts';
import { numberOf } from './arithmetic.ts';
import { type Expression, ExpressionError, UnknownSymbolError } from './ast.ts';
import type { Code } from './compile.ts';
import type { TypeTable } from './types.ts';

/** Code of a call; throws `ExpressionError` for a function that is none, or may change something. */
export function applyFunction(
  { name, span }: Expression & { kind: 'apply' },
  args: readonly Code[],
  types: TypeTable,
): Code {
  const fn = types.fn(name);
  const callee = span && { start: span.start, end: span.start + name.length };
  if (!fn) {
    throw new UnknownSymbolError(name).blame(callee);
  }
  if (!fn.pure) {
    const [hint] = near(name, types.callable());
    const others = hint === undefined ? 'such as ntohs, inet_ntoa and iov_size' : `such as ${hint}`;
    throw new ExpressionError(
      `"${name}" may change the machine: only functions without effect can be called, ${others}. ` +
        'Set a breakpoint there instead.',
      callee,
    );
  }
  if (args.length !== fn.params.length) {
    throw new ExpressionError(`Too ${args.length < fn.params.length ? 'few' : 'many'} arguments in function call.`);
  }
  const process = `(()=>{throw new Error("You can't do that without a process to debug.")})()`;
  const call = `($G.${name}??${process})(${args.map(numberOf).join(',')})`;
  const type = types.staticType(fn.returnType);
  return {
    // One that has probes runs beside the machine: nothing in it counts or stops.
    js: fn.nodebug ? call : `$R.aside(()=>${call})`,
    type: type.kind === 'boolean' ? { kind: 'logical' } : type,
    constant: false,
  };
}
