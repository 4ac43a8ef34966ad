/** The shell (Busybox ash): prompt, lists, pipelines, redirections, background jobs. */
import { ENOENT, strerror } from './errno.ts';
import { do_exit } from './exit.ts';
import { file_puts } from './file.ts';
import {
  FILE_NULL,
  FILE_PIPE_READ,
  FILE_PIPE_WRITE,
  FILE_REGULAR,
  FILE_TTY_BACKGROUND,
  file,
  fput,
  get_file,
  pipe_inode_info,
} from './file_table.ts';
import { path_lookup, path_normalize, vfs_create } from './fs.ts';
import { guest_os } from './kernel.ts';
import { find_program } from './programs/table.ts';
import { kernel_clone, type task_struct, wake_up_process } from './sched.ts';
import { type parameters, type pipeline, sh_parse, type simple_command } from './sh_parse.ts';
import type { program } from './task.ts';
import { tty_read_line, tty_write } from './tty.ts';

/** Where programs say they are. */
const HOME = '/root';
/** Exit codes of a command that is not there, and of one that could not start. */
const EXIT_NOT_FOUND = 127;
const EXIT_ERROR = 1;
const EXIT_SYNTAX = 2;
/** Jobs that may run in the background at a time. */
const MAX_PROCESSES = 64;

/** The state of a shell. */
export class sh_state {
  /** What is left of the current line. */
  list: pipeline[] = [];
  /** Programs of the pipeline that runs; the last one gives the exit code. */
  job: task_struct[] = [];
  /** The operator behind the pipeline before: whether the next one runs depends on it. */
  op = ';';
  last_status = 0;
  /** A prompt has been printed for the line that is awaited. */
  prompted = false;
}

