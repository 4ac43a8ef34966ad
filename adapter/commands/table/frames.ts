/** Commands about the call stack. */
import type { Command } from '../command.ts';

export const FRAME_COMMANDS = [
  {
    name: 'backtrace',
    aliases: ['bt', 'where'],
    class: 'stack',
    takes: 'number',
    words: ['full'],
    summary: 'Print backtrace of all stack frames, or innermost COUNT frames.',
    usage: 'backtrace [full] [COUNT | -COUNT]',
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
  },
  {
    name: 'up',
    class: 'stack',
    takes: 'number',
    repeat: true,
    summary: 'Select and print stack frame that called this one.',
    usage: 'up [N]',
  },
  {
    name: 'down',
    aliases: ['dow'],
    class: 'stack',
    takes: 'number',
    repeat: true,
    summary: 'Select and print stack frame called by this one.',
    usage: 'down [N]',
  },
] as const satisfies readonly Command[];
