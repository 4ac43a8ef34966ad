/** `pktgdb`: a GDB for packets. The command line, or with `-i dap` a Debug Adapter Protocol server on stdio. */
import { existsSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ReadStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { runPrompt } from './attach/prompt.ts';
import { CommandError } from './commands/command.ts';
import { DEFAULT_ARGS, REPLAY_ARGS } from './commands/default-machine.ts';
import { netdevHelp } from './commands/netdev-help.ts';
import { defaultSettings, parseReplayOptions, type ReplaySettings } from './commands/settings.ts';
import { checkRuntime } from './engine/check-runtime.ts';
import { Engine } from './engine/engine.ts';
import { type Action, runCli } from './gdb/cli.ts';
import { visible } from './packets/format.ts';
import { QemuOptionError } from './qemu/link.ts';
import { type QemuSession, qemuSession } from './qemu/session.ts';
import { endAtErrors, sweepTemporaryFolders } from './temporary.ts';

const USAGE = `Usage: pktgdb [OPTION]... [-- QEMU OPTIONS]

Runs an emulated network path (user network, QEMU's net queues and hub, e1000, a guest) and debugs it as gdb debugs \
programs.

  -ex COMMAND    Execute a gdb command; can be given several times, mixed with -x.
  -x FILE        Execute the gdb commands of a file.
  -iex COMMAND, -ix FILE  The same before the init files and -r are read.
  -nx, -n        Do not read .pktgdbinit, neither that of the home directory nor that of this folder.
  -nh            Do not read that of the home directory.
  -cd DIR        Change to DIR first.
  --args OPTION...  What follows are QEMU's options, as behind "--".
  -batch-silent  As -batch, and print nothing but errors.
  -batch         Exit after the commands; status 1 if one failed, or a replay did.
  -q, -quiet     Do not print the introduction.
  -r CAPTURE     Replay a pcap or pcapng file (also .gz, .zst) instead of live sockets and the built-in guest. Several \
are merged by time; "-" is standard input, and the commands then come from the terminal, -ex and -x.
  -replay OPTION,...  How: guest=ADDRESS (IP or MAC; by default the likeliest host), checksums=repair|keep, \
at-end=stop|exit.
  -qemu [OPTION,...]  A user network for a virtual machine of yours: prints what to add to QEMU's command line. \
OPTION is one of -netdev user, or link=unix|tcp[:PORT], or qmp=unix:PATH, so that the guest stands still when the \
debugger stops. Each further -qemu is one more guest.
  -qemu-run COMMAND  The same, and start QEMU when the machine runs: "qemu-system-x86_64 -m 1G disk.img".
  -p PID         Attach to the machine of a pktgdb-passt that runs, which stops it.
  -i dap         Serve the Debug Adapter Protocol on stdin and stdout.
  -i mcp         Serve the Model Context Protocol on stdin and stdout, for coding agents; they only look, unless \
--allow-changes is given.
  -i dap=PORT    Serve it on a port of 127.0.0.1 (0: any free one) to clients that know the token printed on stderr.
  --start        A prompt on the default machine; with stdin not a terminal, the example session.
  --check-runtime  Tell whether this Node can run the debugger; status 1 if it cannot.
  --version      Print the version and exit.
  -h, --help     Print this and exit.

QEMU OPTIONS are those of qemu-system, by default:
  -netdev user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556 -device e1000,netdev=user.0
"-- -netdev user,help" lists the parameters of the user network.
`;

const HINT = `Try "source examples/hello.pktgdb" for a whole session, or step by step: break e1000_receive_iov, run, \
bt, print $pkt, info registers.
Ctrl-C stops the running machine; "guest ls" types into the guest; "continue &" keeps the prompt while it runs.
`;

/** What the command line asks for. */
interface Arguments {
  quiet: boolean;
  batch: boolean;
  start: boolean;
  checkRuntime: boolean;
  /** Coding agents may change the machine. */
  allowChanges: boolean;
  interpreter: string;
  readonly traces: string[];
  readonly replay: ReplaySettings;
  /** `-replay` was given. */
  replayed: boolean;
  readonly actions: Action[];
  /** Executed before the init files. */
  readonly early: Action[];
  batchSilent: boolean;
  noInit: boolean;
  noHomeInit: boolean;
  readonly qemu: readonly string[];
  /** Options of each `-qemu`. */
  readonly guests: string[];
  /** Command line of a QEMU. */
  guestCommand: string | undefined;
  /** Process to attach to. */
  pid: number | undefined;
}

/** The command line is wrong; the message says how. */
class UsageError extends Error {
  override name = 'UsageError';
}

/** Options without an argument, and what they switch on. */
type Flag = 'allowChanges' | 'quiet' | 'batch' | 'batchSilent' | 'noInit' | 'noHomeInit' | 'start' | 'checkRuntime';

const FLAGS: ReadonlyMap<string | undefined, Flag> = new Map([
  ['batch-silent', 'batchSilent'],
  ['nx', 'noInit'],
  ['n', 'noInit'],
  ['nh', 'noHomeInit'],
  // There is no window and no full screen to do without.
  ['nw', 'quiet'],
  ['q', 'quiet'],
  ['quiet', 'quiet'],
  ['silent', 'quiet'],
  ['batch', 'batch'],
  ['start', 'start'],
  ['check-runtime', 'checkRuntime'],
  ['allow-changes', 'allowChanges'],
]);

type Take = (a: Arguments, value: string) => unknown;

const takeCommand: Take = (a, text) => a.actions.push({ kind: 'command', text });
const takeFile: Take = (a, name) => a.actions.push({ kind: 'file', name });
const takeTrace: Take = (a, name) => a.traces.push(name);
const takeInterpreter: Take = (a, name) => {
  a.interpreter = name;
};

const takeGuestCommand: Take = (a, command) => {
  if (command.trim() === '') {
    throw new UsageError('-qemu-run takes a command that starts QEMU');
  }
  a.guestCommand = command;
};

const takePid: Take = (a, text) => {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`-p takes the number of a process, not "${text}"`);
  }
  a.pid = Number(text);
};

