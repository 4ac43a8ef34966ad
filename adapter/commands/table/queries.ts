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
  {
    name: 'writes',
    class: 'status',
    takes: 'query',
    summary: 'List all changes of a register, a field or guest memory.',
    usage: 'writes EXPRESSION',
    details: `Each line is a change: position, time, packet, the value before and after, and the statement that
wrote it. A field is that of the struct which the expression means here. "goto row N" goes to the
statement of the Nth line.
  writes $RDT
  writes s->mac_reg[RDH]
  writes *(uint32_t *)0x101000`,
  },
  {
    name: 'last-write',
    class: 'status',
    takes: 'query',
    summary: 'Say which statement wrote a register, a field or guest memory last, before here.',
    usage: 'last-write EXPRESSION',
    details: `It prints the line that "writes" has of it; "goto row 1" goes there.
  last-write $RDT
  last-write so->so_state`,
  },
] as const satisfies readonly Command[];
