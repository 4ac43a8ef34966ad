/** Processes: state machines that run when something wakes them (kernel/sched, kernel/exit.c). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import type { file } from './file_table.ts';
import type { sock } from './inet_sock.ts';
import { guest_os } from './kernel.ts';
import type { program } from './task.ts';
import { mod_timer, type timer_list, timer_setup } from './timer.ts';

/** A process. */
export class task_struct {
  readonly pid: number;
  readonly program: program;
  readonly argv: readonly string[];
  readonly parent: task_struct | null;
  stdin: file;
  stdout: file;
  stderr: file;
  /** Path of the working directory. */
  cwd = '/root';
  /** The program's own state. */
  state: object | null = null;
  started = false;
  exited = false;
  exit_code = 0;
  /** It stands in the run queue. */
  queued = false;
  sockets: sock[] = [];
  /** Wakes the process up; see `schedule_timeout`. */
  timer: timer_list;
  constructor(
    pid: number,
    prog: program,
    argv: readonly string[],
    parent: task_struct | null,
    stdin: file,
    stdout: file,
    stderr: file,
  ) {
    this.pid = pid;
    this.program = prog;
    this.argv = argv;
    this.parent = parent;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.timer = timer_setup(process_timeout, this as task_struct);
  }
}

/** Starts a process; it runs in the next `schedule`. It takes over the references to its files. */
export function kernel_clone(
  prog: program,
  argv: readonly string[],
  parent: task_struct | null,
  stdin: file,
  stdout: file,
  stderr: file,
): task_struct {
  const { sched } = guest_os();
  const task = new task_struct(sched.next_pid++, prog, argv, parent, stdin, stdout, stderr);
  if (parent) {
    task.cwd = parent.cwd;
  }
  sched.tasks.push(task);
  wake_up_process(task);
  return task;
}

/** Has a process run. */
export function wake_up_process(task: task_struct): void {
  if (!task.queued && !task.exited) {
    task.queued = true;
    guest_os().sched.run_queue.push(task);
  }
}

/** Wakes a process up in `ns` nanoseconds, unless it is called again first. */
export function schedule_timeout(task: task_struct, ns: number): void {
  mod_timer(task.timer, cpu_get_ns() + ns);
}

/** The time of `schedule_timeout` is over. */
function process_timeout(task: task_struct): void {
  wake_up_process(task);
}

/** Runs the processes that are runnable now, once each. */
export function schedule(): void {
  const q = guest_os().sched.run_queue;
  for (let n = q.length; n > 0; n--) {
    const task = q.shift()!;
    task.queued = false;
    if (task.exited) {
      continue;
    }
    if (task.started) {
      task.program.poll(task);
    } else {
      task.started = true;
      task.program.main(task);
    }
  }
}
