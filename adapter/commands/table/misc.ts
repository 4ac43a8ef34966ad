/** Other commands. */
import type { Command } from '../command.ts';

export const MISC_COMMANDS = [
  {
    name: 'help',
    aliases: ['h'],
    class: 'support',
    takes: 'topic',
    summary: 'Print list of commands.',
    usage: 'help [COMMAND | CLASS | all]',
  },
  {
    name: 'quit',
    aliases: ['q', 'exit'],
    class: 'support',
    takes: 'expression',
    summary: 'Exit pktgdb.',
    usage: 'quit [EXPR]',
    details: 'The optional expression EXPR, if present, is used as the exit code.',
  },
  {
    name: 'echo',
    class: 'support',
    takes: 'escaped-text',
    summary: 'Print a constant string.  Give string as argument.',
    details: [
      'C escape sequences may be used in the argument. No newline is added at the end; use "\\n" if you ' +
        'want one. A backslash at the end of',
      'the line keeps what follows on the next line part of the text.',
    ].join('\n'),
  },
  {
    name: 'shell',
    class: 'support',
    takes: 'shell',
    summary: 'Execute the rest of the line as a shell command.',
    usage: 'shell COMMAND',
  },
  {
    name: 'make',
    class: 'support',
    takes: 'shell',
    summary: 'Run the "make" program using the rest of the line as arguments.',
    usage: 'make [ARGUMENT]...',
  },
  {
    name: 'apropos',
    class: 'support',
    takes: 'regexp',
    summary: 'Search for commands matching a REGEXP.',
    usage: 'apropos [-v] REGEXP',
    details: 'With -v the full documentation of the matching commands is displayed. For example: apropos breakpoint',
  },
  {
    name: 'complete',
    class: 'support',
    takes: 'text',
    summary: 'List the completions for the rest of the line as a command.',
    usage: 'complete LINE',
    details: 'For example: complete info li',
  },
  {
    name: 'cd',
    class: 'files',
    takes: 'nothing',
    summary: 'Set working directory to DIR for debugger.',
    usage: 'cd [DIR]',
    details: 'Without DIR it is the home directory.',
  },
  { name: 'pwd', class: 'files', takes: 'nothing', summary: 'Print working directory.' },
] as const satisfies readonly Command[];
