/** Checks of the machine's options in a script, with the machine's own parsers. */
import { CommandError } from '../commands/command.ts';
import { findOption } from '../commands/machine-options.ts';
import { splitWords } from '../commands/words.ts';
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
    checkWords(splitWords(text.replace(/(?:^|\s)&$/, '')));
  } catch (error) {
    throw error instanceof OptionError ? new CommandError(error.message) : error;
  }
}

function checkWords(words: readonly string[]): void {
  qemu_parse_args(words);
  for (let i = 0; i + 1 < words.length; i++) {
    const option = findOption(words[i]!);
    if (option && Object.keys(option.kinds).length > 0) {
      checkValue(words[i]!, words[++i]!);
    }
  }
}

/** The value of an option with parameters: its first word, the names, and what a user network says about them. */
function checkValue(flag: string, value: string): void {
  const { kinds } = findOption(flag)!;
  const opts = qemu_opts_parse(flag, value, 'type');
  const type = opts.params.find((p) => KIND_NAMES.includes(p.name))?.value ?? '';
  if (flag.replace(/^--/, '-') === '-object' && !/^(filter|colo)-/.test(type)) {
    return; // The machine ignores objects that are no filters.
  }
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind) {
    throw new CommandError(`${flag} ${value}: unknown "${type}"; known: ${Object.keys(kinds).join(', ')}`);
  }
  const known = kind.parameters.map((p) => p.name);
  for (const { name } of opts.params) {
    if (!KIND_NAMES.includes(name) && !known.includes(name)) {
      const like = near(name, known);
      const hint = like.length > 0 ? ` Did you mean ${like.join(', ')}?` : ` Known: ${known.join(', ')}.`;
      throw new CommandError(`${flag} ${value}: there is no parameter "${name}".${hint}`);
    }
  }
  if (type === 'user') {
    parse_netdev_user(opts);
  }
}