/** Options with an argument, and what becomes of it. */
const VALUES: ReadonlyMap<string | undefined, Take> = new Map([
  ['iex', (a, text) => a.early.push({ kind: 'command', text })],
  ['init-eval-command', (a, text) => a.early.push({ kind: 'command', text })],
  ['ix', (a, name) => a.early.push({ kind: 'file', name })],
  ['init-command', (a, name) => a.early.push({ kind: 'file', name })],
  ['cd', changeFolder],
  ['ex', takeCommand],
  ['eval-command', takeCommand],
  ['x', takeFile],
  ['command', takeFile],
  ['r', takeTrace],
  ['replay', setReplay],
  ['qemu-run', takeGuestCommand],
  ['p', takePid],
  ['pid', takePid],
  ['i', takeInterpreter],
  ['interpreter', takeInterpreter],
]);

/** Parses the words after the program's name; gdb's long options may have one or two dashes. */
function parseArguments(argv: readonly string[]): Arguments | 'help' | 'version' {
  const a: Arguments = {
    quiet: false,
    batch: false,
    start: false,
    checkRuntime: false,
    allowChanges: false,
    interpreter: 'cli',
    traces: [],
    replay: defaultSettings().replay,
    replayed: false,
    actions: [],
    early: [],
    batchSilent: false,
    noInit: false,
    noHomeInit: false,
    qemu: DEFAULT_ARGS,
    guests: [],
    guestCommand: undefined,
    pid: undefined,
  };
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const [option, inline] = splitOption(word);
    if (option === 'tui' || option === 'write') {
      throw new UsageError(NOT_HERE[option] ?? '');
    }
    if (option === '' || option === 'args') {
      return { ...a, qemu: i + 1 < argv.length ? argv.slice(i + 1) : DEFAULT_ARGS };
    }
    if (option === 'h' || option === 'help') {
      return 'help';
    }
    if (option === 'v' || option === 'version') {
      return 'version';
    }
    if (option === 'qemu') {
      a.guests.push(inline ?? (/^(?:[a-z0-9-]+=|$)/.test(argv[i + 1] ?? '-') ? argv[++i]! : ''));
      continue;
    }
    const flag = FLAGS.get(option);
    const take = VALUES.get(option);
    if (flag) {
      a[flag] = true;
    } else if (take) {
      take(a, inline ?? argv[++i] ?? missingValue(word));
    } else {
      throw unknownWord(word);
    }
  }
  return a;
}

