/** Commands of scripts: blocks of lines, and `source`. */
import type { Command } from '../command.ts';

const LINES = 'The lines up to "end" belong to it.';

export const SCRIPT_COMMANDS = [
  {
    name: 'source',
    class: 'support',
    takes: 'file',
    summary: 'Read commands from a file named FILE.',
    usage: 'source FILE',
  },
  {
    name: 'commands',
    class: 'breakpoints',
    takes: 'breakpoints',
    block: 'commands',
    summary: 'Set commands to be executed when the given breakpoint is hit.',
    usage: 'commands [N]',
    details: LINES,
  },
  {
    name: 'define',
    class: 'support',
    takes: 'name',
    block: 'define',
    summary: 'Define a new command name.',
    usage: 'define NAME',
    details: LINES,
  },
  {
    name: 'document',
    class: 'support',
    takes: 'name',
    block: 'document',
    summary: 'Document a user-defined command.',
    usage: 'document NAME',
    details: LINES,
  },
  {
    name: 'if',
    class: 'support',
    takes: 'expression',
    block: 'if',
    summary: 'Execute nested commands once IF the conditional expression is non zero.',
    usage: 'if EXP',
    details: LINES,
  },
  {
    name: 'while',
    class: 'support',
    takes: 'expression',
    block: 'while',
    summary: 'Execute nested commands WHILE the conditional expression is non zero.',
    usage: 'while EXP',
    details: LINES,
  },
] as const satisfies readonly Command[];
