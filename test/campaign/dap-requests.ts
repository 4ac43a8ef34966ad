/** Requests at random: what a client may send, with arguments that are right, nearly right, or not at all. */
import { EXAMPLES } from '../../adapter/commands/examples.ts';
import type { Random } from '../kit/random.ts';

export interface SomeRequest {
  readonly command: string;
  readonly args: unknown;
}

/** What starts programs or ends the session, whose requests are answered no more. */
const LEFT_OUT = /^(shell|!|pipe|\||make|quit|exit|q$|kill|js|save|dump|append|set logging|record save|peer|source)/;
const LINES = Object.values(EXAMPLES).filter((line) => !LEFT_OUT.test(line));
const ENDLESS = ['while 1\nset $x = 1\nend', 'while 1\nprint 1\nend', 'define f\nf\nend\nf', 'while 1\nnext\nend'];

const EXPRESSIONS = ['1 + 1', 'machine', '$pkt', '$pkt.ip.src', 'size', '$RDT', '*(int *)0x100000', '((', '"', '$1'];
const NAMES = ['inner', 'outer', 'main_loop', 'e1000_receive_iov', 'nowhere', '', '*', 'tcp_input if 1'];
const WRONG: readonly unknown[] = [
  null,
  -1,
  1e300,
  'x',
  '',
  true,
  [],
  {},
  [[]],
  { source: 5 },
  0.5,
  '\x1b]52;c;aGk=\x07',
];

const reference = (r: Random): number => r.pick([0, 1, 2, 3, 5, 8, 1000, 1001, 1002, r.next(100), r.next(3000)]);
const condition = (r: Random): object => (r.next(3) === 0 ? { condition: r.pick(EXPRESSIONS) } : {});
const hits = (r: Random): object => (r.next(4) === 0 ? { hitCondition: r.pick(['2', '> 3', '%5', 'x']) } : {});
const log = (r: Random): object => (r.next(4) === 0 ? { logMessage: r.pick(['{size}', '{$pkt}', '{', '{{x}}']) } : {});
const points = (r: Random, make: () => object): object[] =>
  Array.from({ length: r.next(3) }, () => ({ ...make(), ...condition(r), ...hits(r), ...log(r) }));

