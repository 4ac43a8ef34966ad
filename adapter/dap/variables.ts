/** Arguments, locals and what is inside them, and the requests that read and set rows of any container. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { NamedValue, Value } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { type Arguments, RequestError } from './arguments.ts';
import { type Container, type Item, type MemoryPlace, selectRows, type ValueFormat } from './containers.ts';
import { fieldPlace, valuePlace } from './locations.ts';
import { bytesReference } from './memory.ts';
import { isCancelled } from './ongoing.ts';
import { formatValue } from './present.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

/** Elements fetched from the engine in one go. */
const CHUNK = 4096;
/** Rows of one answer at most; a client that wants more asks for pages. */
const MAX_ROWS = 65536;

export const variableRequests: Family = {
  variables: {
    atStop: true,
    cancellable: true,
    capabilities: { supportsValueFormattingOptions: true },
    handle: async (session, args): Promise<DebugProtocol.VariablesResponse['body']> => {
      const container = session.stopped.container(args.number('variablesReference'));
      const filter = args.optionalString('filter');
      if (filter !== undefined && filter !== 'indexed' && filter !== 'named') {
        throw new RequestError(`variables: filter must be "indexed" or "named", not "${filter}"`);
      }
      const start = args.count('start', 0);
      const count = Math.min(args.count('count', 0) || MAX_ROWS, MAX_ROWS);
      const rows = await selectRows(container, filter, start, count, valueFormat(session, args));
      const shown = container.set === undefined ? rows.map(readOnly) : rows;
      return { variables: shown.map((row) => toVariable(session, row)) };
    },
  },
  setVariable: {
    atStop: true,
    capabilities: { supportsSetVariable: true },
    handle: async (session, args): Promise<DebugProtocol.SetVariableResponse['body']> => {
      const container = session.stopped.container(args.number('variablesReference'));
      const name = args.string('name');
      if (container.set === undefined) {
        throw new RequestError(`${name} cannot be set.`);
      }
      const item = await container.set(name, args.string('value'), valueFormat(session, args));
      session.memoryChanged(item.memory ?? wholeMemory(item));
      return setBody(session, item);
    },
    // Registers, rings and structs show the same memory: let the client read them again.
    after: (session, ok) => {
      if (ok) {
        session.invalidate('variables');
      }
    },
  },
};

/** A row that cannot be set says so. */
function readOnly(item: Item): Item {
  const hint = item.presentationHint ?? {};
  const attributes = [...(hint.attributes ?? []), 'readOnly'];
  return { ...item, presentationHint: { ...hint, attributes } };
}

/** Memory that a row shows. */
function wholeMemory({ memoryReference }: Item): MemoryPlace | undefined {
  return memoryReference === undefined ? undefined : { memoryReference, offset: 0, count: 4 };
}

/** `format` of a request; without one numbers are written as the user has chosen for the session. */
export function valueFormat({ numbers }: PacketSession, args: Arguments): ValueFormat {
  const hex = args.object('format').optionalBoolean('hex');
  return hex === undefined ? { hex: numbers !== 'decimal', byKind: numbers === 'kind' } : { hex };
}

/** A row as DAP's Variable. */
export function toVariable(session: PacketSession, item: Item): DebugProtocol.Variable {
  const { children, memory: _, declaration, pointee, ...rest } = item;
  const { stopped } = session;
  return {
    ...rest,
    variablesReference: stopped.reference(children),
    ...counts(children),
    ...(declaration === undefined ? {} : { declarationLocationReference: stopped.placeReference(declaration) }),
    ...(pointee === undefined ? {} : { valueLocationReference: stopped.placeReference(pointee) }),
  };
}

/** The answer to a request that has set a row: a Variable without what only rows have. */
export function setBody(session: PacketSession, item: Item): DebugProtocol.SetVariableResponse['body'] {
  const { declaration: _, ...rest } = item;
  const { name: _name, evaluateName: _evaluateName, presentationHint: _hint, ...body } = toVariable(session, rest);
  return body;
}

/** `indexedVariables` and `namedVariables` where a client can make use of them. */
export function counts(container: Container | undefined): { indexedVariables?: number; namedVariables?: number } {
  return {
    ...(container !== undefined && container.indexed > 0 ? { indexedVariables: container.indexed } : {}),
    ...(container !== undefined && container.named > 0 ? { namedVariables: container.named } : {}),
  };
}

/** Assigns the expression `value` to the lvalue `target` in a frame; returns the new value. */
export async function assign(evaluator: Evaluator, target: string, value: string, frame: number): Promise<Value> {
  const assignment = {
    kind: 'assign',
    op: '',
    target: parseExpression(target),
    value: parseExpression(value),
    postfix: false,
  } as const;
  return (await evaluator.evaluate(assignment, frame, true)).value;
}

