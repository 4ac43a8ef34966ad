/** Completion of scripts: commands, names of the stack, registers, fields, the machine's options, settings, files. */
import { readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { argumentKind } from '../commands/arguments.ts';
import type { Command } from '../commands/command.ts';
import { MACHINE_OPTIONS } from '../commands/machine-options.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { REGISTER_GROUPS, SINGLE_REGISTERS } from '../inspect/registers.ts';
import { knownFields } from '../packets/fields.ts';
import { type Analysis, isUserError } from './analysis.ts';
import { commandText, VARIABLE_NAMES } from './docs.ts';
import { nameHover, optionContext } from './hover.ts';
import { type Position, type Range, rangeOf, type Script } from './script.ts';

export type CompletionKind =
  | 'command'
  | 'function'
  | 'file'
  | 'register'
  | 'field'
  | 'variable'
  | 'constant'
  | 'struct'
  | 'option'
  | 'value'
  | 'setting';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line beside the label. */
  readonly detail: string;
  /** What it replaces. */
  readonly range: Range;
  /** Markdown; without it `describe` finds one later. */
  readonly documentation?: string;
}

type Item = Omit<Completion, 'range'>;

/** Items of one answer; as many say that there may be more. */
export const MAX_ITEMS = 1000;

/** Completions at a position. `folder` is where relative file names start. */
export function complete(analysis: Analysis, script: Script, position: Position, folder: string): Completion[] {
  const at = script.at(position);
  if (!at || at.line.kind === 'comment' || at.line.kind === 'text') {
    return [];
  }
  const before = at.line.text.slice(0, at.offset);
  const { items, word } = candidates(analysis, script, before, folder);
  const range = rangeOf(at.line, at.offset - word.length, at.offset);
  const lower = word.toLowerCase();
  return items
    .filter((i) => i.label.toLowerCase().includes(lower.replace(/^\$/, '')))
    .slice(0, MAX_ITEMS)
    .map((i) => ({ ...i, range }));
}

/** Markdown about a completion, looked up when it is shown. */
export function describe(analysis: Analysis, label: string): string {
  return nameHover(analysis, label);
}

interface Candidates {
  readonly items: readonly Item[];
  /** What is there of the word already. */
  readonly word: string;
}

/** Walks down the command words of the text before the cursor. */
function candidates(analysis: Analysis, script: Script, before: string, folder: string): Candidates {
  const text = before.trimStart();
  if (/^[\w.-]*$/.test(text)) {
    return { items: analysis.commands(script).flatMap((c) => commandItems(c, '')), word: text };
  }
  try {
    const { command, args, path } = analysis.find(script, text);
    const subcommand = /^[\w-]*$/.test(args) && command.subcommands && !/\s$/.test(args);
    if (subcommand) {
      const items = command.subcommands!.flatMap((c) => commandItems(c, path));
      const more = path === 'set' && args !== '' ? expressionItems(analysis, script) : [];
      return { items: [...items, ...more], word: args };
    }
    // The word of the command itself is still being typed.
    if (args === '' && !/\s$/.test(text)) {
      return subOrNothing(analysis, script, text, path);
    }
    return argumentCandidates(analysis, script, path, command, args, folder);
  } catch (error) {
    if (!isUserError(error)) {
      throw error;
    }
    return unfinished(analysis, script, text);
  }
}

/** `info reg`, with the cursor at its end: the subcommands again. */
function subOrNothing(analysis: Analysis, script: Script, text: string, path: string): Candidates {
  const words = text.split(/\s+/);
  const word = words.pop() ?? '';
  const parent = words.length > 0 ? path.split(' ').slice(0, -1).join(' ') : '';
  if (parent === '') {
    return { items: [], word };
  }
  const { command } = analysis.find(script, parent);
  return { items: (command.subcommands ?? []).flatMap((c) => commandItems(c, parent)), word };
}

/** An ambiguous or unknown subcommand: those of its prefix. */
function unfinished(analysis: Analysis, script: Script, text: string): Candidates {
  const m = /^(.*\s)([\w-]*)$/s.exec(text);
  if (!m) {
    return { items: [], word: '' };
  }
  try {
    const { command, path } = analysis.find(script, m[1]!.trim());
    return { items: (command.subcommands ?? []).flatMap((c) => commandItems(c, path)), word: m[2]! };
  } catch (error) {
    if (!isUserError(error)) {
      throw error;
    }
    return { items: [], word: '' };
  }
}

/** A command by its name; abbreviations that gdb has of their own too. */
function commandItems(c: Command, prefix: string): Item[] {
  const path = prefix === '' ? c.name : `${prefix} ${c.name}`;
  const documentation = commandText(c, path);
  const summary = c.help.split('\n')[0] ?? '';
  return [c.name, ...(c.aliases ?? [])].map((label) => ({
    label,
    kind: prefix === 'set' || prefix === 'show' ? 'setting' : 'command',
    detail: label === c.name ? summary : `${path}: ${summary}`,
    documentation,
  }));
}

