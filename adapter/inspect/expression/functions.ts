/** The functions that expressions may call: gdb's `$_` convenience functions. */
import { type Expression, ExpressionError } from './ast.ts';
import type { Code } from './compile.ts';
import { textOf } from './helpers.ts';
import { INT, LOGICAL } from './types.ts';

/** A convenience function: how many arguments it takes, what it does, its code. */
interface ConvenienceFunction {
  readonly usage: string;
  readonly doc: string;
  readonly arity: number;
  readonly code: (args: readonly Code[], expressions: readonly Expression[]) => Code;
}

export const FUNCTIONS: ReadonlyMap<string, ConvenienceFunction> = new Map<string, ConvenienceFunction>([
  [
    '_regex',
    {
      usage: '$_regex (STR, REGEX)',
      doc: 'Return 1 if the string STR has a match of REGEX (a JavaScript regular expression) anywhere, 0 otherwise.',
      arity: 2,
      code: ([str], [, pattern]) => ({
        js: `${regexLiteral(pattern!)}.test(${textOf(str!.js)})`,
        type: LOGICAL,
        constant: str!.constant,
      }),
    },
  ],
  [
    '_streq',
    {
      usage: '$_streq (A, B)',
      doc: 'Return 1 if the strings A and B are equal, 0 otherwise.',
      arity: 2,
      code: ([a, b]) => ({
        js: `(${textOf(a!.js)}===${textOf(b!.js)})`,
        type: LOGICAL,
        constant: a!.constant && b!.constant,
      }),
    },
  ],
  [
    '_strlen',
    {
      usage: '$_strlen (A)',
      doc: 'Return the length of the string A.',
      arity: 1,
      code: ([a]) => ({ js: `${textOf(a!.js)}.length`, type: INT, constant: a!.constant }),
    },
  ],
  [
    '_memeq',
    {
      usage: '$_memeq (A, B, N)',
      doc: 'Return 1 if the first N bytes of A and B are equal, 0 otherwise.',
      arity: 3,
      code: ([a, b, n]) => ({
        js: `((a,b,n)=>{for(let i=0;i<n;i++)if(a[i]!==b[i])return false;return true})(${a!.js},${b!.js},${n!.js})`,
        type: LOGICAL,
        constant: a!.constant && b!.constant && n!.constant,
      }),
    },
  ],
]);

/** Code of a call; throws `ExpressionError` for an unknown function or wrong arguments. */
export function compileCall(call: Expression & { kind: 'call' }, args: readonly Code[]): Code {
  const { name, span } = call;
  const f = FUNCTIONS.get(name);
  if (!f) {
    const known = [...FUNCTIONS.keys()].map((n) => `$${n}`).join(', ');
    const callee = span && { start: span.start, end: span.start + `$${name}`.length };
    throw new ExpressionError(`$${name} is not a function; known are ${known}.`, callee);
  }
  if (args.length !== f.arity) {
    const count = f.arity === 1 ? 'one argument' : `${f.arity} arguments`;
    throw new ExpressionError(`You must provide ${count}: ${f.usage}.`);
  }
  return f.code(args, call.args);
}

/** A regular expression literal from a string constant. `RegExp.source` escapes what would end the literal. */
function regexLiteral(pattern: Expression): string {
  if (pattern.kind !== 'string') {
    throw new ExpressionError('The second argument of $_regex must be a string constant.', pattern.span);
  }
  try {
    return `/${new RegExp(pattern.value).source}/`;
  } catch (e) {
    throw new ExpressionError(e instanceof Error ? e.message : String(e), pattern.span);
  }
}
