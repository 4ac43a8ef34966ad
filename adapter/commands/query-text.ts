/** What the commands that ask about history are given, such as `tcp_output if $pkt.tcp.len > 0 show tp->snd_cwnd`. */
import type { FunctionInfo } from '../compiler/debug-info.ts';
import type { EngineApi, ExpressionCompiler, PacketLayer, QueryExpression, QueryRequest } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { parseArgument } from '../inspect/expression/parser.ts';
import type { FilterWords } from '../inspect/filter-words.ts';
import { watchedPlace } from '../inspect/watch.ts';
import { within } from '../packets/span.ts';
import { LAYER_NAMES, packetText } from './catch-text.ts';
import { CommandError } from './command.ts';
import { findFunctions, unknownFunction } from './linespec.ts';

type Asking = (engine: EngineApi, evaluator: Evaluator, text: string, frame: number) => QueryRequest;

/** By the command that asks. */
const KINDS: Readonly<Record<string, Asking>> = {
  calls,
  packets,
  plot,
  writes: writes('writes'),
  'last-write': writes('last-write'),
};

/** Names of the commands that ask. */
export const QUERY_KINDS: readonly string[] = Object.keys(KINDS);

/** What a command asks, with a frame's names. Throws `CommandError`, `ExpressionError` or `FilterError`. */
export function queryRequest(
  engine: EngineApi,
  evaluator: Evaluator,
  kind: string,
  text: string,
  frame = engine.state === 'stopped' ? 0 : -1,
): QueryRequest {
  const asking = KINDS[kind];
  if (!asking) {
    throw new CommandError(`There is no question "${kind}"; there are ${QUERY_KINDS.join(', ')}.`);
  }
  return asking(engine, evaluator, text, frame);
}

/** `EXPRESSION` */
function writes(kind: 'writes' | 'last-write'): Asking {
  return (_engine, evaluator, text, frame) => {
    if (text.trim() === '') {
      throw new CommandError('Argument required (expression to follow).');
    }
    return { kind, watch: watchedPlace(evaluator, text, frame, { access: 'write', location: false }), frame };
  };
}

/** A piece of a text, and where it begins in it. */
interface Piece {
  readonly text: string;
  readonly at: number;
}

/** The text as it is, but for what stands in quotes: of the same length, with nothing in it. */
function unquoted(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => '_'.repeat(quoted.length));
}

/** Splits `BEFORE WORD AFTER`, at a word of its own. */
function splitAt({ text, at }: Piece, word: string): [before: Piece, after: Piece | undefined] {
  const m = new RegExp(`(?:^|\\s)${word}(?=[\\s(!~*&$-]|$)`).exec(unquoted(text));
  if (!m) {
    return [{ text: text.trimEnd(), at }, undefined];
  }
  const after = text.slice(m.index + m[0].length);
  const begins = after.length - after.trimStart().length;
  return [
    { text: text.slice(0, m.index).trimEnd(), at },
    { text: after.trim(), at: at + m.index + m[0].length + begins },
  ];
}

const compiled = (piece: Piece, make: (text: string) => QueryExpression): QueryExpression =>
  within(piece.text, piece.at, make);

/** `FUNCTION|/REGEX/ [if COND] [show EXPR, ...]` */
function calls(engine: EngineApi, evaluator: Evaluator, args: string): QueryRequest {
  const [regexp] = /^\s*\/(?:[^/\\]|\\.)*\//.exec(args) ?? [];
  const at = regexp?.length ?? 0;
  const [head, shown] = splitAt({ text: args.slice(at), at }, 'show');
  const [name, condition] = splitAt(head, 'if');
  const functions = regexp === undefined ? named(engine, name) : matching(engine, regexp.trim());
  if (regexp !== undefined && name.text.trim() !== '') {
    throw new CommandError(`Junk after the regular expression: ${name.text.trim()}`, {
      start: name.at,
      end: name.at + name.text.length,
    });
  }
  return {
    kind: 'calls',
    functions: functions.map((f) => f.id),
    ...(condition ? { condition: compiled(condition, (text) => evaluator.condition(text)) } : {}),
    ...(shown ? { show: expressions(evaluator, shown) } : {}),
  };
}

