/** The programs that the shell finds. */
import type { program } from '../sched.ts';
import { nc_program } from './nc.ts';
import { udhcpc_program } from './udhcpc.ts';

/** A program by its name or its path, or null. */
export function find_program(name: string): program | null {
  const base = /^(?:\/(?:usr\/)?s?bin\/)?([^/]+)$/.exec(name)?.[1] ?? '';
  for (const p of all_programs()) {
    if (p.name === base) {
      return p;
    }
  }
  return null;
}

/** All programs, by name. */
export function all_programs(): readonly program[] {
  return [nc_program, udhcpc_program];
}
