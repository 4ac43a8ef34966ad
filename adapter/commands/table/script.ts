/** Commands of scripts: blocks of lines, and `source`. */
import type { Command } from '../command.ts';

const LINES = 'The lines up to "end" belong to it.';

export const SCRIPT_COMMANDS = [
  {
    name: 'source',
    class: 'support',
    takes: 'file',
    summary: 'Read commands from a file named FILE.',
    usage: 'source [-v] FILE',
    details: `With -v each line is printed before it is executed.
A file whose name ends in .mjs or .js is JavaScript (see "js").`,
  },
  {
    name: 'js',
    class: 'support',
    takes: 'text',
    summary: 'Evaluate JavaScript.',
    usage: 'js [CODE]',
    details: `Without CODE, the lines up to "end" are run as they are, and only what they print is shown.
"pktgdb" has breakpoints, events, frames, values, packets and queries; examples/pktgdb.d.ts describes it.
For example: js 6 * 7`,
  },
  {
    name: 'loop_break',
    class: 'support',
    takes: 'nothing',
    summary: 'Break out of a "while" loop.',
    usage: 'loop_break',
  },
  {
    name: 'loop_continue',
    class: 'support',
    takes: 'nothing',
    summary: 'Begin the next round of a "while" loop.',
    usage: 'loop_continue',
  },
  {
    name: 'define-prefix',
    class: 'support',
    takes: 'name',
    summary: 'Define or mark a command as a user-defined prefix command.',
    usage: 'define-prefix NAME',
    details: `Commands can be defined below it:
  define-prefix net
  define net show
    info usernet
  end`,
  },
  {
    name: 'alias',
    class: 'support',
    takes: 'text',
    summary: 'Define a new command that is an alias of an existing command.',
    usage: 'alias [-a] [--] ALIAS = COMMAND [DEFAULT-ARGS...]',
    details: 'For example: alias pp = print -pretty --',
  },
  {
    name: 'pipe',
    class: 'support',
    takes: 'text',
    summary: "Send the output of a command to a shell command's standard input.",
    usage: 'pipe COMMAND | SHELL_COMMAND | pipe -d DELIM COMMAND DELIM SHELL_COMMAND',
    details: `Without COMMAND the last one is executed again. For example:
  pipe info functions tcp_ | wc -l`,
  },
  {
    name: 'with',
    aliases: ['w'],
    class: 'data',
    takes: 'text',
    summary: 'Temporarily set SETTING to VALUE, run COMMAND using the setting, and restore it.',
    usage: 'with SETTING [VALUE] [-- COMMAND]',
    details: `Without COMMAND the last one is executed again. For example:
  with print pretty -- print *machine`,
  },
  {
    name: 'eval',
    class: 'support',
    takes: 'printf',
    summary: 'Convert the arguments to a string as "printf" would, and execute that as a command.',
    usage: 'eval "format string", ARG1, ARG2, ..., ARGN',
    details: `For example:
  eval "echo %d\\n", 6 * 7`,
  },
  {
    name: 'dont-repeat',
    class: 'support',
    takes: 'nothing',
    summary: "Don't repeat this command with an empty line, in a user-defined command.",
    usage: 'dont-repeat',
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
