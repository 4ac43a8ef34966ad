/** Commands about values. */
import type { Command } from '../command.ts';

export const DATA_COMMANDS = [
  {
    name: 'print',
    aliases: ['p', 'inspect'],
    class: 'data',
    takes: 'expression',
    summary: 'Print value of expression EXP.',
    usage: 'print [[-pretty] [-array] [-elements N] ... --] [/FMT] [EXP]',
    details: [
      'EXP is a C-like expression over the names of the selected frame: so->so_state, *so, iov[0].iov_len, ' +
        '*buf@16, (uint8_t)x.',
      "$pkt is the packet that the function handles ($pkt.tcp.dstport, Wireshark's names), $ICR a register " +
        'of the NIC, $1 a value',
      'printed before, $foo a convenience variable. FMT is a format letter: x(hex) d(decimal) u(unsigned) ' +
        'o(octal) t(binary)',
      'c(char) a(address) s(string) z(hex, zero padded) f(float).',
      'Memory is {int}0x101000 or *(uint32_t *)0x101000, an object (struct socket *)ADDRESS by the address that ' +
        'was printed.',
    ].join('\n'),
  },
  {
    name: 'call',
    class: 'data',
    takes: 'expression',
    summary: 'Call a function of the stack that has no effect, or evaluate an expression.',
    usage: 'call EXP',
    details:
      'A void value is not printed. Functions without effect say so (@pure): ntohs, inet_ntoa, iov_size, ' +
      'e1000_has_rxbufs, ...\nFor example: call inet_ntoa(0x0a000202)',
  },
  {
    name: 'output',
    class: 'data',
    takes: 'expression',
    summary: 'Like "print" but don\'t put in value history and don\'t print newline.',
    usage: 'output EXP',
  },
  {
    name: 'printf',
    class: 'data',
    takes: 'printf',
    summary: 'Formatted printing, like the C "printf" function.',
    usage: 'printf "format string", ARG1, ARG2, ARG3, ..., ARGN',
  },
  {
    name: 'x',
    class: 'data',
    takes: 'expression',
    repeat: 'x',
    summary: 'Examine memory: x/FMT ADDRESS.',
    details: [
      "ADDRESS is an expression: a guest physical address (RAM, or the NIC's MMIO window: reading has no " +
        'side effect), or an array of bytes',
      'of the stack, such as buf; $pkt is the packet. A negative count shows what is before.',
      'FMT is a repeat count followed by a format letter and a size letter.',
      'Format letters are o(octal), x(hex), d(decimal), u(unsigned decimal), t(binary), a(address), ' +
        'c(char), s(string) and z(hex, zero padded).',
      'Size letters are b(byte), h(halfword), w(word), g(giant, 8 bytes).',
    ].join('\n'),
  },
  {
    name: 'append',
    class: 'data',
    takes: 'nothing',
    summary: 'Append target memory or values to a file.',
    subcommands: [
      {
        name: 'memory',
        class: 'data',
        takes: 'nothing',
        summary: 'Write contents of guest memory to a raw binary file.',
        usage: 'append memory FILE START STOP',
      },
      {
        name: 'value',
        class: 'data',
        takes: 'nothing',
        summary: 'Write the value of an expression, an array of bytes, to a raw binary file.',
        usage: 'append value FILE EXPR',
      },
      {
        name: 'binary',
        class: 'data',
        takes: 'nothing',
        summary: 'Write raw binary data, which is what there is without this word too.',
        subcommands: [
          {
            name: 'memory',
            class: 'data',
            takes: 'nothing',
            summary: 'Write contents of guest memory to a raw binary file.',
            usage: 'append binary memory FILE START STOP',
          },
          {
            name: 'value',
            class: 'data',
            takes: 'nothing',
            summary: 'Write the value of an expression, an array of bytes, to a raw binary file.',
            usage: 'append binary value FILE EXPR',
          },
        ],
      },
    ],
  },
  {
    name: 'restore',
    class: 'data',
    takes: 'nothing',
    summary: 'Restore the contents of FILE to guest memory.',
    usage: 'restore FILE binary OFFSET',
  },
  {
    name: 'find',
    class: 'data',
    takes: 'nothing',
    summary: 'Search guest memory for a sequence of bytes.',
    usage: 'find [/SIZE-CHAR] [/MAX-COUNT] START, +LENGTH | END, VALUE...',
    details:
      'SIZE-CHAR is b, h, w or g; a string is its characters. $_ is the last address, $numfound how many there are.',
  },
  {
    name: 'init-if-undefined',
    class: 'data',
    takes: 'assignment',
    summary: 'Initialize a convenience variable if necessary.',
    usage: 'init-if-undefined VARIABLE = EXPRESSION',
  },
  {
    name: 'display',
    class: 'data',
    repeat: false,
    takes: 'expression',
    summary: 'Print value of expression EXP each time the program stops.',
    usage: 'display[/FMT] [EXP]',
    details: 'Without EXP, the current values are shown.',
  },
  {
    name: 'undisplay',
    class: 'data',
    takes: 'displays',
    summary: 'Cancel some expressions to be displayed when program stops.',
    usage: 'undisplay [NUM]...',
  },
  {
    name: 'ptype',
    class: 'data',
    takes: 'type',
    summary: 'Print definition of type TYPE.',
    usage: 'ptype[/o] TYPE | EXP',
    details:
      'With /o, where the fields would lie in C. ' +
      'The fields of a struct, the bits of a register ($RCTL), or the signature of a function.',
  },
  {
    name: 'whatis',
    class: 'data',
    takes: 'type',
    summary: 'Print data type of expression EXP.',
    usage: 'whatis EXP',
  },
] as const satisfies readonly Command[];
