/** Evaluation: gdb commands in the Debug Console, expressions everywhere else. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { CandidateKind } from '../commands/candidates.ts';
import { findCommand } from '../commands/command.ts';
import type { Completions } from '../commands/complete.ts';
import type { Value } from '../engine/api.ts';
import { formatField } from '../packets/fields.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { Item, ValueFormat } from './containers.ts';
import { ongoing } from './ongoing.ts';
import { packetContainer } from './packet.ts';
import { formatValue } from './present.ts';
import { registerValue } from './registers.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { assign, counts, setBody, toVariable, valueFormat, valueItem } from './variables.ts';

/** Elements of an aggregate that go to the clipboard. */
const CLIPBOARD_ELEMENTS = 4096;
const CLIPBOARD_DEPTH = 3;

export const evaluateRequests: Family = {
  evaluate: {
    atStop: true,
    cancellable: true,
    capabilities: { supportsEvaluateForHovers: true, supportsClipboardContext: true },
    handle: (session, args): Promise<DebugProtocol.EvaluateResponse['body']> => evaluate(session, args),
    after: (session) => session.releaseStops(),
  },
  setExpression: {
    atStop: true,
    capabilities: { supportsSetExpression: true },
    handle: async (session, args): Promise<DebugProtocol.SetExpressionResponse['body']> => {
      const frame = await frameOf(session, args);
      const target = args.string('expression');
      await assign(session.evaluator, target, args.string('value'), frame);
      const item = await itemOf(session, target, frame, valueFormat(session, args));
      session.memoryChanged(
        item.memoryReference === undefined ? undefined : { memoryReference: item.memoryReference, offset: 0, count: 4 },
      );
      return setBody(session, item);
    },
    after: (session, ok) => {
      if (ok) {
        session.invalidate('variables');
      }
    },
  },
  completions: {
    cancellable: true,
    capabilities: { supportsCompletionsRequest: true, completionTriggerCharacters: [' ', '.', '$', '>'] },
    handle: (session, args): DebugProtocol.CompletionsResponse['body'] => ({
      targets: completions(session, args),
    }),
  },
};

/** Letters behind a comma, as other debuggers have them: how a watch is to be written. */
const SUFFIXES: Readonly<Record<string, ValueFormat>> = {
  x: { hex: true },
  d: { hex: false },
  t: { hex: false, base: 2 },
  b: { hex: false, base: 2 },
  o: { hex: false, base: 8 },
};

/** An expression without its suffix, and how its value is to be written. */
function suffixed(session: PacketSession, args: Arguments): [expression: string, format: ValueFormat] {
  const whole = args.string('expression');
  const [, expression = whole, letter = ''] = /^(.*\S),([a-z])\s*$/.exec(whole) ?? [];
  const format = SUFFIXES[letter];
  return format ? [expression, format] : [whole, valueFormat(session, args)];
}

async function evaluate(session: PacketSession, args: Arguments): Promise<DebugProtocol.EvaluateResponse['body']> {
  const context = args.optionalString('context') ?? 'watch';
  const frame = await frameOf(session, args);
  if (context === 'repl') {
    const line = args.string('expression');
    return isCommand(session, line)
      ? command(session, line, frame)
      : shownValue(session, frame, ...suffixed(session, args));
  }
  const [expression, format] = suffixed(session, args);
  if (context === 'clipboard') {
    const { value } = await session.evaluator.evaluate(expression, frame);
    return { result: await wholeText(session, value, format, CLIPBOARD_DEPTH), variablesReference: 0 };
  }
  return shownValue(session, frame, expression, format);
}

/** True for commands and lines of a block that is open. What is none of them is an expression. */
function isCommand({ repl }: PacketSession, line: string): boolean {
  if (repl.interpreter.inBlock || line.trim() === '' || line.includes('\n')) {
    return true;
  }
  try {
    findCommand(repl.interpreter.commands, line);
    return true;
  } catch (error) {
    // What is wrong about a command is said by it; a name that none has may be a value's.
    return !/^Undefined command/.test((error as Error).message);
  }
}

/** A value, which can be expanded. */
async function shownValue(
  session: PacketSession,
  frame: number,
  expression: string,
  format: ValueFormat,
): Promise<DebugProtocol.EvaluateResponse['body']> {
  const item = await itemOf(session, expression, frame, format);
  const {
    value: result,
    type,
    variablesReference,
    memoryReference,
    valueLocationReference,
  } = toVariable(session, item);
  return {
    result,
    variablesReference,
    ...counts(item.children),
    ...(type === undefined ? {} : { type }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
    ...(valueLocationReference === undefined ? {} : { valueLocationReference }),
  };
}

/** What an expression means: the packet, a register, a value. */
async function itemOf(session: PacketSession, text: string, frame: number, format: ValueFormat): Promise<Item> {
  if (text.trim() === '$pkt' && session.engine.scope(frame).hasPacket) {
    return { name: text, value: 'packet', children: packetContainer(session.engine, frame) };
  }
  const register = await registerValue(session, text, frame, format);
  if (register) {
    return register;
  }
  const { value, code } = await session.evaluator.evaluate(text, frame);
  // An element of an array is written as in the array's rows.
  const bits = /\]\s*$/.test(text) ? code?.scalar?.bits : undefined;
  const sized = value.kind === 'number' && bits !== undefined ? { ...value, bits } : value;
  const item = valueItem(session, frame, text, sized, text, format);
  const { type } = code ?? {};
  if (type?.kind !== 'field' && type?.kind !== 'multi') {
    return item;
  }
  const { name } = type.field;
  return { ...item, value: value.kind === 'undefined' ? '<not in this packet>' : fieldText(name, value, item.value) };
}

