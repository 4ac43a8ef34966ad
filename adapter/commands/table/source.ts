/** Commands about the source text. */
import type { Command } from '../command.ts';

export const SOURCE_COMMANDS = [
  {
    name: 'list',
    aliases: ['l'],
    class: 'files',
    takes: 'location',
    repeat: 'list',
    summary: 'List specified function or line.',
    usage: 'list [LOCATION | FIRST,LAST | FIRST, | ,LAST | -]',
    details:
      'With no argument, lists ten more lines after or around the previous listing. "list -" lists the ten before.',
  },
  {
    name: 'forward-search',
    aliases: ['search', 'fo'],
    class: 'files',
    takes: 'nothing',
    summary: 'Search for regular expression from last line listed.',
    usage: 'forward-search REGEX',
  },
  {
    name: 'reverse-search',
    aliases: ['rev'],
    class: 'files',
    takes: 'nothing',
    summary: 'Search backward for regular expression from last line listed.',
    usage: 'reverse-search REGEX',
  },
] as const satisfies readonly Command[];
