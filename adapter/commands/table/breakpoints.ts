/** Commands about breakpoints. */
import type { Command } from '../command.ts';

export const BREAKPOINT_COMMANDS = [
  {
    name: 'break',
    aliases: ['b', 'br', 'bre', 'brea'],
    class: 'breakpoints',
    takes: 'breakpoint',
    summary: 'Set breakpoint at specified location.',
    usage: 'break [LOCATION] [if CONDITION]',
    details: [
      'LOCATION is a function (e1000_receive_iov), FILE:LINE (hw/net/e1000.ts:1031), FILE:FUNCTION, or a ' +
        'line of the current file',
      '(1031, +2). Without one: the current line. CONDITION is a C-like expression over the names that are ' +
        'in scope there; $pkt is the',
      "packet that the function handles, with Wireshark's field names:",
      '  break e1000_receive_iov if $pkt.tcp.dstport == 5556',
      '  break e1000_receive_iov if $pkt("tcp.flags.syn == 1 && ip.addr == 10.0.2.0/24")',
      'In $pkt("...") stands a display filter (docs/filters.md).',
      'In a replay, "break -packet N" stops where packet N of the capture enters the machine, and "break divergence',
      '[GRADE]" where the user network sends what is not the answer that was captured. GRADE is form (the same bytes,',
      'but other flags, windows or segments), different (without GRADE), missing or extra: that one or a worse one',
      'stops.',
    ].join('\n'),
  },
  {
    name: 'tbreak',
    aliases: ['tb'],
    class: 'breakpoints',
    takes: 'breakpoint',
    summary: 'Set a temporary breakpoint.',
    details: 'Like "break" except the breakpoint is deleted when it is hit.',
  },
  {
    name: 'catch',
    class: 'breakpoints',
    takes: 'nothing',
    summary: 'Set catchpoints to catch events.',
    subcommands: [
      {
        name: 'packet',
        class: 'breakpoints',
        takes: 'filter',
        summary: 'Catch packets that a display filter means.',
        usage: 'catch packet [FILTER] [in LAYER]',
        details: [
          "FILTER is in Wireshark's language (docs/filters.md); without one every packet is caught:",
          '  catch packet tcp.flags.syn == 1 && ip.addr == 10.0.2.0/24',
          'LAYER is slirp, net, nic (without one) or guest: where packets are looked at, in either direction.',
        ].join('\n'),
      },
    ],
  },
  {
    name: 'delete',
    aliases: ['d', 'del', 'delet', 'dele'],
    class: 'breakpoints',
    takes: 'breakpoints',
    summary: 'Delete all or some breakpoints.',
    usage: 'delete [BREAKPOINTNUM]...',
    details: 'Without arguments all breakpoints are deleted.',
  },
  {
    name: 'clear',
    class: 'breakpoints',
    takes: 'location',
    summary: 'Clear breakpoint at specified location.',
    usage: 'clear [LOCATION]',
  },
  {
    name: 'disable',
    aliases: ['dis', 'disa'],
    class: 'breakpoints',
    takes: 'breakpoints',
    words: ['display'],
    summary: 'Disable all or some breakpoints.',
    usage: 'disable [BREAKPOINTNUM]... | disable display [NUM]...',
  },
  {
    name: 'enable',
    aliases: ['en'],
    class: 'breakpoints',
    takes: 'breakpoints',
    words: ['display'],
    summary: 'Enable all or some breakpoints.',
    usage: 'enable [BREAKPOINTNUM]... | enable display [NUM]...',
  },
  {
    name: 'condition',
    class: 'breakpoints',
    takes: ['breakpoints', 'expression'],
    summary: 'Specify breakpoint number N to break only if COND is true.',
    usage: 'condition N [COND]',
    details: 'Without COND the breakpoint is made unconditional.',
  },
  {
    name: 'ignore',
    class: 'breakpoints',
    takes: ['breakpoints', 'expression'],
    summary: 'Set ignore-count of breakpoint number N to COUNT.',
    usage: 'ignore N COUNT',
  },
] as const satisfies readonly Command[];
