/** Commands that ask about all that has been recorded. */
import type { Command } from '../command.ts';

export const QUERY_COMMANDS = [
  {
    name: 'calls',
    class: 'status',
    takes: 'calls',
    words: ['if', 'show'],
    summary: 'List the calls of a function in all that has been recorded.',
    usage: 'calls FUNCTION|/REGEX/ [if CONDITION] [show EXPRESSION, ...]',
    details: `Each line is a call: position, time, packet, function with arguments, caller, value returned,
and the expressions shown. "goto row N" goes to the Nth one.
  calls tcp_output if $pkt.tcp.len > 0
  calls /^ip_/ show m->m_len`,
  },
  {
    name: 'packets',
    class: 'status',
    takes: 'packets',
    words: ['in', 'all', 'if'],
    summary: 'List the packets that have passed a layer of the path.',
    usage: 'packets [FILTER] [in LAYER|all] [if CONDITION]',
    details: `FILTER is a display filter in Wireshark's language. Layers are those of "catch packet"; nic,
which each packet passes once, without one. "goto row N" goes to the Nth packet.
  packets tcp.flags.reset == 1
  packets dns in all`,
  },
  {
    name: 'plot',
    class: 'status',
    takes: 'query',
    summary: 'List how the value of an expression has changed.',
    usage: 'plot EXPRESSION',
    details: `An expression with locals, such as tp->snd_cwnd, is looked at where functions that have them as
parameters are entered and left, for each struct by itself. Any other, such as $RDT, is looked at
when packets pass layers of the path, and at the end of each turn of the main loop.`,
  },
] as const satisfies readonly Command[];
