/** Commands about the call stack. */
import type { Command } from '../command.ts';

export const FRAME_COMMANDS = [
  {
    name: 'backtrace',
    aliases: ['bt', 'where'],
    class: 'stack',
    takes: 'number',
    words: ['full', '-full', '-frame-arguments', '-frame-info', '-past-main'],
    summary: 'Print backtrace of all stack frames, or innermost COUNT frames.',
    usage: 'backtrace [full] [-frame-arguments all|scalars|none|presence] [-past-main on|off] [COUNT | -COUNT]',
    details: 'With a negative argument, print outermost -COUNT frames. "full" prints the locals too.',
  },
  {
    name: 'frame',
    aliases: ['f'],
    class: 'stack',
    takes: 'frame',
    words: ['level', 'function'],
    summary: 'Select and print a stack frame.',
    usage: 'frame [N | level N | function NAME]',
    subcommands: [
      {
        name: 'apply',
        class: 'stack',
        takes: 'number',
        summary: 'Apply a command to a number of frames.',
        usage: 'frame apply all | COUNT | -COUNT | level N... [-q] [-c] [-s] COMMAND',
        details: `-q leaves out the lines of the frames, -c goes on after errors, -s passes over frames with errors.
  frame apply all -s print so`,
      },
    ],
  },
  {
    name: 'faas',
    class: 'stack',
    takes: 'text',
    summary: 'Apply a command to all frames (ignoring errors and empty output).',
    usage: 'faas COMMAND',
  },
  {
    name: 'thread',
    class: 'running',
    takes: 'text',
    summary: 'Show the current thread, or its innermost frame: the machine has thread 1 alone, its main loop.',
    usage: 'thread [1]',
    subcommands: [
      {
        name: 'apply',
        class: 'running',
        takes: 'text',
        summary: 'Apply a command to a list of threads: 1, or all, which is the same.',
        usage: 'thread apply 1|all [-q] [-c] [-s] COMMAND',
        details: `-q leaves the line with the thread out, -c prints an error and goes on, -s leaves errors out.
For example: thread apply all bt 3`,
      },
    ],
  },
  {
    name: 'taas',
    class: 'running',
    takes: 'text',
    summary: 'Apply a command to all threads (ignoring errors and empty output).',
    usage: 'taas COMMAND',
  },
  {
    name: 'tfaas',
    class: 'running',
    takes: 'text',
    summary: 'Apply a command to all frames of all threads (ignoring errors and empty output).',
    usage: 'tfaas COMMAND',
  },
  {
    name: 'select-frame',
    class: 'stack',
    takes: 'frame',
    summary: 'Select a stack frame without printing anything.',
    usage: 'select-frame [N | level N | function NAME]',
  },
  {
    name: 'up-silently',
    class: 'stack',
    takes: 'number',
    summary: 'Same as the "up" command, but does not print anything.',
    usage: 'up-silently [N]',
  },
  {
    name: 'down-silently',
    class: 'stack',
    takes: 'number',
    summary: 'Same as the "down" command, but does not print anything.',
    usage: 'down-silently [N]',
  },
  {
    name: 'up',
    class: 'stack',
    takes: 'number',
    summary: 'Select and print stack frame that called this one.',
    usage: 'up [N]',
  },
  {
    name: 'down',
    aliases: ['dow'],
    class: 'stack',
    takes: 'number',
    summary: 'Select and print stack frame called by this one.',
    usage: 'down [N]',
  },
] as const satisfies readonly Command[];
