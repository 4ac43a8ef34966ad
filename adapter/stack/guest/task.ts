/** Processes as the scheduler keeps them (include/linux/sched.h). */
import type { task_struct } from './sched.ts';

/** A program: `main` is called once, `poll` each time the process wakes up; both return instead of blocking. */
export interface program {
  readonly name: string;
  /** Text behind "Usage: ", as Busybox prints it. */
  readonly usage: string;
  readonly main: (task: task_struct) => void;
  readonly poll: (task: task_struct) => void;
  /** Its own handler for Ctrl-C, before it is ended. */
  readonly sigint?: (task: task_struct) => void;
}

/** The processes. */
export class scheduler {
  next_pid = 1;
  tasks: task_struct[] = [];
  run_queue: task_struct[] = [];
}