/** Options of gdb's that have nothing to do here. */
const NOT_HERE: Readonly<Record<string, string>> = {
  tui: '-tui: there is no full-screen mode; VS Code shows source, registers and packets side by side',
  write: '-write: there is no executable to write to',
};

/** `-cd DIR`. */
function changeFolder(_a: Arguments, folder: string): void {
  try {
    process.chdir(folder);
  } catch {
    throw new UsageError(`${folder}: No such file or directory.`);
  }
}

/** `-replay guest=ADDR,checksums=keep|repair,at-end=stop|exit`. */
function setReplay(a: Arguments, text: string): void {
  try {
    parseReplayOptions({ ...defaultSettings(), replay: a.replay }, text);
    a.replayed = true;
  } catch (e) {
    throw e instanceof CommandError
      ? new UsageError(`-replay: ${e.message}${text.includes('=') ? '' : ' A capture goes after -r.'}`)
      : e;
  }
}

/** What is wrong with the captures, if it can be told before they are read. */
function checkTraces({ traces, replayed }: Arguments): void {
  for (const trace of traces) {
    if (trace !== '-' && !existsSync(trace)) {
      throw new UsageError(`${trace}: No such file or directory.`);
    }
  }
  if (replayed && traces.length === 0) {
    throw new UsageError('-replay says how a capture is replayed; name it with -r CAPTURE');
  }
  if (traces.filter((trace) => trace === '-').length > 1) {
    throw new UsageError('standard input can be one capture only; "-r -" was given twice');
  }
}

/** Where commands are typed: the terminal, if standard input is a capture. */
function commandInput(a: Arguments): ReadStream | undefined {
  if (!a.traces.includes('-') || a.batch) {
    return undefined;
  }
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    throw new UsageError('with "-r -" and no terminal, commands come from -ex and -x: add -batch');
  }
}

function missingValue(option: string): never {
  throw new UsageError(`option ${option} needs an argument`);
}

function unknownWord(word: string): UsageError {
  return new UsageError(
    word.startsWith('-')
      ? `unknown option ${word}; QEMU's options go after "--"`
      : `unexpected argument "${word}"; a capture to replay goes after -r, QEMU's options after "--"`,
  );
}

/** `--x=y` and `-x` as name and value; the name is empty for `--` and undefined for what is no option. */
function splitOption(word: string): [string | undefined, string | undefined] {
  const m = /^--?([a-z-]*)(?:=(.*))?$/s.exec(word);
  return m && word !== '-' ? [m[1], m[2]] : [undefined, undefined];
}

/** The package's folder: this file is in `adapter`, or bundled in `dist`. */
function packageFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..');
}

