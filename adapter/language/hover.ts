/** Hovers: what a command does, what a name of the stack, a register, a field or an option is. */

import { findOption } from '../commands/machine-options.ts';
import { optionContext } from '../commands/options.ts';
import { COMMANDS } from '../commands/table/index.ts';
import { findRegister } from '../inspect/registers.ts';
import type { Analysis } from './analysis.ts';
import { type Line, lineAt, nameAt, type Word } from './cursor.ts';
import {
  commandText,
  convenienceText,
  fieldGroupText,
  fieldText,
  findField,
  functionText,
  globalText,
  registerText,
  structText,
  variableText,
} from './docs.ts';
import { type Position, type Range, rangeOf, type Script } from './script.ts';

export interface Hover {
  readonly range: Range;
  /** Markdown. */
  readonly text: string;
}

export function hover(analysis: Analysis, script: Script, position: Position): Hover | undefined {
  const at = lineAt(analysis, script, position);
  const word = at && nameAt(at.line.text, at.offset);
  if (!at || !word) {
    return undefined;
  }
  const text =
    at.offset < at.args || word.from < at.args
      ? commandHover(analysis, script, at, word)
      : argumentHover(analysis, at, word);
  return text === '' ? undefined : { range: rangeOf(at.line, word.from, word.to), text };
}

/** On the first word of `info registers`: `info`; on the second: the whole. */
function commandHover(analysis: Analysis, script: Script, { line, found }: Line, word: Word): string {
  if (!found) {
    return '';
  }
  const upto = line.text.slice(0, word.to).trim();
  try {
    const { command, path } = analysis.find(script, upto);
    return commandText(command, path);
  } catch {
    return commandText(found.command, found.path);
  }
}

function argumentHover(analysis: Analysis, { line, kind, args }: Line, word: Word): string {
  if (kind === 'options') {
    return optionHover(line.text.slice(args, word.to), word.text);
  }
  if (kind === 'topic') {
    const found = COMMANDS.find((c) => c.name === word.text);
    return found ? commandText(found, found.name) : '';
  }
  return nameHover(analysis, word.text, kind === 'registers');
}

/** A name in an expression or a place. */
export function nameHover(analysis: Analysis, name: string, register = false): string {
  if (name.startsWith('$pkt.')) {
    const field = findField(name.slice(5));
    return field ? fieldText(field) : fieldGroupText(name.slice(5));
  }
  if (name.startsWith('$') || register) {
    const bare = name.replace(/^\$/, '');
    const found = findRegister(register ? bare.toUpperCase() : bare);
    return found ? registerText(found) : convenienceText(bare) || variableText(bare);
  }
  const { functions, structs, globals } = analysis.engine.info;
  const texts = [
    ...functions.filter((f) => f.name === name || f.name.endsWith(`.${name}`)).map(functionText),
    ...structs.filter((s) => s.name === name).map(structText),
    ...globals.filter((g) => g.name === name).map(globalText),
  ];
  return [...new Set(texts)].slice(0, MAX_SAME).join('\n\n---\n\n');
}

/** Things of the same name that a hover shows. */
const MAX_SAME = 3;

/** `before` is the text of the options up to and with the word. */
function optionHover(before: string, word: string): string {
  const option = findOption(word);
  if (option) {
    const kinds = Object.entries(option.kinds).map(([name, k]) => `- \`${name}\`: ${k.description}`);
    return [`**${option.name}**`, option.description, kinds.join('\n')].filter((t) => t !== '').join('\n\n');
  }
  const at = optionContext(before);
  const parameter = at?.kind?.parameters.find((p) => p.name === word);
  if (parameter) {
    const values = parameter.values ? `Such as ${parameter.values.map((v) => `\`${v}\``).join(', ')}` : '';
    return [`**${parameter.name}=**`, parameter.description, values].filter((t) => t !== '').join('\n\n');
  }
  const named = at && Object.hasOwn(at.option.kinds, word) ? at.option.kinds[word] : undefined;
  return at && named ? `**${at.option.name} ${word}**\n\n${named.description}` : '';
}
