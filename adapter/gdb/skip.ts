/** `skip`: functions and files that `step` does not stop in. */
import { CommandError } from '../commands/command.ts';
import { findFile, findFunctions, unknownFunction } from '../commands/linespec.ts';
import type { FunctionInfo } from '../compiler/debug-info.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { parseNumbers } from './places.ts';

/** A function, or the functions of a file. */
export interface Skip {
  readonly id: number;
  enabled: boolean;
  readonly file?: string;
  readonly fn?: string;
}

export function skipsAny(gdb: GdbInterpreter): boolean {
  return gdb.skips.some((s) => s.enabled);
}

export function skips(gdb: GdbInterpreter, { file, name }: FunctionInfo): boolean {
  return gdb.skips.some((s) => s.enabled && (s.file === undefined || s.file === file) && (s.fn ?? name) === name);
}

function add(gdb: GdbInterpreter, what: { readonly file?: string; readonly fn?: string }): void {
  gdb.skips.push({ id: (gdb.skips.at(-1)?.id ?? 0) + 1, enabled: true, ...what });
}

/** `skip [FUNCTION]`, `skip -fu FUNCTION`, `skip -fi FILE`. */
export async function skip(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, option, value = ''] = /^-(fu|function|fi|file)\s+(.*)$/.exec(args.trim()) ?? [];
  if (option === 'fi' || option === 'file') {
    return skipFile(gdb, value);
  }
  return skipFunction(gdb, option === undefined ? args : value);
}

export async function skipFunction(gdb: GdbInterpreter, args: string): Promise<void> {
  const name = args.trim() || (await gdb.selected('No default function now.')).fn.name;
  if (findFunctions(gdb.engine, name).length === 0) {
    throw new CommandError(unknownFunction(gdb.engine, name));
  }
  add(gdb, { fn: name });
  gdb.out(`Function ${name} will be skipped when stepping.\n`);
}

export async function skipFile(gdb: GdbInterpreter, args: string): Promise<void> {
  const name = args.trim();
  const file = name === '' ? (await gdb.selected('No default file now.')).fn.file : findFile(gdb.engine, name);
  add(gdb, { file });
  gdb.out(`File ${file} will be skipped when stepping.\n`);
}

/** `skip delete|enable|disable [NUM]...`. */
export function changeSkips(gdb: GdbInterpreter, args: string, change: 'delete' | 'enable' | 'disable'): void {
  const wanted = parseNumbers(gdb, args, 'skiplist entry number');
  const chosen = gdb.skips.filter((s) => wanted.length === 0 || wanted.includes(s.id));
  if (chosen.length === 0) {
    throw new CommandError(`No skiplist entries found with number ${args.trim()}.`);
  }
  for (const s of chosen) {
    if (change === 'delete') {
      gdb.skips.splice(gdb.skips.indexOf(s), 1);
    } else {
      s.enabled = change === 'enable';
    }
  }
}

/** `info skip`. */
export function infoSkip(gdb: GdbInterpreter): void {
  if (gdb.skips.length === 0) {
    gdb.out('Not skipping any files or functions.\n');
    return;
  }
  const row = (...cells: string[]): string =>
    cells
      .map((c, i) => c.padEnd([5, 3, 4, 20, 2, 0][i]!))
      .join(' ')
      .trimEnd();
  gdb.out(`${row('Num', 'Enb', 'Glob', 'File', 'RE', 'Function')}\n`);
  for (const s of gdb.skips) {
    const cells = [String(s.id), s.enabled ? 'y' : 'n', '   n', s.file ?? '<none>', ' n', s.fn ?? '<none>'];
    gdb.out(`${row(...cells)}\n`);
  }
}
