/** Hovers: what a command does, what a name of the stack, a register, a field or an option is. */

import { find_option } from '../commands/machine-options.ts';
import type { Analysis } from './analysis.ts';
import { type Line, line_at, type Word, word_at } from './cursor.ts';
import {
  command_text,
  convenience_text,
  field_group_text,
  field_text,
  find_field,
  find_register,
  function_text,
  global_text,
  register_text,
  struct_text,
  variable_text,
} from './docs.ts';
import { type Position, type Range, range_of, type Script } from './script.ts';

export interface Hover {
  readonly range: Range;
  /** Markdown. */
  readonly text: string;
}

export function hover(analysis: Analysis, script: Script, position: Position): Hover | undefined {
  const at = line_at(analysis, script, position);
  const word = at && word_at(at.line.text, at.offset);
  if (!at || !word) {
    return undefined;
  }
  const text =
    at.offset < at.args || word.from < at.args
      ? command_hover(analysis, script, at, word)
      : argument_hover(analysis, at, word);
  return text === '' ? undefined : { range: range_of(at.line, word.from, word.to), text };
}

/** On the first word of `info registers`: `info`; on the second: the whole. */
function command_hover(analysis: Analysis, script: Script, { line, found }: Line, word: Word): string {
  if (!found) {
    return '';
  }
  const upto = line.text.slice(0, word.to).trim();
  try {
    const { command, path } = analysis.find(script, upto);
    return command_text(command, path);
  } catch {
    return command_text(found.command, found.path);
  }
}

function argument_hover(analysis: Analysis, { line, kind, args }: Line, word: Word): string {
  if (kind === 'options') {
    return option_hover(line.text.slice(args, word.to), word.text);
  }
  if (kind === 'command') {
    const found = analysis.gdb.table.find((c) => c.name === word.text);
    return found ? command_text(found, found.name) : '';
  }
  return name_hover(analysis, word.text, kind === 'registers');
}

/** A name in an expression or a place. */
export function name_hover(analysis: Analysis, name: string, register = false): string {
  if (name.startsWith('$pkt.')) {
    const field = find_field(name.slice(5));
    return field ? field_text(field) : field_group_text(name.slice(5));
  }
  if (name.startsWith('$') || register) {
    const bare = name.replace(/^\$/, '');
    const found = find_register(register ? bare.toUpperCase() : bare);
    return found ? register_text(found) : convenience_text(bare) || variable_text(bare);
  }
  const { functions, structs, globals } = analysis.engine.info;
  const texts = [
    ...functions.filter((f) => f.name === name || f.name.endsWith(`.${name}`)).map(function_text),
    ...structs.filter((s) => s.name === name).map(struct_text),
    ...globals.filter((g) => g.name === name).map(global_text),
  ];
  return [...new Set(texts)].slice(0, MAX_SAME).join('\n\n---\n\n');
}

/** Things of the same name that a hover shows. */
const MAX_SAME = 3;

/** `before` is the text of the options up to and with the word. */
function option_hover(before: string, word: string): string {
  const option = find_option(word);
  if (option) {
    const kinds = Object.entries(option.kinds).map(([name, k]) => `- \`${name}\`: ${k.description}`);
    return [`**${option.name}**`, option.description, kinds.join('\n')].filter((t) => t !== '').join('\n\n');
  }
  const { kind } = option_context(before) ?? {};
  const parameter = kind?.parameters.find((p) => p.name === word);
  if (parameter) {
    const values = parameter.values ? `Such as ${parameter.values.map((v) => `\`${v}\``).join(', ')}` : '';
    return [`**${parameter.name}=**`, parameter.description, values].filter((t) => t !== '').join('\n\n');
  }
  const owner = option_context(before)?.option;
  const named = owner && Object.hasOwn(owner.kinds, word) ? owner.kinds[word] : undefined;
  return named ? `**${owner!.name} ${word}**\n\n${named.description}` : '';
}

/** The option whose value the end of `text` is in, the kind it has, and the value up to there. */
export function option_context(text: string) {
  const m = /(?:^|\s)(--?[\w-]+)\s+(\S*)$/.exec(text);
  const option = m ? find_option(m[1]!) : undefined;
  if (!m || !option) {
    return undefined;
  }
  const value = m[2]!;
  const type = /^(?:(?:type|driver)=)?([^,=]*)/.exec(value)![1]!;
  const kind = Object.hasOwn(option.kinds, type) ? option.kinds[type] : undefined;
  return { option, value, kind };
}
