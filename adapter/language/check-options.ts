/** Checks of the machine's options in a script, with the machine's own parsers. */
import { CommandError } from '../commands/command.ts';
import { didYouMean } from '../commands/known-names.ts';
import { findOption, type MachineOption } from '../commands/machine-options.ts';
import { type ShellWord, shellWords } from '../commands/words.ts';
import { type Span, within } from '../packets/span.ts';
import { parse_netdev_user } from '../stack/net/slirp_options.ts';
import { qemu_parse_args } from '../stack/softmmu/vl.ts';
import { near } from '../stack/util/near.ts';
import { OptionError, qemu_opts_parse } from '../stack/util/qemu-option.ts';

/** Names that the first word of a value may be given with. */
const KIND_NAMES: readonly string[] = ['type', 'driver', 'qom-type'];

/** Throws `CommandError` for options that the machine would refuse. */
export function checkOptions(text: string): void {
  if (text === '') {
    return;
  }
  try {
    checkWords(shellWords(text.replace(/(?:^|\s)&$/, '')));
  } catch (error) {
    throw error instanceof OptionError ? new CommandError(error.message) : error;
  }
}

function checkWords(words: readonly ShellWord[]): void {
  qemu_parse_args(words.map((w) => w.word));
  for (let i = 0; i < words.length; i++) {
    const option = findOption(words[i]?.word ?? '');
    const value = words[i + 1];
    if (option && value && Object.keys(option.kinds).length > 0) {
      const flag = words[i++]?.word ?? '';
      within(value.word, value.start, () => checkValue(option, flag, value));
    }
  }
}

/** The value of an option with parameters: its first word, the names, and what a user network says about them. */
function checkValue(
  { name: optionName, kinds }: MachineOption,
  flag: string,
  { word: value, start, end }: ShellWord,
): void {
  const opts = qemu_opts_parse(flag, value, 'type');
  const type = opts.params.find((p) => KIND_NAMES.includes(p.name))?.value ?? '';
  if (optionName === '-object' && !/^(filter|colo)-/.test(type)) {
    return; // The machine ignores objects that are no filters.
  }
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  const known = (kind?.parameters ?? []).map((p) => p.name);
  // Quotes move the words of the value.
  const part = (text: string) => (end - start === value.length ? spanOf(value, text) : undefined);
  if (!kind) {
    const message = `${flag} ${value}: unknown "${type}"; known: ${Object.keys(kinds).join(', ')}`;
    throw new CommandError(message, part(type));
  }
  for (const { name } of opts.params) {
    if (!KIND_NAMES.includes(name) && !known.includes(name)) {
      const hint = didYouMean(near(name, known)) || ` Known: ${known.join(', ')}.`;
      throw new CommandError(`${flag} ${value}: there is no parameter "${name}".${hint}`, part(name));
    }
  }
  if (type === 'user') {
    parse_netdev_user(opts);
  }
}

/** The part of a value that is `text`, as a whole word of it. */
function spanOf(value: string, text: string): Span | undefined {
  for (const m of value.matchAll(/[^,=]+/g)) {
    if (m[0] === text) {
      return { start: m.index, end: m.index + text.length };
    }
  }
  return undefined;
}