/** A field in its own notation, as the scope Packet shows it. */
function fieldText(name: string, value: Value, otherwise: string): string {
  return value.kind === 'number' || value.kind === 'string'
    ? formatField(name, value.kind === 'number' ? Number(value.value) : String(value.value))
    : otherwise;
}

/**
 * A gdb command, whose output is the answer.
 * `run` starts what the launch configuration says, `quit` ends the session.
 */
async function command(
  session: PacketSession,
  line: string,
  frame: number,
): Promise<DebugProtocol.EvaluateResponse['body']> {
  if (/^r(un)?$/.test(line.trim())) {
    await session.lifecycle.restart();
    return { result: 'The machine was started from the beginning.', variablesReference: 0 };
  }
  const signal = ongoing()?.cancellation.signal;
  const { changes } = session;
  const { output, failed, quit } = await session.lifecycle.command(() => session.repl.run(line, frame, { signal }));
  if (session.changes > changes && session.engine.state === 'stopped') {
    session.invalidate('variables'); // never the stack, which would select the innermost frame
  }
  if (quit) {
    await session.engine.kill();
    session.lifecycle.terminated();
  }
  if (failed) {
    throw new RequestError(output.trimEnd() || 'The command failed.');
  }
  return { result: output.trimEnd(), variablesReference: 0 };
}

/** The engine's index of the frame a request names; without one the innermost, or -1 when nothing is stopped. */
async function frameOf(session: PacketSession, args: Arguments): Promise<number> {
  const id = args.optionalNumber('frameId');
  if (id !== undefined && id !== 0) {
    return session.stopped.frameIndex(id);
  }
  return session.engine.state === 'stopped' ? 0 : -1;
}

/** A value with what is inside it, as text for the clipboard. */
async function wholeText(
  session: PacketSession,
  value: Value,
  format: ValueFormat,
  depth: number,
  called = '',
): Promise<string> {
  if (value.handle === undefined || depth === 0) {
    return formatValue(value, format, called);
  }
  const inside = value.bits === undefined ? format : { ...format, byKind: false };
  const children = await session.engine.children(value.handle, 0, CLIPBOARD_ELEMENTS);
  const texts = await Promise.all(
    children.map(async ({ name, value: child }) => {
      const text = await wholeText(session, child, inside, depth - 1, name);
      return value.kind === 'struct' ? `${name} = ${text}` : value.kind === 'map' ? `${name} = ${text}` : text;
    }),
  );
  const more = (value.length ?? 0) > children.length ? ', ...' : '';
  return `{${texts.join(', ')}${more}}`;
}

function completions(session: PacketSession, args: Arguments): DebugProtocol.CompletionItem[] {
  const text = args.string('text');
  const lines = text.split('\n');
  const line = lines[Math.max(0, session.client.lineFromClient(args.optionalNumber('line') ?? 1) - 1)] ?? '';
  const column = session.client.columnFromClient(args.number('column'));
  const typed = line.slice(0, Math.max(0, column - 1));
  const { from, candidates } = allCompletions(session, typed);
  return candidates.map(({ text: label, kind, detail }) => ({
    label,
    type: COMPLETION_TYPES[kind],
    ...(detail === '' ? {} : { detail }),
    start: session.client.columnToClient(from + 1),
    length: typed.length - from,
  }));
}

/** A line is a command or an expression; while it is a single word, it may become either. */
function allCompletions({ repl }: PacketSession, typed: string): Completions {
  const { interpreter } = repl;
  const commands = interpreter.completions(typed);
  const isWord = /^\s*\w*$/.test(typed);
  if (interpreter.inBlock || typed.trim() === '' || (commands.candidates.length > 0 && !isWord)) {
    return commands;
  }
  const values = interpreter.completions(`${PRINT}${typed}`);
  const from = values.from - PRINT.length;
  if (!isWord) {
    return { from, candidates: isPrefix(typed, interpreter) ? [] : values.candidates };
  }
  const known = new Set(commands.candidates.map(({ text }) => text));
  const more = from === commands.from ? values.candidates.filter(({ text }) => !known.has(text)) : [];
  return { from: commands.from, candidates: [...commands.candidates, ...more] };
}

/** A command that takes an expression. */
const PRINT = 'print ';

/** The line begins with a command, which takes something else. */
function isPrefix(typed: string, { commands }: PacketSession['repl']['interpreter']): boolean {
  try {
    findCommand(commands, typed);
    return true;
  } catch (error) {
    return !/^Undefined command/.test((error as Error).message);
  }
}

const COMPLETION_TYPES: Readonly<Record<CandidateKind, DebugProtocol.CompletionItemType>> = {
  command: 'keyword',
  setting: 'module',
  function: 'function',
  file: 'file',
  register: 'field',
  field: 'property',
  variable: 'variable',
  constant: 'value',
  struct: 'class',
  option: 'property',
  value: 'value',
};
