/** Command lines of programs: options, usage texts. */
import { do_exit } from '../exit.ts';
import { file_puts } from '../file.ts';
import type { task_struct } from '../sched.ts';

/** Options by letter (their values, in order; empty for flags), and the rest of the arguments. */
export interface options {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly args: readonly string[];
  /** What is wrong, as getopt says it; empty if nothing. */
  readonly error: string;
}

/**
 * Splits a command line as POSIX getopt does. `spec` lists the letters, each followed by `:` when it takes a value;
 * letters may be combined, and a value may follow at once or as the next argument. Options may also follow arguments,
 * as in GNU getopt.
 */
export function getopt(argv: readonly string[], spec: string): options {
  const flags = new Map<string, string[]>();
  const args: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const a = argv[i]!;
    if (a === '--') {
      args.push(...argv.slice(i + 1));
      break;
    }
    if (a === '-' || !a.startsWith('-')) {
      args.push(a);
      continue;
    }
    for (let j = 1; j < a.length; j++) {
      const c = a[j]!;
      const at = c === ':' ? -1 : spec.indexOf(c);
      if (at < 0) {
        return { flags, args, error: a.startsWith('--') ? `unrecognized option '${a}'` : `invalid option -- '${c}'` };
      }
      const values = flags.get(c) ?? [];
      flags.set(c, values);
      if (spec[at + 1] !== ':') {
        values.push('');
        continue;
      }
      const value = j + 1 < a.length ? a.slice(j + 1) : argv[++i];
      if (value === undefined) {
        return { flags, args, error: `option requires an argument -- '${c}'` };
      }
      values.push(value);
      break;
    }
  }
  return { flags, args, error: '' };
}

/** The last value of an option, or `fallback`. */
export function optarg(o: options, letter: string, fallback: string): string {
  return o.flags.get(letter)?.at(-1) ?? fallback;
}

/** Version line that Busybox puts over its usage texts. */
export const BUSYBOX_VERSION = 'BusyBox v1.36.1 (pktgdb) multi-call binary.';

/** Prints the usage text, after `error` if there is one, and ends the program with 1. */
export function bb_show_usage(task: task_struct, error: string): void {
  const { name, usage } = task.program;
  const first = error === '' ? '' : `${name}: ${error}\n`;
  file_puts(task.stderr, `${first}${BUSYBOX_VERSION}\n\nUsage: ${usage}\n`);
  do_exit(task, 1);
}