export function argumentsContainer(session: PacketSession, frame: number): Container {
  return variablesContainer(session, frame, () => session.engine.args(frame));
}

export function localsContainer(session: PacketSession, frame: number): Container {
  return variablesContainer(session, frame, () => session.engine.locals(frame));
}

/** The variables of a frame. */
function variablesContainer(
  session: PacketSession,
  frame: number,
  fetch: () => Promise<readonly NamedValue[]>,
): Container {
  return {
    named: 0,
    indexed: 0,
    frame,
    rows: async (start, count, format) =>
      (await fetch())
        .slice(start, start + count)
        .map(({ name, value }) => valueItem(session, frame, name, value, name, format)),
    set: (name, value, format) => setValue(session, frame, name, name, value, format),
  };
}

/** The last name of an expression, which tells what its value is: `ip_src` of `ip->ip_src`. */
function lastName(text: string): string {
  return /\w+$/.exec(text)?.[0] ?? '';
}

/** A row for a value of the stack; `path` is the expression that means it, if there is one. */
export function valueItem(
  session: PacketSession,
  frame: number,
  name: string,
  value: Value,
  path: string | undefined,
  format: ValueFormat,
): Item {
  const children = valueContainer(session, frame, value, path);
  const bytes = value.kind === 'bytes' ? value.handle : undefined;
  if (bytes !== undefined && path !== undefined) {
    session.stopped.named(bytes, path, frame);
  }
  const pointee = valuePlace(session.engine.info, value);
  return {
    name,
    value: formatValue(value, format, lastName(name)),
    ...(value.type === '' ? {} : { type: value.type }),
    ...(path === undefined ? {} : { evaluateName: path }),
    ...(children === undefined ? {} : { children }),
    ...(bytes === undefined ? {} : { memoryReference: bytesReference(bytes) }),
    ...(pointee === undefined ? {} : { pointee }),
  };
}

/** Fields or elements of a value; undefined for scalars and what is empty. */
export function valueContainer(
  session: PacketSession,
  frame: number,
  value: Value,
  path: string | undefined,
): Container | undefined {
  const { handle, length = 0 } = value;
  if (handle === undefined || length === 0) {
    return undefined;
  }
  const isArray = value.kind === 'array' || value.kind === 'bytes';
  const isStruct = value.kind === 'struct';
  const object = path === undefined ? undefined : operand(path);
  const childPath = (name: string): string | undefined =>
    object === undefined ? undefined : isArray ? `${object}${name}` : isStruct ? `${object}->${name}` : undefined;
  return {
    named: isStruct ? length : 0,
    indexed: isStruct ? 0 : length,
    frame,
    rows: async (start, count, format) =>
      (await fetchChildren(session, handle, start, Math.min(count, length - start))).map(({ name, value: child }) => {
        const sized = value.bits !== undefined && child.bits === undefined ? { ...child, bits: value.bits } : child;
        const item = valueItem(session, frame, name, sized, childPath(name), format);
        const declaration = isStruct ? fieldPlace(session.engine.info, value.type, name) : undefined;
        return declaration === undefined ? item : { ...item, declaration };
      }),
    set: async (name, text, format) => {
      const target = childPath(name);
      if (target === undefined) {
        throw new RequestError(`${name} cannot be set: there is no expression for it.`);
      }
      const item = await setValue(session, frame, name, target, text, format, value.bits);
      const index = Number(/^\[(\d+)\]$/.exec(name)?.[1] ?? -1);
      return value.kind === 'bytes' && index >= 0
        ? { ...item, memory: { memoryReference: bytesReference(handle), offset: index, count: 1 } }
        : item;
    },
  };
}

/** An expression that something may follow: `*nc` needs brackets before `->name`. */
function operand(text: string): string {
  const { kind } = parseExpression(text);
  return kind === 'unary' || kind === 'binary' || kind === 'conditional' || kind === 'cast' || kind === 'comma'
    ? `(${text})`
    : text;
}

async function fetchChildren(
  session: PacketSession,
  handle: string,
  start: number,
  count: number,
): Promise<readonly NamedValue[]> {
  const all: NamedValue[] = [];
  while (all.length < count && !isCancelled()) {
    const part = await session.engine.children(handle, start + all.length, Math.min(CHUNK, count - all.length));
    if (part.length === 0) {
      break;
    }
    all.push(...part);
  }
  return all;
}

async function setValue(
  session: PacketSession,
  frame: number,
  name: string,
  target: string,
  text: string,
  format: ValueFormat,
  bits?: number,
): Promise<Item> {
  const value = await assign(session.evaluator, target, text, frame);
  return valueItem(session, frame, name, bits === undefined ? value : { ...value, bits }, target, format);
}
