/** The first process: gets an address, then keeps a shell running. */
import { FILE_TTY, file, get_file } from '../file_table.ts';
import { guest_os } from '../kernel.ts';
import { kernel_clone, type task_struct } from '../sched.ts';
import { sh_program } from '../sh.ts';
import type { program } from '../task.ts';
import { udhcpc_program } from './udhcpc.ts';

/** State of init: the process it waits for. */
class init_state {
  child: task_struct | null = null;
}

/** Starts with `udhcpc` if there is a NIC. */
function init_main(task: task_struct): void {
  const st = new init_state();
  task.state = st;
  if (guest_os().net.devs.length > 0) {
    st.child = spawn(task, udhcpc_program, ['udhcpc', '-q', '-n', '-i', 'eth0']);
    guest_os().tty.foreground = [st.child];
    return;
  }
  init_poll(task);
}

/** Its child has ended: (re)starts the shell. */
function init_poll(task: task_struct): void {
  const st = task.state as init_state;
  if (!st.child || st.child.exited) {
    guest_os().tty.interrupted = false;
    st.child = spawn(task, sh_program, ['sh']);
  }
}

/** A child on the console. */
function spawn(task: task_struct, prog: program, argv: readonly string[]): task_struct {
  return kernel_clone(prog, argv, task, get_file(task.stdin), get_file(task.stdout), get_file(task.stderr));
}

/** Starts init. */
export function kernel_init(): void {
  const console = new file(FILE_TTY, null, null);
  kernel_clone(init_program, ['init'], null, get_file(console), get_file(console), console);
}

/** Init as a program. */
export const init_program: program = { name: 'init', usage: 'init', main: init_main, poll: init_poll };
