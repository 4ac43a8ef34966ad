/** The end of a process (kernel/exit.c). */
import { fput } from './file_table.ts';
import { guest_os } from './kernel.ts';
import { type task_struct, wake_up_process } from './sched.ts';
import { inet_release } from './socket.ts';
import { del_timer } from './timer.ts';

/** Ends a process: its files and sockets are closed, its parent wakes up. Also how a signal kills one. */
export function do_exit(task: task_struct, code: number): void {
  if (task.exited) {
    return;
  }
  task.exited = true;
  task.exit_code = code;
  del_timer(task.timer);
  for (const sk of task.sockets) {
    inet_release(sk);
  }
  task.sockets = [];
  task.state = null;
  fput(task.stdin);
  fput(task.stdout);
  fput(task.stderr);
  const { tasks } = guest_os().sched;
  tasks.splice(tasks.indexOf(task), 1);
  if (task.parent) {
    wake_up_process(task.parent);
  }
}
