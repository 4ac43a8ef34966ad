/** Commands that do not end by themselves, or take long, made at random; and the programs in which they run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMessage, MessageReader } from '../../adapter/dap/transport.ts';
import { capture, PKTGDB } from '../kit/paths.ts';
import type { Random } from '../kit/random.ts';
import { soon } from '../kit/until.ts';

/** How what goes on is ended. */
export const CLI_ENDINGS = ['SIGINT', 'SIGHUP', 'SIGTERM', 'unread'] as const;
export const DAP_ENDINGS = ['cancel', 'disconnect', 'end of input', 'unread', 'SIGHUP', 'SIGTERM'] as const;
export type CliEnding = (typeof CLI_ENDINGS)[number];
export type DapEnding = (typeof DAP_ENDINGS)[number];

/** A command of several lines, and how it is ended after some milliseconds. */
export type Ending = { readonly lines: readonly string[]; readonly ms: number } & (
  | { readonly front: 'cli'; readonly how: CliEnding }
  | { readonly front: 'dap'; readonly how: DapEnding }
);

/** A replay with a past, at a stop in the middle. */
const MACHINE = { trace: capture('05-http.pcap'), place: 'tcp_input' };
/** The file that sources itself, in the program's folder. */
const SELF = 'self.gdb';
const LATEST_MS = 60;

const BODIES = [
  'set $x = 1',
  'set $x++',
  'print $x',
  'echo x',
  'printf "%d %s\\n", $x, "text"',
  'info registers',
  'info drops',
  'bt',
  'next',
  'print $pkt',
  'x/64xb 0x100000',
  'output 1@200',
  'silent_one',
  'calls ip_input',
  'reverse-step',
  'eval "set $y = %d", $x',
  'pipe print 1 | cat',
] as const;

/** What takes long in one piece. */
const LONG = [
  'print -elements unlimited -- 1@1000000',
  'x/2000000xb 0x100000',
  'calls /./',
  'packets tcp',
  'writes $RDT',
  `source ${SELF}`,
  'reverse-continue',
];

/** Lines of a loop without an end, some of them in others. */
function loop(random: Random, depth = 0): string[] {
  const bodies = Array.from({ length: 1 + random.next(3) }, () => random.pick(BODIES));
  const inner = depth < 3 && random.next(3) === 0 ? loop(random, depth + 1) : [];
  const condition = random.pick(['1', '$x == $x', '$z < 1', '1 + 1']);
  const body = random.next(4) === 0 ? ['if 1', ...bodies, ...inner, 'end'] : [...bodies, ...inner];
  return [`while ${condition}`, ...body, 'end'];
}

/** The lines of something that does not end, or not soon. */
export function endless(random: Random): string[] {
  switch (random.next(5)) {
    case 0:
      return [random.pick(LONG)];
    case 1:
      return ['define forever', ...loop(random), 'end', 'forever'];
    case 2:
      return ['define again', random.pick(BODIES), 'again', 'end', 'while 1', 'again', 'end'];
    default:
      return loop(random);
  }
}

export function anyEnding(random: Random): Ending {
  const some = { lines: endless(random), ms: random.next(LATEST_MS) };
  return random.next(2) === 0
    ? { ...some, front: 'cli', how: random.pick(CLI_ENDINGS) }
    : { ...some, front: 'dap', how: random.pick(DAP_ENDINGS) };
}

/** Without what `set environment` has done to this process: some values of LANG crash Node's start. */
const ENVIRONMENT = { ...process.env };

/** A program and what it has printed. */
class Program {
  readonly child: ChildProcess;
  output = '';
  ended: { readonly status: number | NodeJS.Signals | null } | undefined;

  constructor(folder: string, args: readonly string[]) {
    writeFileSync(join(folder, SELF), `source ${SELF}\n`);
    this.child = spawn(process.execPath, [PKTGDB, '-nx', ...args], { cwd: folder, env: ENVIRONMENT, stdio: 'pipe' });
    // Only the end is looked for: what a loop prints is let go.
    const keep = (text: string): void => {
      this.output = (this.output + text).slice(-100_000);
    };
    this.child.stdout?.setEncoding('utf8').on('data', keep);
    this.child.stderr?.setEncoding('utf8').on('data', keep);
    this.child.stdin?.on('error', () => undefined);
    this.child.once('close', (code, signal) => {
      this.ended = { status: signal ?? code };
    });
  }

  /** Looks on until it has ended, for a moment. */
  async runsFor(ms: number): Promise<void> {
    await soon(() => this.ended !== undefined, ms);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Says what is wrong: something was not there in time. */
async function inTime(look: () => boolean, what: string, ms: number, program: Program): Promise<void> {
  if (!(await soon(look, ms))) {
    throw new Error(`not after ${ms} ms: ${what}; printed last: ${JSON.stringify(program.output.slice(-300))}`);
  }
}

/** Lines that print nothing. */
const SILENT = /^(?:while|if|end|define|again|forever|set \$|silent_one|eval )/;

/**
 * What is done for ever: the lines of the innermost loop that begins, without those of loops in it that never do, as
 * their variable is void. All lines where there is no such loop.
 */
function doneForEver(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => line.startsWith('while')) || lines.includes('again')) {
    return lines;
  }
  let own: string[] = [];
  const open: boolean[] = [];
  for (const line of lines) {
    const passed = open.includes(false);
    if (line.startsWith('while') && !passed && !line.includes('$z')) {
      own = [];
      open.push(true);
    } else if (/^(?:while|if|define)/.test(line)) {
      open.push(!line.startsWith('while'));
    } else if (line === 'end') {
      open.pop();
    } else if (!passed) {
      own.push(line);
    }
  }
  return own;
}