function argumentCandidates(
  analysis: Analysis,
  script: Script,
  path: string,
  command: Command,
  args: string,
  folder: string,
): Candidates {
  const kind = argumentKind(path);
  const word = /[\w./-]*$/.exec(args)![0];
  const name = /(?:\$pkt(?:\.\w*)*|\$?\w*)$/.exec(args)![0];
  if (/^\/\S*$/.test(args)) {
    return { items: [], word: '' };
  }
  switch (kind) {
    case 'breakpoint': {
      const condition = /(?:^|\s)if(?=[\s(])/.test(args);
      return condition
        ? { items: expressionItems(analysis, script, name), word: name }
        : { items: placeItems(analysis), word };
    }
    case 'place':
    case 'function':
      return { items: placeItems(analysis), word };
    case 'expression':
    case 'assignment':
    case 'printf':
    case 'type':
    case 'numbered-expression':
      return { items: expressionItems(analysis, script, name), word: name };
    case 'registers':
      return { items: registerItems(''), word: name };
    case 'options':
      return optionCandidates(args);
    case 'file':
      return { items: fileItems(args, folder), word: basename(`x${args}`).slice(args.includes('/') ? 0 : 1) };
    case 'command':
      return { items: analysis.commands(script).flatMap((c) => commandItems(c, '')), word };
    default: {
      const values = command.complete?.(analysis.gdb, args) ?? [];
      return { items: values.map((label) => ({ label, kind: 'value', detail: '' })), word };
    }
  }
}

function placeItems(analysis: Analysis): Item[] {
  const { functions, files } = analysis.engine.info;
  const seen = new Set<string>();
  const named = functions.filter((f) => !f.name.startsWith('<') && !seen.has(f.name) && seen.add(f.name));
  return [
    ...named.map((f): Item => ({ label: f.name, kind: 'function', detail: `${f.file}:${f.line}` })),
    ...files.map((label): Item => ({ label, kind: 'file', detail: 'source file' })),
  ];
}

function registerItems(prefix: string): Item[] {
  const items = SINGLE_REGISTERS.map(
    (r): Item => ({ label: `${prefix}${r.name}`, kind: 'register', detail: r.description }),
  );
  const groups = REGISTER_GROUPS.map((label): Item => ({ label, kind: 'value', detail: 'group of registers' }));
  return prefix === '' ? [...items, ...groups] : items;
}

function fieldItems(): Item[] {
  return knownFields().map((f) => ({ label: `$pkt.${f}`, kind: 'field', detail: '' }));
}

/** Names for an expression, of which `word` is there. After a `$`, only what begins with one. */
function expressionItems(analysis: Analysis, script: Script, word = ''): Item[] {
  if (word.startsWith('$pkt.')) {
    return fieldItems();
  }
  const dollars: Item[] = [
    { label: '$pkt', kind: 'variable', detail: 'the packet that the function handles' },
    ...registerItems('$'),
    ...[...FUNCTIONS].map(([name, f]): Item => ({ label: `$${name}`, kind: 'function', detail: f.doc })),
    ...VARIABLE_NAMES.filter((n) => n !== 'pkt').map(
      (n): Item => ({ label: `$${n}`, kind: 'variable', detail: 'set by the debugger' }),
    ),
    ...variables(script).map((n): Item => ({ label: `$${n}`, kind: 'variable', detail: 'set by this script' })),
    ...fieldItems(),
  ];
  if (word.startsWith('$')) {
    return dollars;
  }
  const { functions, globals, structs } = analysis.engine.info;
  const names = new Map<string, Item>();
  const add = (label: string, kind: CompletionKind, detail: string): unknown =>
    names.has(label) || names.set(label, { label, kind, detail });
  for (const l of analysis.locals) {
    add(l, 'variable', 'local');
  }
  for (const g of globals) {
    add(g.name, 'constant', `${g.type}${g.value === undefined ? '' : ` = ${g.value}`}`);
  }
  for (const s of structs) {
    add(s.name, 'struct', `${s.file}:${s.line}`);
  }
  for (const f of functions) {
    if (!f.name.startsWith('<')) {
      add(f.name, 'function', `${f.file}:${f.line}`);
    }
  }
  return word === '' ? [...dollars, ...names.values()] : [...names.values()];
}

function variables(script: Script): string[] {
  const names = script.lines.flatMap((l) => [...l.text.matchAll(/\$([a-z]\w*)\s*=(?!=)/g)].map((m) => m[1]!));
  return [...new Set(names)];
}

/** `-netdev user,id=n0,hostf`: options, their kinds, parameters, values. */
function optionCandidates(args: string): Candidates {
  const at = optionContext(args);
  if (!at || Object.keys(at.option.kinds).length === 0) {
    const word = /[\w-]*$/.exec(args)![0];
    return { items: MACHINE_OPTIONS.map((o) => ({ label: o.name, kind: 'option', detail: o.description })), word };
  }
  const part = at.value.slice(at.value.lastIndexOf(',') + 1);
  if (!at.value.includes(',')) {
    const kinds = Object.entries(at.option.kinds);
    return { items: kinds.map(([label, k]) => ({ label, kind: 'value', detail: k.description })), word: part };
  }
  const eq = part.indexOf('=');
  const parameters = at.kind?.parameters ?? [];
  if (eq < 0) {
    return {
      items: parameters.map((p) => ({ label: `${p.name}=`, kind: 'option', detail: p.description })),
      word: part,
    };
  }
  const values = parameters.find((p) => p.name === part.slice(0, eq))?.values ?? [];
  return { items: values.map((label) => ({ label, kind: 'value', detail: '' })), word: part.slice(eq + 1) };
}

function fileItems(args: string, folder: string): Item[] {
  const start = args.includes('/') ? dirname(`${args}x`) : '.';
  try {
    const entries = readdirSync(isAbsolute(start) ? start : join(folder, start), { withFileTypes: true });
    return entries
      .filter((e) => e.isDirectory() || /\.(?:pktgdb|gdb)$/.test(e.name))
      .map((e) => ({ label: e.isDirectory() ? `${e.name}/` : e.name, kind: 'file', detail: '' }));
  } catch {
    return [];
  }
}
