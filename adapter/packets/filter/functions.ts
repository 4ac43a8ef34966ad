/** The functions that filters may call. */
import { near } from '../../stack/util/near.ts';
import { formatEther, formatIpv4, formatIpv6 } from '../format.ts';
import type { Span } from '../span.ts';
import { FilterError } from './ast.ts';
import { ABILITIES, type Kind, NUMBER, STRING, type Type } from './kinds.ts';
import { type Bind, isLarger, type Operand, type Value } from './values.ts';

export interface FilterFunction {
  readonly usage: string;
  readonly doc: string;
  /** How many arguments it takes. */
  readonly least: number;
  readonly most: number;
  readonly call: (args: readonly Operand[]) => Operand;
}

export const FUNCTIONS: ReadonlyMap<string, FilterFunction> = new Map<string, FilterFunction>([
  ['upper', ofString('upper', 'converts a string field to uppercase', (s) => changeCase(s, /[a-z]/g, -32))],
  ['lower', ofString('lower', 'converts a string field to lowercase', (s) => changeCase(s, /[A-Z]/g, 32))],
  ['len', one('len(field)', 'returns the byte length of a field', length)],
  ['count', one('count(field)', 'returns the number of field occurrences in a packet', count)],
  ['string', one('string(field)', 'converts a number or an address to a string', spelled)],
  ['abs', one('abs(value)', 'returns the absolute value of a number', absolute)],
  ['max', several('max(f1,...,fn)', 'returns the largest value', (args) => extreme('max', args, false))],
  ['min', several('min(f1,...,fn)', 'returns the smallest value', (args) => extreme('min', args, true))],
]);

function one(usage: string, doc: string, call: (arg: Operand) => Operand): FilterFunction {
  return { usage, doc, least: 1, most: 1, call: ([arg]) => call(arg as Operand) };
}

function several(usage: string, doc: string, call: FilterFunction['call']): FilterFunction {
  return { usage, doc, least: 1, most: Number.POSITIVE_INFINITY, call };
}

export function unknownFunction(name: string, span: Span): FilterError {
  const known = [...FUNCTIONS.keys()];
  const [like] = near(name, known, 1);
  const hint = like === undefined ? `known are ${known.join(', ')}` : `did you mean ${like}?`;
  return new FilterError(`Function '${name}' does not exist; ${hint}`, {
    start: span.start,
    end: span.start + name.length,
  });
}

/** An operand of what a function returns. */
function result(type: Type, words: string, bind: Bind): Operand {
  return { type, sliced: false, plain: false, words, bind };
}

function requireField(name: string, arg: Operand): void {
  if (!arg.plain) {
    throw new FilterError(`Only fields can be used as parameter for ${name}()`);
  }
}

function ofString(name: string, doc: string, change: (s: string) => string): FilterFunction {
  return one(`${name}(string-field)`, doc, (arg) => {
    if (!arg.plain || arg.type.kind !== 'string') {
      throw new FilterError(`Only string type fields can be used as parameter for ${name}()`);
    }
    const { bind } = arg;
    return result(STRING, `${name}()`, (test) => bind((v, p) => test(change(v as string), p)));
  });
}

/** Changes letters of ASCII, as strings are bytes. */
function changeCase(s: string, letters: RegExp, by: number): string {
  return s.replace(letters, (c) => String.fromCharCode(c.charCodeAt(0) + by));
}

function length(arg: Operand): Operand {
  requireField('len', arg);
  const { bind, type } = arg;
  const sizeOf = (v: Value): number => (typeof v === 'string' || v instanceof Uint8Array ? v.length : type.size);
  return result(NUMBER, 'len()', (test) => bind((v, p) => test(sizeOf(v), p)));
}

function count(arg: Operand): Operand {
  requireField('count', arg);
  const { bind } = arg;
  return result(NUMBER, 'count()', (test) => {
    let n = 0;
    const counting = bind(() => {
      n++;
      return false;
    });
    return (p) => {
      n = 0;
      counting(p);
      return n > 0 && test(n, p);
    };
  });
}

const SPELLED: Partial<Record<Kind, (v: Value) => string>> = {
  ipv4: (v) => formatIpv4(v as number),
  ether: (v) => formatEther(v as number),
  ipv6: (v) => formatIpv6(v as Uint8Array),
};

function spelled(arg: Operand): Operand {
  requireField('string', arg);
  const { bind, type, words } = arg;
  if (arg.sliced || !ABILITIES[type.kind].spelled) {
    throw new FilterError(`String conversion for field "${words}" is not supported`);
  }
  const spell = SPELLED[type.kind] ?? String;
  return result(STRING, 'string()', (test) => bind((v, p) => test(spell(v), p)));
}

function absolute(arg: Operand): Operand {
  const { bind, type, words, constant } = arg;
  if (constant || (ABILITIES[type.kind].arithmetic === '' && type.kind !== 'boolean')) {
    throw new FilterError(`'${words}' is not a valid argument to 'abs'()`);
  }
  return result(type, 'abs()', (test) => bind((v, p) => test(Math.abs(v as number), p)));
}

/** The largest or smallest of all values of all arguments that the packet has. */
function extreme(name: string, args: readonly Operand[], smallest: boolean): Operand {
  const [first, ...others] = args as [Operand, ...Operand[]];
  const { type } = first;
  for (const { type: other, constant, words } of others) {
    if (constant && /^["']/.test(words)) {
      throw new FilterError(`Argument '${words}' is not valid for ${name}()`);
    }
    if (other !== type) {
      throw new FilterError(
        `Arguments to '${name}' must have the same type (expected ${type.words}, got ${other.words})`,
      );
    }
  }
  if (!ABILITIES[type.kind].compared) {
    throw new FilterError(`'${first.words}' is not a valid argument to '${name}'()`);
  }
  const larger = isLarger(type);
  const isBetter = (a: Value, b: Value): boolean => (smallest ? larger(b, a) : larger(a, b));
  return result(type, `${name}()`, (test) => {
    let best: Value | undefined;
    const noting = args.map((arg) =>
      arg.bind((v) => {
        best = best === undefined || isBetter(v, best) ? v : best;
        return false;
      }),
    );
    return (p) => {
      best = undefined;
      for (const note of noting) {
        note(p);
      }
      return best !== undefined && test(best, p);
    };
  });
}