function version(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `--check-runtime`. */
async function reportRuntime(): Promise<number> {
  const missing = await checkRuntime();
  process.stdout.write(`${missing ?? `Node ${process.versions.node}: ok`}\n`);
  return missing === undefined ? 0 : 1;
}

/** `-qemu` and `-qemu-run`. Says how QEMU finds its network, if it is not started here. */
async function startQemu({ guests, guestCommand, traces, qemu }: Arguments): Promise<QemuSession> {
  if (traces.length > 0 || qemu !== DEFAULT_ARGS) {
    throw new UsageError(
      `-qemu makes a network of its own: leave out ${traces.length > 0 ? '-r' : 'what is behind "--"'}`,
    );
  }
  try {
    return await qemuSession(guests, guestCommand);
  } catch (e) {
    throw e instanceof QemuOptionError ? new UsageError(e.message) : e;
  }
}

function usualArgs({ qemu, traces }: Arguments): readonly string[] {
  return qemu === DEFAULT_ARGS && traces.length > 0 ? REPLAY_ARGS : qemu;
}

/** `-i dap`, or `-i dap=PORT`. */
async function serveDap(port: string | undefined): Promise<number> {
  const { serve } = await import('./dap/main.ts');
  if (port === undefined) {
    return serve();
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new UsageError(`"${port}" is no port; -i dap=PORT takes a number from 0 to 65535`);
  }
  return serve({ port: Number(port) });
}

/** `-p PID`. */
async function attach(pid: number, a: Arguments): Promise<number> {
  if (a.traces.length > 0 || a.guests.length > 0 || a.guestCommand !== undefined || a.qemu !== DEFAULT_ARGS) {
    throw new UsageError('-p attaches to a machine that runs: leave out -r, -qemu and what is behind "--"');
  }
  const { quiet, batch, batchSilent: silent, early, actions } = a;
  const init = { home: !a.noInit && !a.noHomeInit, folder: !a.noInit };
  try {
    return await runPrompt(pid, { quiet, batch: batch || silent, silent, early, actions, init });
  } catch (e) {
    process.stderr.write(`pktgdb: ${(e as Error).message}\n`);
    return 1;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const a = parseArguments(argv);
  if (a === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (a === 'version') {
    process.stdout.write(`pktgdb ${version()}\n`);
    return 0;
  }
  const networks = netdevHelp(a.qemu);
  if (networks !== null) {
    process.stdout.write(networks);
    return 0;
  }
  if (a.checkRuntime) {
    return reportRuntime();
  }
  const [, dap, port] = /^(dap)(?:=(.*))?$/s.exec(a.interpreter) ?? [];
  if (dap !== undefined) {
    return serveDap(port);
  }
  if (a.interpreter === 'mcp') {
    // A bundle of its own: all others start sooner without it.
    const { serveMcp } = (await import(join(packageFolder(), 'dist/mcp.js'))) as typeof import('./agents/mcp.ts');
    return serveMcp({ version: version(), allowChanges: a.allowChanges });
  }
  if (/^mi\d?$/.test(a.interpreter)) {
    throw new UsageError(
      'the interpreters are cli, dap and mcp: "-i dap" speaks the Debug Adapter Protocol, not GDB/MI',
    );
  }
  if (a.interpreter !== 'cli' && a.interpreter !== 'console') {
    throw new UsageError(`unknown interpreter "${a.interpreter}"; known are cli, dap (or dap=PORT) and mcp`);
  }
  if (a.pid !== undefined) {
    return attach(a.pid, a);
  }
  checkTraces(a);
  const input = commandInput(a);
  const guests = a.guests.length > 0 || a.guestCommand !== undefined ? await startQemu(a) : undefined;
  const example = a.start && process.stdin.isTTY !== true && a.actions.length === 0;
  const actions = example
    ? [{ kind: 'file' as const, name: join(packageFolder(), 'examples/hello.pktgdb') }]
    : a.actions;
  return runCli(await Engine.create(), {
    quiet: a.quiet,
    batch: a.batch || a.batchSilent || example,
    silent: a.batchSilent,
    early: a.early,
    init: { home: !a.noInit && !a.noHomeInit && !example, folder: !a.noInit && !example },
    actions,
    ...(guests ? { guests: () => guests.guests() } : {}),
    args: guests?.args ?? usualArgs(a),
    version: version(),
    traces: a.traces,
    replay: a.replay,
    ...(input ? { input } : {}),
    ...(guests ? { words: guests.words } : a.start ? { hint: HINT } : {}),
  });
}

endAtErrors('pktgdb');
sweepTemporaryFolders();
main(process.argv.slice(2)).then(
  (code) => {
    // Output to a pipe is still on its way; exit when it is out.
    process.exitCode = code;
    process.stdout.write('', () => process.exit(code));
  },
  (e: unknown) => {
    const text =
      e instanceof Error ? (e instanceof UsageError || e.name === 'EngineError' ? e.message : e.stack) : String(e);
    process.stderr.write(`pktgdb: ${e instanceof UsageError ? visible(e.message) : text}\n`);
    process.exit(e instanceof UsageError ? 2 : 1);
  },
);
