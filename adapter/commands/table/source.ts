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
] as const satisfies readonly Command[];