/** The three descriptors of a command while it is being set up. */
class descriptors {
  stdin: file;
  stdout: file;
  stderr: file;
  constructor(stdin: file, stdout: file, stderr: file) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Starts the shell. */
export function sh_main(task: task_struct): void {
  task.state = new sh_state();
  guest_os().tty.session = task;
  sh_poll(task);
}

/** Goes on: after a line was typed, a program has ended, or Ctrl-C. */
export function sh_poll(task: task_struct): void {
  const sh = task.state as sh_state;
  const { tty } = guest_os();
  if (tty.interrupted) {
    tty.interrupted = false;
    sh.list = [];
    sh.op = ';';
    sh.last_status = 130;
    sh.prompted = false;
  }
  while (!job_running(sh) && !task.exited) {
    reap_job(sh);
    const next = sh.list.shift();
    if (next) {
      const skip = (sh.op === '&&' && sh.last_status !== 0) || (sh.op === '||' && sh.last_status === 0);
      sh.op = next.op;
      if (!skip) {
        run_pipeline(task, sh, next);
      }
      if (!skip && next.op === '&') {
        // What the job prints at once comes before the prompt.
        wake_up_process(task);
        return;
      }
    } else if (!read_command(task, sh)) {
      return;
    }
  }
}

/** True while a program in the foreground runs. */
function job_running(sh: sh_state): boolean {
  return sh.job.some((t) => !t.exited);
}

/** Takes the exit code of a job that has ended. */
function reap_job(sh: sh_state): void {
  const last = sh.job[sh.job.length - 1];
  if (last) {
    sh.last_status = last.exit_code;
    sh.job = [];
    guest_os().tty.foreground = [];
  }
}

/** Prompts and reads a line. Returns false when there is none yet. */
function read_command(task: task_struct, sh: sh_state): boolean {
  if (!sh.prompted) {
    sh.prompted = true;
    tty_write(`${task.cwd === HOME ? '~' : task.cwd} # `);
  }
  const line = tty_read_line(guest_os().tty, task);
  if (line === null) {
    return false;
  }
  sh.prompted = false;
  sh.op = ';';
  if (line === '') {
    tty_write('\n');
    do_exit(task, sh.last_status);
    return true;
  }
  const parsed = sh_parse(without_escapes(line), sh_parameters(task, sh));
  if (parsed.error !== '') {
    tty_write(`sh: ${parsed.error}\n`);
    sh.last_status = EXIT_SYNTAX;
    return true;
  }
  sh.list = parsed.list;
  return true;
}

/** A line without the sequences that cursor keys send. */
function without_escapes(line: string): string {
  const [first, ...rest] = line.split('\x1b');
  return first! + rest.map((s) => s.replace(/^\[[0-9;]*[A-Za-z~]/, '')).join('');
}

/** The parameters that a line may name. */
function sh_parameters(task: task_struct, sh: sh_state): parameters {
  return new Map([
    ['?', String(sh.last_status)],
    ['$', String(task.pid)],
    ['HOME', HOME],
    ['PWD', task.cwd],
    ['USER', 'root'],
    ['HOSTNAME', guest_os().hostname],
  ]);
}

/**
 * Starts the programs of a pipeline, joined by pipes. With `&` the shell does not wait for them, and the console gives
 * them nothing.
 */
function run_pipeline(task: task_struct, sh: sh_state, p: pipeline): void {
  const background = p.op === '&';
  let stdin = background ? new file(FILE_TTY_BACKGROUND, null, null) : get_file(task.stdin);
  const job: task_struct[] = [];
  sh.last_status = 0;
  for (let i = 0; i < p.commands.length; i++) {
    const last = i === p.commands.length - 1;
    const pipe = last ? null : new pipe_inode_info();
    const stdout = pipe ? new file(FILE_PIPE_WRITE, null, pipe) : get_file(task.stdout);
    const child = run_command(task, sh, p.commands[i]!, new descriptors(stdin, stdout, get_file(task.stderr)));
    if (child) {
      job.push(child);
    }
    if (pipe) {
      stdin = new file(FILE_PIPE_READ, null, pipe);
    }
  }
  if (background) {
    sh.last_status = 0;
    return;
  }
  sh.job = job;
  guest_os().tty.foreground = job;
}

/** Runs one command: a built-in at once, a program as a process, which is returned. Takes the descriptors over. */
function run_command(task: task_struct, sh: sh_state, cmd: simple_command, fds: descriptors): task_struct | null {
  const error = apply_redirections(task, cmd, fds);
  const name = cmd.argv[0] ?? '';
  const prog = find_program(name);
  if (error === '' && prog && guest_os().sched.tasks.length < MAX_PROCESSES) {
    return kernel_clone(prog, cmd.argv, task, fds.stdin, fds.stdout, fds.stderr);
  }
  if (error !== '') {
    file_puts(fds.stderr, `sh: ${error}\n`);
    sh.last_status = EXIT_ERROR;
  } else if (prog) {
    file_puts(fds.stderr, "sh: can't fork: Resource temporarily unavailable\n");
    sh.last_status = EXIT_ERROR;
  } else if (name !== '') {
    sh.last_status = run_builtin(task, sh, cmd.argv, fds);
  }
  fput(fds.stdin);
  fput(fds.stdout);
  fput(fds.stderr);
  return null;
}

/** Runs `cd`, `pwd`, `exit`, `true`, `false`, `:`; anything else is not found. Returns the exit code. */
function run_builtin(task: task_struct, sh: sh_state, argv: readonly string[], fds: descriptors): number {
  switch (argv[0]) {
    case 'cd':
      return builtin_cd(task, argv[1] ?? HOME, fds);
    case 'pwd':
      file_puts(fds.stdout, `${task.cwd}\n`);
      return 0;
    case 'exit':
      sh.list = [];
      do_exit(task, Number(argv[1] ?? sh.last_status) & 255);
      return 0;
    case 'true':
    case ':':
      return 0;
    case 'false':
      return 1;
    default:
      file_puts(fds.stderr, `sh: ${argv[0]}: not found\n`);
      return EXIT_NOT_FOUND;
  }
}

/** Changes the working directory. */
function builtin_cd(task: task_struct, path: string, fds: descriptors): number {
  const to = path_normalize(task.cwd, path);
  if (!path_lookup(to)?.children) {
    file_puts(fds.stderr, `sh: cd: can't cd to ${path}: No such file or directory\n`);
    return EXIT_ERROR;
  }
  task.cwd = to;
  return 0;
}

/** Opens the files that a command's redirections name. Returns an error, or empty. */
function apply_redirections(task: task_struct, cmd: simple_command, fds: descriptors): string {
  for (const r of cmd.redirs) {
    const f = r.op === '>&' ? dup_descriptor(r.target, fds) : open_redirection(task, r.op, r.target);
    if (typeof f === 'string') {
      return f;
    }
    const old = r.fd === 0 ? fds.stdin : r.fd === 1 ? fds.stdout : fds.stderr;
    if (r.fd === 0) {
      fds.stdin = f;
    } else if (r.fd === 1) {
      fds.stdout = f;
    } else {
      fds.stderr = f;
    }
    fput(old);
  }
  return '';
}

/** The file behind `>&N`. */
function dup_descriptor(target: string, fds: descriptors): file | string {
  const f = target === '0' ? fds.stdin : target === '1' ? fds.stdout : target === '2' ? fds.stderr : null;
  return f ? get_file(f) : `syntax error: bad fd number`;
}

/** Opens a file for `<`, `>` or `>>`. Returns it or an error text. */
function open_redirection(task: task_struct, op: string, target: string): file | string {
  if (target === '/dev/null') {
    return new file(FILE_NULL, null, null);
  }
  const path = path_normalize(task.cwd, target);
  if (op === '<') {
    const node = path_lookup(path);
    if (!node) {
      return `can't open ${target}: no such file`;
    }
    return new file(FILE_REGULAR, node, null);
  }
  const node = vfs_create(path, op === '>');
  if (typeof node === 'number') {
    return `can't create ${target}: ${node === -ENOENT ? 'nonexistent directory' : strerror(node)}`;
  }
  const f = new file(FILE_REGULAR, node, null);
  f.f_pos = op === '>>' ? node.i_size : 0;
  return f;
}

/** The shell as a program. */
export const sh_program: program = { name: 'sh', usage: 'sh', main: sh_main, poll: sh_poll };
