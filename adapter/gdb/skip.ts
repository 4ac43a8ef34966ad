/** `skip`: functions and files that `step` does not stop in. */
import { basename } from 'node:path';
import { CommandError } from '../commands/command.ts';
import { findFile, findFunctions, unknownFunction } from '../commands/linespec.ts';
import type { FunctionInfo } from '../compiler/debug-info.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { parseNumbers, regexOf } from './places.ts';

/** Functions, of a file or of all. */
export interface Skip {
  readonly id: number;
  enabled: boolean;
  readonly file?: string;
  /** Files by a pattern of the shell's. */
  readonly glob?: string;
  readonly fn?: string;
  /** Functions by a regular expression. */
  readonly regex?: string;
}

type What = Omit<Skip, 'id' | 'enabled'>;

export function skipsAny(gdb: GdbInterpreter): boolean {
  return gdb.skips.some((s) => s.enabled);
}

export function skips(gdb: GdbInterpreter, { file, name }: FunctionInfo): boolean {
  return gdb.skips.some(
    (s) =>
      s.enabled &&
      (s.file ?? file) === file &&
      (s.glob === undefined || globMatches(s.glob, file)) &&
      (s.fn ?? name) === name &&
      (s.regex === undefined || regexOf(s.regex).test(name)),
  );
}

/** A pattern without a folder is one of the file's own name. */
function globMatches(glob: string, file: string): boolean {
  const source = glob
    .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return regexOf(`^${source}$`).test(glob.includes('/') ? file : basename(file));
}

function add(gdb: GdbInterpreter, what: What): void {
  gdb.skips.push({ id: (gdb.skips.at(-1)?.id ?? 0) + 1, enabled: true, ...what });
}

/** `skip [FUNCTION]`, `skip [-fi FILE | -gfi GLOB] [-fu FUNCTION | -rfu REGEXP]`. */
export async function skip(gdb: GdbInterpreter, args: string): Promise<void> {
  const words = args.trim().split(/\s+/);
  if (!words[0]?.startsWith('-')) {
    return skipFunction(gdb, args);
  }
  const what: { -readonly [K in keyof What]: What[K] } = {};
  for (let i = 0; i < words.length; i += 2) {
    const [option = '', value] = words.slice(i, i + 2);
    const key = OPTIONS[option];
    if (key === undefined) {
      throw new CommandError(`Invalid skip option: ${option}`);
    }
    if (value === undefined) {
      throw new CommandError(`Missing value for ${option} option.`);
    }
    what[key] = key === 'file' ? findFile(gdb.engine, value) : value;
  }
  if ((what.file !== undefined && what.glob !== undefined) || (what.fn !== undefined && what.regex !== undefined)) {
    throw new CommandError(`Cannot specify both ${what.glob === undefined ? '-fu and -rfu' : '-fi and -gfi'}.`);
  }
  checkFunctions(gdb, what);
  add(gdb, what);
  gdb.out(`${describe(what)} will be skipped when stepping.\n`);
}

const OPTIONS: Readonly<Record<string, keyof What>> = {
  '-fi': 'file',
  '-file': 'file',
  '-gfi': 'glob',
  '-gfile': 'glob',
  '-fu': 'fn',
  '-function': 'fn',
  '-rfu': 'regex',
  '-rfunction': 'regex',
};

function checkFunctions(gdb: GdbInterpreter, { fn, regex }: What): void {
  if (regex !== undefined) {
    regexOf(regex);
  }
  if (fn !== undefined && findFunctions(gdb.engine, fn).length === 0) {
    throw new CommandError(unknownFunction(gdb.engine, fn));
  }
}

/** `Function add in file util/t.ts`. */
function describe({ file, glob, fn, regex }: What): string {
  const functions = fn !== undefined ? `Function ${fn}` : regex !== undefined ? `Function(s) ${regex}` : '';
  const files = file !== undefined ? `File ${file}` : glob !== undefined ? `File(s) ${glob}` : '';
  return functions !== '' && files !== ''
    ? `${functions} in ${files[0]?.toLowerCase()}${files.slice(1)}`
    : functions + files;
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
  if (/[^\s\d$,-]/.test(args.replace(/\$\w+/g, '$'))) {
    throw new CommandError("Arguments must be numbers or '$' variables.");
  }
  const wanted = parseNumbers(gdb, args, 'skiplist entry number');
  const chosen = gdb.skips.filter((s) => wanted.length === 0 || wanted.includes(s.id));
  if (chosen.length === 0 && wanted.length > 0) {
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
export function infoSkip(gdb: GdbInterpreter, args: string): void {
  const wanted = parseNumbers(gdb, args, 'skiplist entry number');
  const shown = gdb.skips.filter((s) => wanted.length === 0 || wanted.includes(s.id));
  if (shown.length === 0) {
    const none =
      wanted.length > 0
        ? `No skiplist entries found with number ${args.trim()}.`
        : 'Not skipping any files or functions.';
    gdb.out(`${none}\n`);
    return;
  }
  const row = (...cells: string[]): string =>
    cells
      .map((c, i) => c.padEnd([5, 3, 4, 20, 2, 0][i]!))
      .join(' ')
      .trimEnd();
  gdb.out(`${row('Num', 'Enb', 'Glob', 'File', 'RE', 'Function')}\n`);
  for (const s of shown) {
    const [glob, re] = [s.glob === undefined ? 'n' : 'y', s.regex === undefined ? 'n' : 'y'];
    const file = s.file ?? s.glob ?? '<none>';
    const cells = [String(s.id), s.enabled ? 'y' : 'n', `   ${glob}`, file, ` ${re}`, s.fn ?? s.regex ?? '<none>'];
    gdb.out(`${row(...cells)}\n`);
  }
}