/** Requests with arguments that fit. */
const KNOWN: Readonly<Record<string, (r: Random) => object>> = {
  initialize: () => ({ adapterID: 'x' }),
  configurationDone: () => ({}),
  launch: (r) => ({ args: r.pick([['-nodefaults'], ['-netdev', 'x'], 'a b']) }),
  attach: () => ({}),
  restart: () => ({}),
  terminate: () => ({}),
  threads: () => ({}),
  pause: () => ({ threadId: 1 }),
  continue: () => ({ threadId: 1 }),
  next: () => ({ threadId: 1 }),
  stepIn: () => ({ threadId: 1 }),
  stepOut: () => ({ threadId: 1 }),
  stepBack: () => ({ threadId: 1 }),
  reverseContinue: () => ({ threadId: 1 }),
  stackTrace: (r) => ({ threadId: 1, startFrame: r.next(3), levels: r.next(30) }),
  scopes: (r) => ({ frameId: reference(r) }),
  variables: (r) => ({ variablesReference: reference(r), start: r.next(3), count: r.next(20) }),
  setVariable: (r) => ({ variablesReference: reference(r), name: 'size', value: `${r.next(9)}` }),
  setExpression: (r) => ({ expression: r.pick(EXPRESSIONS), value: '1', frameId: reference(r) }),
  evaluate: (r) => {
    const context = r.pick(['watch', 'hover', 'repl', 'variables', 'clipboard']);
    const expression = r.pick(context === 'repl' ? LINES : EXPRESSIONS);
    return { expression, context, ...(r.next(2) === 0 ? { frameId: reference(r) } : {}) };
  },
  completions: (r) => ({ text: r.pick([...LINES, ...EXPRESSIONS]), column: 1 + r.next(9) }),
  setFunctionBreakpoints: (r) => ({ breakpoints: points(r, () => ({ name: r.pick(NAMES) })) }),
  setBreakpoints: (r) => ({
    source: { path: r.pick(['/x/softmmu/main.ts', 'main.ts', '/nowhere']) },
    breakpoints: points(r, () => ({ line: r.next(130) })),
  }),
  setInstructionBreakpoints: (r) => ({ breakpoints: points(r, () => ({ instructionReference: '0x1' })) }),
  setExceptionBreakpoints: (r) => ({ filters: r.pick([[], ['drop'], ['x'], ['drop', 'reset']]) }),
  breakpointLocations: (r) => ({ source: { path: 'softmmu/main.ts' }, line: r.next(130) }),
  dataBreakpointInfo: (r) => ({ name: r.pick(EXPRESSIONS), variablesReference: reference(r) }),
  setDataBreakpoints: (r) => ({ breakpoints: points(r, () => ({ dataId: r.pick(EXPRESSIONS) })) }),
  exceptionInfo: () => ({ threadId: 1 }),
  source: (r) => ({ sourceReference: reference(r), source: { path: 'softmmu/main.ts' } }),
  loadedSources: () => ({}),
  modules: () => ({}),
  gotoTargets: (r) => ({ source: { path: 'softmmu/main.ts' }, line: r.next(130) }),
  goto: (r) => ({ threadId: 1, targetId: reference(r) }),
  stepInTargets: (r) => ({ frameId: reference(r) }),
  restartFrame: (r) => ({ frameId: reference(r) }),
  readMemory: (r) => ({ memoryReference: r.pick(['0x100000', '0', 'x']), offset: r.next(9) - 4, count: r.next(5000) }),
  writeMemory: (r) => ({ memoryReference: '0xf00000', data: r.pick(['AAAA', '!', '']) }),
  disassemble: () => ({ memoryReference: '0x0', instructionCount: 5 }),
  locations: (r) => ({ locationReference: reference(r) }),
  cancel: (r) => ({ requestId: 1000 + r.next(200) }),
  'pktgdb/registers': () => ({}),
  'pktgdb/rings': () => ({}),
  'pktgdb/connections': () => ({}),
  'pktgdb/history': () => ({}),
  'pktgdb/drops': () => ({}),
  'pktgdb/query': (r) => ({ kind: r.pick(['calls', 'packets', 'writes', 'x']), text: r.pick(NAMES) }),
  'pktgdb/timeline': () => ({}),
  'pktgdb/console': () => ({ text: 'inner\n' }),
  'pktgdb/nothing': () => ({}),
};
const COMMANDS = Object.keys(KNOWN);

/** Those that take long, as a thread begins. */
const SLOW = new Set(['restart', 'launch', 'attach']);

function fitting(r: Random): SomeRequest {
  const any = r.pick(COMMANDS);
  const command = SLOW.has(any) && r.next(8) > 0 ? 'threads' : any;
  return { command, args: KNOWN[command]?.(r) ?? {} };
}

/** One of its arguments, or all, is something else or missing. */
function wrong(r: Random): SomeRequest {
  const { command, args } = fitting(r);
  const keys = Object.keys(args as object);
  if (keys.length === 0 || r.next(4) === 0) {
    return { command, args: r.pick(WRONG) };
  }
  return { command, args: { ...(args as object), [r.pick(keys)]: r.pick(WRONG) } };
}

/** A command that does not end, and what ends it. */
const endless = (r: Random): SomeRequest =>
  r.next(3) === 0
    ? { command: 'evaluate', args: { expression: r.pick(ENDLESS), context: 'repl' } }
    : { command: 'pause', args: { threadId: 1 } };

/** How requests are made, the usual ones more often. */
export const REQUESTS: readonly ((r: Random) => SomeRequest)[] = [fitting, fitting, fitting, fitting, wrong, endless];
