/** The functions that expressions may call: gdb's `$_` convenience functions. */
import { near } from '../../stack/util/near.ts';
import { type Expression, ExpressionError } from './ast.ts';
import type { Code, CompileContext } from './compile.ts';
import { byteLength, textOf } from './helpers.ts';
import { fieldText } from './log.ts';
import { INT, LOGICAL, STRING } from './types.ts';

/** A convenience function: how many arguments it takes, what it does, its code. */
interface ConvenienceFunction {
  readonly usage: string;
  readonly doc: string;
  /** How many arguments; with two numbers, at least and at most. */
  readonly arity: number | readonly [least: number, most: number];
  readonly code: (args: readonly Code[], expressions: readonly Expression[], context: CompileContext) => Code;
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
      doc: 'Return the length of the string A in bytes, of which characters beyond ASCII have several, as in C.',
      arity: 1,
      code: ([a]) => ({ js: byteLength(textOf(a!.js)), type: INT, constant: a!.constant }),
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
  [
    '_isvoid',
    {
      usage: '$_isvoid (EXPRESSION)',
      doc: 'Return 1 if the expression is void, 0 otherwise.',
      arity: 1,
      code: ([a]) => ({ js: `(${a!.js}===undefined)`, type: LOGICAL, constant: a!.constant }),
    },
  ],
  [
    '_as_string',
    {
      usage: '$_as_string (VAL)',
      doc: 'Convert a value to its string representation; a field of a packet as Wireshark shows it.',
      arity: 1,
      code: ([a]) => ({ js: textual(a!), type: STRING, constant: a!.constant }),
    },
  ],
  [
    '_gdb_setting',
    {
      usage: '$_gdb_setting (NAME)',
      doc: 'Return the value of a setting: 1 and 0 for on and off, 0 for unlimited.',
      arity: 1,
      code: (_, [name], context) => settingCode(settingText(name!, context, '$_gdb_setting')),
    },
  ],
  [
    '_gdb_setting_str',
    {
      usage: '$_gdb_setting_str (NAME)',
      doc: 'Return the value of a setting as a string.',
      arity: 1,
      code: (_, [name], context) => stringCode(settingText(name!, context, '$_gdb_setting_str')),
    },
  ],
  ...callerFunctions(),
]);

/** `$_caller_is` and its like: the function that is so many calls above this one. */
function callerFunctions(): [string, ConvenienceFunction][] {
  return [false, true].flatMap((any) =>
    [false, true].map((matches): [string, ConvenienceFunction] => {
      const name = `_${any ? 'any_' : ''}caller_${matches ? 'matches' : 'is'}`;
      const what = any ? 'this function or one of the N that called it' : 'the function N calls above this one';
      const how = matches ? 'has a name that the regular expression matches' : 'is called so';
      return [
        name,
        {
          usage: `$${name} (${matches ? 'REGEX' : 'NAME'} [, N])`,
          doc: `Return 1 if ${what} (by default 1) ${how}, 0 otherwise.`,
          arity: [1, 2],
          code: ([text, n], [expression], { callers }) => {
            const test = matches ? `${regexLiteral(expression!)}.test(f)` : `f===${textOf(text!.js)}`;
            const stack = callers ? JSON.stringify(callers) : '$R.functionNames()';
            const part = any ? 'slice(0,n+1)' : 'slice(n,n+1)';
            const js = `((s,n)=>s.${part}.some((f)=>${test}))(${stack},Number(${n?.js ?? '1'}))`;
            return { js, type: LOGICAL, constant: callers !== undefined && text!.constant && n?.constant !== false };
          },
        },
      ];
    }),
  );
}

/** A value as text. */
function textual({ type, js }: Code): string {
  return type.kind === 'field' || type.kind === 'multi' ? fieldText(type.field.name, js) : `String(${js})`;
}

function stringCode(text: string): Code {
  return { js: JSON.stringify(text), type: STRING, constant: true };
}

/** The value of a setting: a number where it is one. */
function settingCode(text: string): Code {
  const words: Readonly<Record<string, number>> = { on: 1, off: 0, unlimited: 0 };
  const number = words[text] ?? (/^\d+$/.test(text) ? Number(text) : undefined);
  return number === undefined ? stringCode(text) : { js: String(number), type: INT, constant: true };
}

function notAFunction(name: string): string {
  const [like] = near(name, [...FUNCTIONS.keys()], 1);
  const advice = like === undefined ? '"show convenience" lists them' : `did you mean $${like}?`;
  return `$${name} is not a function; ${advice}`;
}

function settingText(name: Expression, { setting }: CompileContext, caller: string): string {
  const text = name.kind === 'string' ? setting?.(name.value) : undefined;
  if (text === undefined) {
    const message = `First argument of ${caller} must be a valid setting of the 'show' command.`;
    throw new ExpressionError(message, name.span);
  }
  return text;
}

/** Code of a call; throws `ExpressionError` for an unknown function or wrong arguments. */
export function compileCall(call: Expression & { kind: 'call' }, args: readonly Code[], context: CompileContext): Code {
  const { name, span } = call;
  const f = FUNCTIONS.get(name);
  if (!f) {
    const callee = span && { start: span.start, end: span.start + `$${name}`.length };
    throw new ExpressionError(notAFunction(name), callee);
  }
  const [least, most] = typeof f.arity === 'number' ? [f.arity, f.arity] : f.arity;
  if (args.length < least || args.length > most) {
    const count = most === 1 ? 'one argument' : `${least === most ? most : `${least} or ${most}`} arguments`;
    throw new ExpressionError(`You must provide ${count}: ${f.usage}.`);
  }
  return f.code(args, call.args, context);
}

/** A regular expression literal from a string constant. `RegExp.source` escapes what would end the literal. */
function regexLiteral(pattern: Expression): string {
  if (pattern.kind !== 'string') {
    throw new ExpressionError('A regular expression must be a string constant.', pattern.span);
  }
  try {
    return `/${new RegExp(pattern.value).source}/`;
  } catch (e) {
    throw new ExpressionError(e instanceof Error ? e.message : String(e), pattern.span);
  }
}
