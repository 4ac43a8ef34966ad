/** Commands that go back in what has been recorded. */
import type { Command } from '../command.ts';

export const HISTORY_COMMANDS = [
  {
    name: 'reverse-continue',
    aliases: ['rc'],
    class: 'running',
    takes: 'nothing',
    summary: 'Continue program being debugged but run it in reverse.',
    usage: 'reverse-continue',
    details: 'It stops where a breakpoint was hit last, or where history begins. Hits are not counted.',
  },
  {
    name: 'reverse-step',
    aliases: ['rs'],
    class: 'running',
    takes: 'expression',
    summary: 'Step program backward until it reaches the beginning of another source line.',
    usage: 'reverse-step [N]',
    details: 'Argument N means do this N times (or till program stops for another reason).',
  },
  {
    name: 'reverse-next',
    aliases: ['rn'],
    class: 'running',
    takes: 'expression',
    summary: 'Step program backward, proceeding through subroutine calls.',
    usage: 'reverse-next [N]',
    details: 'Argument N means do this N times (or till program stops for another reason).',
  },
  {
    name: 'reverse-stepi',
    aliases: ['rsi'],
    class: 'running',
    takes: 'expression',
    summary: 'Step backward exactly one statement.',
    usage: 'reverse-stepi [N]',
    details: 'Argument N means do this N times (or till program stops for another reason).',
  },
  {
    name: 'reverse-nexti',
    aliases: ['rni'],
    class: 'running',
    takes: 'expression',
    summary: 'Step backward one statement, but proceed through called subroutines.',
    usage: 'reverse-nexti [N]',
    details: 'Argument N means do this N times (or till program stops for another reason).',
  },
  {
    name: 'reverse-finish',
    class: 'running',
    takes: 'nothing',
    summary: 'Execute backward until just before selected stack frame is called.',
    usage: 'reverse-finish',
  },
  {
    name: 'goto',
    class: 'running',
    takes: 'number',
    words: ['packet', 'time', 'row', 'start', 'end'],
    summary: 'Go to a moment of what has been recorded.',
    usage: 'goto TICK[:PROBE] | packet N | time SECONDS | N% | row N | start | end | BOOKMARK',
    details: `Packets are counted as they pass the user network's edge; in a replay they have the capture's
numbers, and this stops where "break -packet N" does. "row N" is a line of the last query, such as "calls".
"goto end" leads back to the present.
  goto packet 12
  goto time 3.25
  goto 50%`,
  },
  {
    name: 'when',
    class: 'status',
    takes: 'nothing',
    summary: 'Say where in history the program stands.',
    usage: 'when',
  },
  {
    name: 'bookmark',
    class: 'running',
    takes: 'nothing',
    summary: 'Give this moment a name, for "goto".',
    usage: 'bookmark [NAME]',
    details: 'Without a name, bookmarks are numbered.',
  },
  {
    name: 'checkpoint',
    class: 'running',
    takes: 'nothing',
    summary: 'Remember this moment, for "restart".',
    usage: 'checkpoint',
  },
  {
    name: 'restart',
    class: 'running',
    takes: 'number',
    summary: 'Go to the moment of a checkpoint.',
    usage: 'restart N',
  },
  {
    name: 'what-if',
    class: 'running',
    repeat: false,
    takes: 'nothing',
    words: ['off'],
    summary: 'Changes of the past: what would have been.',
    usage: 'what-if [off]',
    details: `An assignment, a write to a register or memory, or a monitor command in the past leaves it: the program
goes on from there with the recorded inputs as long as they apply, and nothing of it reaches the
outside. "what-if off" gives that up and leads back to what was. See "info what-if" and "diff history".`,
  },
  {
    name: 'diff',
    class: 'running',
    takes: 'nothing',
    summary: 'Compare what was with what would have been.',
    subcommands: [
      {
        name: 'history',
        class: 'running',
        takes: 'nothing',
        summary: 'Say at which call the past and the what-if differ first.',
        usage: 'diff history',
      },
    ],
  },
  {
    name: 'record',
    aliases: ['rec'],
    class: 'running',
    takes: 'nothing',
    summary: 'Commands about what is recorded; every program is, as long as it runs.',
    subcommands: [
      {
        name: 'save',
        class: 'running',
        takes: 'file',
        summary: 'Save the session with its whole past to a file.',
        usage: 'record save [FILE]',
        details: `The file is a pcapng: any tool reads its packets, which are those at the user network's edge.
"pktgdb -r FILE" opens it with its past and its bookmarks, and stands where the session stood.
Default filename is 'pktgdb_record.<process_id>.pcapng'.`,
      },
      {
        name: 'goto',
        class: 'running',
        takes: 'number',
        words: ['begin', 'start', 'end'],
        summary: 'Go to a moment of what has been recorded, as "goto" does.',
        usage: 'record goto begin | start | end | TICK',
      },
      { name: 'stop', class: 'running', takes: 'nothing', summary: 'A program is recorded as long as it runs.' },
      {
        name: 'delete',
        aliases: ['del', 'd'],
        class: 'running',
        takes: 'nothing',
        summary: 'Delete the rest of execution log, of which a running program has none.',
      },
    ],
  },
] as const satisfies readonly Command[];
