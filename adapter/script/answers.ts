/** What scripts ask for, by the method's name. */
import { queryRequest } from '../commands/query-text.ts';
import type { BreakpointSpec, ExpressionCompiler, QueryRow, SymbolScope, Value } from '../engine/api.ts';
import { framePacket } from '../inspect/packets.ts';
import { rowText } from '../inspect/queries.ts';
import type { TreeNode } from '../packets/dissect.ts';
import type { BreakpointOrder, PlainValue } from './messages.ts';
import type { ScriptHost } from './runner.ts';

type Method = (host: ScriptHost, ...args: readonly never[]) => unknown;

const METHODS: Readonly<Record<string, Method>> = {
  evaluate: async ({ engine, evaluator }, expression: string, frame: number) => {
    const { value } = await evaluator.evaluate(expression, engine.state === 'stopped' ? frame : -1);
    return plain(value);
  },
  children: async ({ engine }, handle: string, start: number, count: number) => {
    const rows = await engine.children(handle, start, count);
    return rows.map(({ name, value }) => [name, plain(value)]);
  },
  frames: async ({ engine }) =>
    (await engine.frames()).map(({ index, fn, location: { file, line } }) => ({
      index,
      function: fn.name,
      file,
      line,
    })),
  packet: async ({ engine }, frame: number) => {
    const layers = await framePacket(engine, frame);
    return layers && Object.fromEntries(layers.flatMap(fields));
  },
  query: async ({ engine, evaluator }, kind: string, text: string, limit: number) => {
    const request = queryRequest(engine, evaluator, kind, text);
    const found: object[] = [];
    const rows = (more: readonly QueryRow[]): void => {
      for (const row of more) {
        const { number, tick, probe, ns, fn, file, line } = row;
        found.push({ number, tick, probe, ns, function: fn, file, line, text: rowText(request, row) });
      }
    };
    await engine.query(request, { rows, limit });
    return found;
  },
  breakpoint: ({ engine, evaluator }, order: BreakpointOrder) => {
    const { condition, stop, temporary = false } = order;
    const test =
      stop !== undefined
        ? { text: 'a function of a script', compile: stopCompiler(stop) }
        : condition === undefined
          ? undefined
          : evaluator.condition(condition);
    const location = place(order.at, engine.info.files);
    const spec = { location, temporary, required: true, ...(test === undefined ? {} : { condition: test }) };
    return describe(engine.setBreakpoint(spec));
  },
  breakpoints: ({ engine }) => engine.breakpoints.map(describe),
  delete: ({ engine }, id: number) => engine.deleteBreakpoint(id),
};

/** Answers a script. Throws for what cannot be. */
export async function answer(host: ScriptHost, method: string, args: readonly unknown[]): Promise<unknown> {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known === undefined) {
    throw new TypeError(`There is no method "${method}".`);
  }
  return known(host, ...(args as never[]));
}

function plain({ kind, type, value, length, handle }: Value): PlainValue {
  if (handle !== undefined) {
    return { kind, type, length: length ?? 0, handle };
  }
  return kind === 'null' ? null : kind === 'bigint' ? BigInt(value as string) : value;
}

/** Fields of a layer by Wireshark's names, the first of each. */
function fields(node: TreeNode): [string, string][] {
  const below = node.children.flatMap(fields).reverse();
  return node.name === '' || node.value === '' ? below : [...below, [node.name, node.value]];
}

/** `FUNCTION`, or `FILE:LINE` with the end of a file's path. */
function place(at: string, files: readonly string[]): BreakpointSpec['location'] {
  const [, name, line] = /^(.+):(\d+)$/.exec(at) ?? [];
  if (name === undefined) {
    return { kind: 'function', name: at };
  }
  const file = files.find((one) => one === name) ?? files.find((one) => one.endsWith(`/${name}`)) ?? name;
  return { kind: 'line', file, line: Number(line) };
}

function describe({
  id,
  verified,
  message,
  hits,
  locations,
}: ReturnType<ScriptHost['engine']['setBreakpoint']>): object {
  const where = locations.map(({ file, line, function: fn }) => ({ file, line, function: fn }));
  return { id, verified, hits, locations: where, ...(message === undefined ? {} : { message }) };
}

/**
 * A function of the user's as a condition. Its first argument has the locals that its text names, its second one gives
 * fields of the packet. The text is the user's own, never a packet's.
 */
function stopCompiler(text: string): ExpressionCompiler {
  const words = [...new Set(text.match(/[A-Za-z_]\w*/g))];
  return (scope: SymbolScope) => {
    const locals = words.filter((word) => scope.local(word) !== undefined);
    const packet = scope.hasPacket ? '(name)=>{const f=$F[name];return f&&$pkt?f($pkt):undefined}' : '()=>undefined';
    return `!!(${text})({${locals.join(',')}},${packet})`;
  };
}
