/** Agents that call any tool with any arguments, at once too: each is answered, and what is read stays as it is. */
import assert from 'node:assert/strict';
import { startInProcess } from '../../adapter/agents/in-process.ts';
import { Sessions } from '../../adapter/agents/sessions.ts';
import { callTool, TOOLS, type ToolResult } from '../../adapter/agents/tools.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';
import type { Random } from '../kit/random.ts';
import { soon } from '../kit/until.ts';
import { theme } from './theme.ts';

interface Piece {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** The next one does not wait for this. */
  readonly atOnce: boolean;
}

const CALLS = 60;
/** Milliseconds that an answer may take: the longest wait that is asked for is a second. */
const ANSWERED_MS = 15_000;
/** Bytes that an answer has at most. */
const ANSWER_MAX = 4 << 20;

const FUNCTIONS = [
  'slirp_input',
  'ip_input',
  'tcp_input',
  'e1000_receive_iov',
  'drop',
  'nowhere',
  'main\nset var x = 1',
];
const EXPRESSIONS = [
  '$RDT',
  'size',
  'size = 1',
  '$pkt',
  '$pkt.ip.src',
  'machine',
  '((',
  'x\nset var size = 1',
  '\x1b[m',
];
const FILTERS = ['tcp', 'ip.addr == 10.0.2.15', 'tcp.port ==', '((', ''];
const LINES = ['info drops', 'set var size = 1', 'shell true', 'print 1\nshell true', 'while 1', 'define x', 'bt'];

/** Arguments by name, whatever tool has them. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  what: [['stack'], ['packet', 'registers', 'rings', 'locals'], ['everything'], [], 'stack'],
  function: FUNCTIONS,
  expression: EXPRESSIONS,
  register_or_variable: EXPRESSIONS,
  packet_filter: FILTERS,
  filter: FILTERS,
  line: LINES,
  direction: ['back', 'forward', 'sideways'],
  distance: ['over', 'into', 'out', 'line', 5],
  position: ['start', 'end', '5:3', 'x', -1],
  show: [['size'], ['x\ny'], 'size'],
  wait_seconds: [0, 0, 1, -1, 'x'],
  frame: [0, 1, 99, -1],
  limit: [1, 5, 1e9, -1],
  index: [0, 1, 99],
  packet: [1, 2, 99, -1, 'x'],
  number: [1, 2, 99],
  capture: [capture('02-hello.pcap'), '/nowhere', ''],
  allow_changes: [true, false],
  args: [['-m', '16'], ['-x'], 5],
};
const WRONG: readonly unknown[] = [null, [], {}, '', 1e300, '__proto__'];

const changing = TOOLS.filter(({ name }) => name !== 'start' && name !== 'end');

function call(random: Random): Piece {
  const tool = random.next(20) === 0 ? random.pick(TOOLS) : random.pick(changing);
  const args: Record<string, unknown> = {};
  for (const key of Object.keys(tool.input.shape)) {
    const values = ARGUMENTS[key] ?? WRONG;
    if (key === 'session') {
      args[key] = random.next(15) === 0 ? random.pick(['none', 5]) : '$';
    } else if (random.next(3) > 0) {
      args[key] = random.pick(random.next(12) === 0 ? WRONG : values);
    }
  }
  // Time that passes finds nothing.
  const short = 'wait_seconds' in tool.input.shape ? { wait_seconds: random.pick(ARGUMENTS['wait_seconds']!) } : {};
  return { tool: tool.name, args: { ...args, ...short }, atOnce: random.next(5) === 0 };
}

function server(): Sessions {
  const createInterpreter = (engine: ConstructorParameters<typeof GdbInterpreter>[0], write: (text: string) => void) =>
    new GdbInterpreter(engine, { write, waitForStops: false });
  return new Sessions(
    (launch) =>
      startInProcess({ createEngine: () => Engine.create(), createInterpreter, log: () => undefined }, launch),
    () => false,
  );
}

/** Each of them is answered with a structure of the tool's, which JSON can hold. */
async function answered(sessions: Sessions, { tool: name, args }: Piece, id: string): Promise<void> {
  const tool = TOOLS.find((one) => one.name === name);
  assert.ok(tool);
  let result: ToolResult | undefined;
  const calling = callTool(sessions, tool, args['session'] === '$' ? { ...args, session: id } : args);
  calling.then((r) => {
    result = r;
  });
  assert.ok(await soon(() => result !== undefined, ANSWERED_MS), `${name} is not answered`);
  const { answer } = await calling;
  const text = JSON.stringify(answer);
  assert.ok(text.length < ANSWER_MAX, `${name} answers with ${text.length} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  assert.doesNotMatch(text, /\\u00(0[0-8]|1b|9[0-9a-f])|[\x00-\x08\x1b\x7f-\x9f]/);
}

export const mcp = theme<Piece>({
  unit: 'calls',
  deadline: 60_000,
  make: (random) => Array.from({ length: CALLS }, () => call(random)),
  async attempt(pieces) {
    const sessions = server();
    try {
      const start = { capture: capture('02-hello.pcap') };
      const { answer } = await callTool(sessions, TOOLS.find(({ name }) => name === 'start')!, start);
      const id = String(answer['session']);
      let before: Promise<unknown>[] = [];
      for (const piece of pieces) {
        before.push(answered(sessions, piece, id));
        if (!piece.atOnce) {
          await Promise.all(before);
          before = [];
        }
      }
      await Promise.all(before);
      return pieces.length;
    } finally {
      await sessions.endAll();
    }
  },
});
