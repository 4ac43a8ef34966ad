/** `info`: about the program and the machine. */
import { DROP_REASONS } from '../../stack/util/drop_reasons.ts';
import { DROP_NAMES, LAYER_NAMES } from '../catch-text.ts';
import type { Command } from '../command.ts';

const DROP_LINES = Object.entries(DROP_REASONS)
  .map(([name, meaning]) => `  ${name.padEnd(17)} ${meaning}`)
  .join('\n');

export const INFO_COMMANDS = [
  {
    name: 'info',
    aliases: ['i', 'inf'],
    class: 'status',
    takes: 'nothing',
    summary: 'Generic command for showing things about the program being debugged.',
    subcommands: [
      {
        name: 'args',
        class: 'status',
        takes: 'regexp',
        summary: 'All argument variables of current stack frame or those matching REGEXPs.',
      },
      {
        name: 'breakpoints',
        aliases: ['b', 'br'],
        class: 'status',
        takes: 'breakpoints',
        summary: 'Status of specified breakpoints (all user-settable breakpoints if no argument).',
      },
      {
        name: 'display',
        class: 'status',
        takes: 'nothing',
        summary: 'Expressions to display when program stops, with code numbers.',
      },
      {
        name: 'frame',
        aliases: ['f'],
        class: 'status',
        takes: 'nothing',
        summary: 'All about the selected stack frame.',
      },
      {
        name: 'functions',
        class: 'status',
        takes: 'regexp',
        summary: 'All function names or those matching REGEXPs.',
      },
      { name: 'inferiors', class: 'status', takes: 'nothing', summary: 'The machine being debugged.' },
      { name: 'line', class: 'status', takes: 'location', summary: 'What code a source line has.' },
      {
        name: 'locals',
        class: 'status',
        takes: 'regexp',
        summary: 'All local variables of current stack frame or those matching REGEXPs.',
      },
      {
        name: 'packet',
        aliases: ['pkt'],
        class: 'status',
        takes: 'nothing',
        summary: 'The packet that the selected frame handles, dissected.',
      },
      {
        name: 'history',
        class: 'status',
        takes: 'nothing',
        summary: 'What has been recorded, and where in it the program stands.',
      },
      {
        name: 'what-if',
        class: 'status',
        takes: 'nothing',
        summary: 'Where the past was changed, if it was.',
      },
      {
        name: 'record',
        aliases: ['rec'],
        class: 'status',
        takes: 'nothing',
        summary: 'Info record options.',
      },
      {
        name: 'bookmarks',
        class: 'status',
        takes: 'nothing',
        summary: 'Moments that have a name.',
      },
      {
        name: 'checkpoints',
        class: 'status',
        takes: 'nothing',
        summary: 'Moments that "restart" leads to.',
      },
      {
        name: 'position',
        class: 'status',
        takes: 'nothing',
        summary: 'Where the machine is in its own time: tick and probe.',
      },
      {
        name: 'divergence',
        class: 'status',
        takes: 'divergences',
        repeat: 'info divergence +',
        summary: 'Where what is sent in a replay differs from the capture.',
        usage: 'info divergence [GRADE]',
        details: `GRADE is form (the same bytes, but other flags, windows or segments), different, missing or extra;
without it all are listed. An empty line goes on with the list.`,
      },
      {
        name: 'replay',
        class: 'status',
        takes: 'nothing',
        summary: 'How far a replay is, and what was played and what was not.',
      },
      { name: 'program', class: 'status', takes: 'nothing', summary: 'Execution status of the program.' },
      {
        name: 'registers',
        aliases: ['r'],
        class: 'status',
        takes: 'registers',
        summary: 'Registers of the NIC: all, or those named (a register or a group). Reading has no side effect.',
        usage: 'info registers [NIC] [NAME]...',
        details: `NIC is e1000.0, e1000.1 and so on; without it, and in $NAME, it is the first one.
Others are in expressions too: machine.nics[1].mac_reg[RDH].`,
      },
      { name: 'scope', class: 'status', takes: 'symbol', summary: 'List the variables local to a function.' },
      { name: 'source', class: 'status', takes: 'nothing', summary: 'Information about the current source file.' },
      {
        name: 'sources',
        class: 'status',
        takes: 'regexp',
        summary: 'All source files in the program or those matching REGEXP.',
      },
      {
        name: 'stack',
        aliases: ['s'],
        class: 'status',
        takes: 'number',
        words: ['full'],
        summary: 'Backtrace of the stack, or innermost COUNT frames.',
      },
      {
        name: 'symbol',
        aliases: ['address'],
        class: 'status',
        takes: 'symbol',
        summary: 'Where a function, struct or constant is defined, and what its comment says.',
      },
      {
        name: 'threads',
        class: 'status',
        takes: 'nothing',
        summary: 'The machine has one thread: its main loop.',
      },
      { name: 'types', class: 'status', takes: 'regexp', summary: 'All type names, or those matching REGEXP.' },
      {
        name: 'variables',
        class: 'status',
        takes: 'regexp',
        summary: 'All global and static variable names or those matching REGEXPs.',
      },
      {
        name: 'drops',
        class: 'status',
        takes: 'nothing',
        words: DROP_NAMES,
        summary: 'Packets given up so far, by reason, with the last one and what to do.',
        usage: 'info drops [REASON]',
        details: `With REASON all packets that were given up for it; "goto tick N" leads there. Reasons:
${DROP_LINES}`,
      },
      {
        name: 'conversations',
        class: 'status',
        takes: 'nothing',
        words: [...LAYER_NAMES, 'capture'],
        summary: 'Who talked with whom at an edge so far: packets, bytes, times, retransmissions, state.',
        usage: 'info conversations [EDGE | capture | FILE]',
        details: `EDGE is ${LAYER_NAMES.join(', ')}; slirp without it. "capture" is what is replayed.`,
      },
      {
        name: 'journey',
        class: 'status',
        takes: 'number',
        summary: 'The way of a packet: the functions it passed, what changed, and what became of it.',
        usage: 'info journey [PACKET]',
        details: `PACKET is a number of "info journeys"; the last one without it. "set journey on" comes first.
It is found by executing history again, so the machine pays nothing for it. "goto tick N" leads to a function.`,
      },
      {
        name: 'journeys',
        class: 'status',
        takes: 'nothing',
        summary: 'All packets so far, grouped by the way that they went and what became of them.',
      },
      {
        name: 'mmio',
        class: 'status',
        takes: 'nothing',
        words: ['all'],
        summary: "The last accesses of the guest's driver to the NIC's registers, with their values.",
        usage: 'info mmio [REGISTER] [COUNT | all]',
        details: `They are found by executing history again: "catch mmio" stops at one, "goto tick N" leads there.`,
      },
      {
        name: 'network',
        class: 'status',
        takes: 'nothing',
        summary: 'The network\'s clients and how they are connected, as QEMU\'s "info network" shows them.',
      },
      {
        name: 'ring',
        class: 'status',
        takes: 'ring',
        words: ['rx', 'tx'],
        summary: 'Descriptors of the Rx and Tx rings, decoded, with head and tail marked.',
        usage: 'info ring [rx | tx] [NIC]',
        details: 'NIC is e1000.0, e1000.1 and so on; the first one without it.',
      },
      {
        name: 'usernet',
        class: 'status',
        takes: 'nothing',
        summary: 'Connections of the user network, as QEMU\'s "info usernet" shows them.',
      },
      {
        name: 'watchpoints',
        aliases: ['wat'],
        class: 'status',
        takes: 'breakpoints',
        summary: 'Status of specified watchpoints (all watchpoints if no argument).',
        usage: 'info watchpoints [WATCHPOINTNUM]...',
      },
    ],
  },
] as const satisfies readonly Command[];
