/** Programs about the system: help, dmesg, hostname, uname, ps, kill, sleep, uptime. */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, printf } from '../file.ts';
import { guest_os } from '../kernel.ts';
import { NSEC_PER_SEC, parse_number } from '../lib.ts';
import { schedule_timeout, type task_struct } from '../sched.ts';
import type { program } from '../task.ts';
import { UTS_RELEASE, UTS_VERSION } from '../utsname.ts';
import { no_poll } from './coreutils.ts';
import { bb_show_usage, getopt } from './getopt.ts';

/** Exit code of a program that `kill` has ended. */
const EXIT_SIGTERM = 143;

/** Prints the kernel's messages. */
function dmesg_main(task: task_struct): void {
  printf(
    task,
    guest_os()
      .log_buf.map((l) => `${l}\n`)
      .join(''),
  );
  do_exit(task, 0);
}

/** Prints or sets the host's name. */
function hostname_main(task: task_struct): void {
  const name = task.argv[1];
  if (task.argv.length > 2 || name?.startsWith('-')) {
    bb_show_usage(task, '');
    return;
  }
  if (name !== undefined) {
    guest_os().hostname = name.slice(0, 64);
  } else {
    printf(task, `${guest_os().hostname}\n`);
  }
  do_exit(task, 0);
}

/** Prints what system this is. */
function uname_main(task: task_struct): void {
  const o = getopt(task.argv, 'asnrvmo');
  if (o.error !== '' || o.args.length > 0) {
    bb_show_usage(task, o.error);
    return;
  }
  const fields: [string, string][] = [
    ['s', 'Linux'],
    ['n', guest_os().hostname],
    ['r', UTS_RELEASE],
    ['v', UTS_VERSION],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const wanted = (letter: string): boolean =>
    o.flags.has('a') || o.flags.has(letter) || (o.flags.size === 0 && letter === 's');
  printf(
    task,
    `${fields
      .filter(([l]) => wanted(l))
      .map(([, v]) => v)
      .join(' ')}\n`,
  );
  do_exit(task, 0);
}

/** Lists the processes. */
function ps_main(task: task_struct): void {
  let text = 'PID   USER     COMMAND\n';
  for (const t of guest_os().sched.tasks) {
    text += `${String(t.pid).padStart(5)} root     ${t.argv.join(' ')}\n`;
  }
  printf(task, text);
  do_exit(task, 0);
}

/** Ends processes by their number. */
function kill_main(task: task_struct): void {
  const pids = task.argv.slice(1).filter((a) => !/^-(9|15|KILL|TERM|INT|2)$/.test(a));
  if (pids.length === 0) {
    bb_show_usage(task, '');
    return;
  }
  let status = 0;
  for (const text of pids) {
    const pid = parse_number(text, 1, 1e9);
    const victim = guest_os().sched.tasks.find((t) => t.pid === pid);
    if (pid < 0) {
      bb_error_msg(task, `bad pid '${text}'`);
      status = 1;
    } else if (!victim?.parent) {
      bb_error_msg(task, `can't kill pid ${pid}: ${victim ? 'Operation not permitted' : 'No such process'}`);
      status = 1;
    } else {
      do_exit(victim, EXIT_SIGTERM);
    }
  }
  do_exit(task, status);
}

/** Waits. */
function sleep_main(task: task_struct): void {
  const text = task.argv[1] ?? '';
  if (task.argv.length !== 2 || !/^\d{1,7}(\.\d{1,9})?$/.test(text)) {
    bb_show_usage(task, task.argv.length === 2 ? `invalid number '${text}'` : '');
    return;
  }
  task.state = new sleep_state(cpu_get_ns() + Number(text) * NSEC_PER_SEC);
  schedule_timeout(task, Number(text) * NSEC_PER_SEC);
}

/** When a `sleep` is over (ns). */
class sleep_state {
  readonly until: number;
  constructor(until: number) {
    this.until = until;
  }
}

/** Woken up: ends when the time is over. */
function sleep_poll(task: task_struct): void {
  if (cpu_get_ns() >= (task.state as sleep_state).until) {
    do_exit(task, 0);
  }
}

/** Prints how long the machine has been running. */
function uptime_main(task: task_struct): void {
  const s = Math.floor(cpu_get_ns() / NSEC_PER_SEC);
  const two = (n: number): string => String(n % 60).padStart(2, '0');
  printf(task, ` up ${Math.floor(s / 3600)}:${two(Math.floor(s / 60))}:${two(s)}\n`);
  do_exit(task, 0);
}
export const dmesg_program: program = { name: 'dmesg', usage: 'dmesg', main: dmesg_main, poll: no_poll };
export const hostname_program: program = {
  name: 'hostname',
  usage: 'hostname [HOSTNAME]',
  main: hostname_main,
  poll: no_poll,
};
export const uname_program: program = { name: 'uname', usage: 'uname [-amnrsvo]', main: uname_main, poll: no_poll };
export const ps_program: program = { name: 'ps', usage: 'ps', main: ps_main, poll: no_poll };
export const kill_program: program = { name: 'kill', usage: 'kill [-9] PID...', main: kill_main, poll: no_poll };
export const sleep_program: program = { name: 'sleep', usage: 'sleep N', main: sleep_main, poll: sleep_poll };
export const uptime_program: program = { name: 'uptime', usage: 'uptime', main: uptime_main, poll: no_poll };
