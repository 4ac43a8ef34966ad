/** Where completions come from: commands, names of the stack, registers, fields of packets, files. */
import { readdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { DebugInfo } from '../compiler/debug-info.ts';
import { GRADES } from '../engine/api.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { REGISTER_GROUPS, type RegisterInfo, SINGLE_REGISTERS } from '../inspect/registers.ts';
import { knownFields } from '../packets/fields.ts';
import { type Command, namesOf } from './command.ts';
import { GRADE_WORDS } from './grades.ts';

export type CandidateKind =
  | 'command'
  | 'setting'
  | 'function'
  | 'file'
  | 'register'
  | 'field'
  | 'variable'
  | 'constant'
  | 'struct'
  | 'option'
  | 'value';

/** A word that may stand somewhere. */
export interface Candidate {
  readonly text: string;
  readonly kind: CandidateKind;
  /** One line about it; may be empty. */
  readonly detail: string;
  /** The command that it names, with its full name. */
  readonly command?: { readonly command: Command; readonly path: string };
}

/** What may stand at the end of a part of a line, of which `word` is there already. */
export interface Place {
  readonly word: string;
  readonly candidates: readonly Candidate[];
}

/**
 * What there is where a line is typed. At the prompt the state of the machine counts, in the editor the rest of the
 * script.
 */
export interface Surroundings {
  readonly commands: readonly Command[];
  readonly info: DebugInfo;
  /** Names of locals that an expression may use. */
  readonly locals: Iterable<string>;
  /** Declared types of what a name means, or may mean. */
  typesOf(name: string): Iterable<string>;
  /** Convenience variables, without their dollar, and what is known of each. */
  readonly variables: Iterable<readonly [name: string, detail: string]>;
  /** Numbers of breakpoints and displays, and what each is. */
  readonly breakpoints: Iterable<readonly [number: number, detail: string]>;
  readonly displays: Iterable<readonly [number: number, detail: string]>;
  /** Hosts of the capture that is or will be replayed, and what is known of each. */
  readonly hosts: Iterable<readonly [address: string, detail: string]>;
  /** Where relative names of files start. */
  readonly folder: string;
}

/** Commands by their names, and by the abbreviations that gdb has of their own. `prefix` is what stands before them. */
export function commands(table: readonly Command[], prefix: string): Candidate[] {
  return table
    .filter((c) => c.why === undefined)
    .flatMap((command) => {
      const path = prefix === '' ? command.name : `${prefix} ${command.name}`;
      const kind = command.setting || prefix === 'set' || prefix === 'show' ? 'setting' : 'command';
      return namesOf(command).map((text) => ({
        text,
        kind,
        detail: text === command.name ? command.summary : `${path}: ${command.summary}`,
        command: { command, path },
      }));
    });
}

export function userCommands({ commands: all }: Surroundings): Candidate[] {
  return commands(
    all.filter((c) => c.class === 'user-defined'),
    '',
  );
}

export function numbers(around: Surroundings, of: 'breakpoints' | 'displays'): Candidate[] {
  return Array.from(around[of], ([number, detail]) => ({ text: String(number), kind: 'value', detail }));
}

/** Who may be the guest of a replay. */
export function hosts(around: Surroundings): Candidate[] {
  return Array.from(around.hosts, ([text, detail]) => ({ text, kind: 'value', detail }));
}

/** Grades of divergence. */
export function grades(): Candidate[] {
  return GRADE_WORDS.map((text, i) => ({ text, kind: 'value', detail: GRADES[i] ?? '' }));
}

function functions({ info }: Surroundings): Candidate[] {
  const seen = new Set<string>();
  const named = info.functions.filter((f) => !f.name.startsWith('<') && !seen.has(f.name) && seen.add(f.name));
  return named.map((f) => ({ text: f.name, kind: 'function', detail: `${f.file}:${f.line}` }));
}

function structs({ info }: Surroundings): Candidate[] {
  return info.structs.map((s) => ({ text: s.name, kind: 'struct', detail: `${s.file}:${s.line}` }));
}

function constants({ info }: Surroundings): Candidate[] {
  return info.globals.map((g) => {
    const detail = `${g.type}${g.value === undefined ? '' : ` = ${g.value}`}`;
    return { text: g.name, kind: 'constant', detail };
  });
}

/** What places in the code begin with: functions and files. */
export function places(around: Surroundings): Candidate[] {
  const files = around.info.files.map((text): Candidate => ({ text, kind: 'file', detail: 'source file' }));
  return [...functions(around), ...files];
}

/** Names that the stack gives at top level. */
export function symbols(around: Surroundings): Candidate[] {
  return [...functions(around), ...structs(around), ...constants(around)];
}

function register({ name, description }: RegisterInfo, prefix: string): Candidate {
  return { text: `${prefix}${name}`, kind: 'register', detail: description };
}

/** Registers and groups of them, as `info registers` takes them. */
export function registers(): Candidate[] {
  const groups = REGISTER_GROUPS.map((text): Candidate => ({ text, kind: 'value', detail: 'group of registers' }));
  return [...SINGLE_REGISTERS.map((r) => register(r, '')), ...groups];
}

function fields(): Candidate[] {
  return knownFields().map((f) => ({ text: `$pkt.${f}`, kind: 'field', detail: '' }));
}

/** Names that begin with a dollar. */
function dollars(around: Surroundings): Candidate[] {
  return [
    { text: '$pkt', kind: 'variable', detail: 'the packet that the function handles' },
    ...SINGLE_REGISTERS.map((r) => register(r, '$')),
    ...Array.from(FUNCTIONS, ([name, f]): Candidate => ({ text: `$${name}`, kind: 'function', detail: f.doc })),
    ...Array.from(around.variables, ([name, detail]): Candidate => ({ text: `$${name}`, kind: 'variable', detail })),
    ...fields(),
  ];
}

/** Names for an expression, of which `word` is there. After a `$`, only what begins with one. */
export function expressionNames(around: Surroundings, word: string): Candidate[] {
  if (word.startsWith('$')) {
    return word.startsWith('$pkt.') ? fields() : dollars(around);
  }
  const locals = Array.from(around.locals, (text): Candidate => ({ text, kind: 'variable', detail: 'local' }));
  const names = new Map<string, Candidate>();
  for (const c of [...locals, ...constants(around), ...structs(around), ...functions(around)]) {
    if (!names.has(c.text)) {
      names.set(c.text, c);
    }
  }
  return word === '' ? [...dollars(around), ...names.values()] : [...names.values()];
}

/** Scripts and folders in the folder that `path` is in so far. */
export function scripts({ folder }: Surroundings, path: string): Candidate[] {
  const start = path.includes('/') ? dirname(`${path}x`) : '.';
  try {
    const entries = readdirSync(isAbsolute(start) ? start : join(folder, start), { withFileTypes: true });
    return entries
      .filter((e) => e.isDirectory() || /\.(?:pktgdb|gdb)$/.test(e.name))
      .map((e) => ({ text: e.isDirectory() ? `${e.name}/` : e.name, kind: 'file', detail: '' }));
  } catch {
    return [];
  }
}