/** Milliseconds until a program has begun, on a machine that does much else. */
const BEGUN_MS = 60_000;

/** At the prompt: after SIGINT the next command is executed; all others end the program. */
async function atPrompt(program: Program, { lines, ms }: Ending, how: CliEnding, soonMs: number): Promise<void> {
  const { child } = program;
  const begin = ['define silent_one', 'set $s = 1', 'end', 'echo begun\\n'];
  child.stdin?.write(`${[...begin, ...lines].join('\n')}\n`);
  await inTime(() => program.output.includes('begun'), 'it begins', BEGUN_MS, program);
  await program.runsFor(ms);
  if (how === 'SIGINT') {
    const press = (): void => {
      child.kill('SIGINT');
      child.stdin?.write('echo still\\nhere\\n\n');
    };
    press();
    // What the first one meant may have been over, or not yet begun, or it met the next command: a user does it again.
    const pressed = setInterval(press, soonMs / 4);
    await inTime(() => /still\nhere/.test(program.output), 'the next command', soonMs, program).finally(() =>
      clearInterval(pressed),
    );
    child.stdin?.end('quit\n');
  } else if (how === 'unread') {
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.stdin?.write('echo more\\n\n');
    if (doneForEver(lines).every((line) => SILENT.test(line))) {
      // As in gdb, a loop that prints nothing does not hear that nobody reads.
      child.kill('SIGINT');
    }
  } else {
    child.kill(how);
  }
}

/** Over DAP: after `cancel` the console takes the next command; all others end the program. */
async function overDap(program: Program, { lines, ms }: Ending, how: DapEnding, soonMs: number): Promise<void> {
  const { child } = program;
  const answered = new Set<number>();
  let stopped = false;
  const reader = new MessageReader(
    (message) => {
      const { type, request_seq: seq, event } = message as { type: string; request_seq: number; event?: string };
      stopped ||= event === 'stopped';
      if (type === 'response') {
        answered.add(seq);
      }
    },
    () => undefined,
  );
  child.stdout?.on('data', (text: string) => reader.push(Buffer.from(text)));
  const send = (seq: number, command: string, args: object = {}): void => {
    child.stdin?.write(encodeMessage({ seq, type: 'request', command, arguments: args }));
  };
  const repl = (seq: number, expression: string): void => send(seq, 'evaluate', { expression, context: 'repl' });
  send(1, 'initialize', { adapterID: 'pktgdb' });
  send(2, 'launch', { trace: MACHINE.trace, initCommands: [`break ${MACHINE.place}`] });
  send(3, 'configurationDone');
  await inTime(() => stopped, 'it stops', BEGUN_MS, program);
  repl(4, 'define silent_one\nset $s = 1\nend');
  await inTime(() => answered.has(4), 'it begins', BEGUN_MS, program);
  repl(5, lines.join('\n'));
  await program.runsFor(ms);
  if (how === 'cancel') {
    send(6, 'cancel', { requestId: 5 });
    repl(7, 'echo free');
    await inTime(() => answered.has(5) && answered.has(7), 'the next command', soonMs, program);
    send(8, 'disconnect');
    await inTime(() => answered.has(8), 'the answer to disconnect', soonMs, program);
  } else if (how === 'disconnect') {
    send(6, 'disconnect');
    await inTime(() => answered.has(6), 'the answer to disconnect', soonMs, program);
  } else if (how === 'unread') {
    child.stdout?.destroy();
    send(6, 'threads');
  } else if (how === 'end of input') {
    child.stdin?.end();
  } else {
    child.kill(how);
  }
  if (how === 'cancel' || how === 'disconnect') {
    child.stdin?.end();
  }
}

/** The statuses of programs that have ended as they should. */
const STATUS: Readonly<Record<string, number | NodeJS.Signals>> = {
  'cli SIGINT': 0,
  'cli SIGHUP': 129,
  'cli SIGTERM': 143,
  'cli unread': 141,
  'dap cancel': 0,
  'dap disconnect': 0,
  'dap end of input': 0,
  'dap unread': 0,
  'dap SIGHUP': 'SIGHUP',
  'dap SIGTERM': 'SIGTERM',
};

/** Begins it and ends it. Throws if it is not heard within `soonMs`, or the program ends in another way. */
export async function endsAtOnce(ending: Ending, folder: string, soonMs: number): Promise<void> {
  const { trace, place } = MACHINE;
  const args = ending.front === 'cli' ? ['-q', '-r', trace, '-ex', `break ${place}`, '-ex', 'run'] : ['-i', 'dap'];
  const program = new Program(folder, args);
  try {
    if (ending.front === 'cli') {
      await atPrompt(program, ending, ending.how, soonMs);
    } else {
      await overDap(program, ending, ending.how, soonMs);
    }
    await inTime(() => program.ended !== undefined, 'the end', soonMs, program);
    const { status } = program.ended ?? {};
    const expected = STATUS[`${ending.front} ${ending.how}`];
    if (status !== expected) {
      throw new Error(`ends with ${status} instead of ${expected}: ${JSON.stringify(program.output.slice(-1000))}`);
    }
  } finally {
    program.kill();
  }
}