function named(engine: EngineApi, { text }: Piece): readonly FunctionInfo[] {
  const name = text.trim();
  if (name === '') {
    throw new CommandError('Argument required (name of a function, or /REGEX/).');
  }
  const found = findFunctions(engine, name);
  if (found.length === 0) {
    throw new CommandError(unknownFunction(engine, name));
  }
  return found;
}

function matching(engine: EngineApi, text: string): readonly FunctionInfo[] {
  let regexp: RegExp;
  try {
    regexp = new RegExp(text.slice(1, -1));
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
  const found = engine.info.functions.filter((f) => f.probes.length > 0 && regexp.test(f.name));
  if (found.length === 0) {
    throw new CommandError(`No function matches ${text}.`);
  }
  return found;
}

/** `EXPR, EXPR, ...` */
function expressions(evaluator: Evaluator, { text, at }: Piece): QueryExpression[] {
  const list: QueryExpression[] = [];
  for (let from = 0; from < text.length || from === 0; from++) {
    const rest = text.slice(from);
    const { end } = within(rest, at + from, parseArgument);
    list.push(compiled({ text: rest.slice(0, end).trim(), at: at + from }, (t) => evaluator.shown(t)));
    from += end;
    if (from < text.length && text[from] !== ',') {
      throw new CommandError('A comma is expected here.', { start: at + from, end: at + text.length });
    }
  }
  return list;
}

/** Behind it `packets` is about all layers; without `in` see `FilterWords.layer`. */
const ALL = /(?:^|\s)in\s+all\s*$/;

/** `[FILTER] [in LAYER|all] [if COND]` */
function packets(_engine: EngineApi, evaluator: Evaluator, args: string): QueryRequest {
  const [head, behind] = splitAt({ text: args, at: 0 }, 'if');
  const all = ALL.exec(head.text);
  const where = all ? head.text.slice(0, all.index) : head.text;
  // A condition of the expression language, without `if`.
  const plain = /\$pkt\b/.test(unquoted(where)) && !behind;
  const { filter, layer } = plain
    ? inLayer(where, evaluator.filters)
    : within(where, 0, (text) => packetText(text, evaluator.filters));
  const conditions: QueryExpression[] = [];
  if (filter !== '') {
    conditions.push(within(filter, 0, (text) => (plain ? evaluator.condition(text) : evaluator.packetCondition(text))));
  }
  if (behind) {
    conditions.push(compiled(behind, (text) => evaluator.condition(text)));
  }
  const layers = all ? (LAYER_NAMES as PacketLayer[]) : [layer];
  const condition = both(conditions);
  return { kind: 'packets', layers, ...(condition ? { condition } : {}) };
}

/** Splits `COND in LAYER`. */
function inLayer(text: string, filters: FilterWords): { readonly filter: string; readonly layer: PacketLayer } {
  const [all = '', layer = ''] = /(?:^|\s)in\s+\w+\s*$/.exec(text) ?? [];
  const filter = text.slice(0, text.length - all.length).trimEnd();
  return { filter, layer: packetText(all === '' ? layer : all.trim(), filters).layer };
}

function both([first, second]: readonly QueryExpression[]): QueryExpression | undefined {
  if (!first || !second) {
    return first;
  }
  const compile: ExpressionCompiler = (scope) => `(${first.compile(scope)})&&(${second.compile(scope)})`;
  return { text: `${first.text} if ${second.text}`, compile };
}

/** `EXPR` */
function plot(_engine: EngineApi, evaluator: Evaluator, args: string): QueryRequest {
  if (args.trim() === '') {
    throw new CommandError('Argument required (expression to follow).');
  }
  return { kind: 'plot', expression: evaluator.value(args) };
}
