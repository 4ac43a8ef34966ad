/** Commands that take packets: out of history and captures, and in hand. */
import { LAYER_NAMES } from '../catch-text.ts';
import type { Command } from '../command.ts';

const EDGES = `EDGE is ${LAYER_NAMES.join(', ')}: what passed it so far`;

export const PACKET_COMMANDS = [
  {
    name: 'follow',
    class: 'network',
    takes: 'nothing',
    summary: 'Show what was said over a connection.',
    subcommands: [
      {
        name: 'stream',
        class: 'network',
        takes: 'nothing',
        summary: 'Show what was said over a TCP connection, each byte once and in order.',
        usage: 'follow stream N [text | hex | file PATH] [in EDGE | in capture | in FILE]',
        details: `N is tcp.stream, as "info conversations" lists them. ${EDGES}; slirp without it.`,
      },
      {
        name: 'udp',
        class: 'network',
        takes: 'nothing',
        summary: 'Show the datagrams of a conversation over UDP.',
        usage: 'follow udp N [text | hex | file PATH] [in EDGE | in capture | in FILE]',
      },
    ],
  },
  {
    name: 'dump',
    class: 'network',
    takes: 'nothing',
    summary: 'Write packets to a file.',
    subcommands: [
      {
        name: 'pcap',
        class: 'network',
        takes: 'nothing',
        summary: 'Write the packets that passed an edge so far to a capture file.',
        usage: 'dump pcap FILE [FILTER] [in EDGE]',
        details: `Only those that a display filter means, if one is given. ${EDGES}; slirp without it.`,
      },
      {
        name: 'memory',
        class: 'data',
        takes: 'nothing',
        summary: 'Write contents of guest memory to a raw binary file.',
        usage: 'dump memory FILE START STOP',
      },
      {
        name: 'value',
        class: 'data',
        takes: 'nothing',
        summary: 'Write the value of an expression, an array of bytes, to a raw binary file.',
        usage: 'dump value FILE EXPR',
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
            usage: 'dump binary memory FILE START STOP',
          },
          {
            name: 'value',
            class: 'data',
            takes: 'nothing',
            summary: 'Write the value of an expression, an array of bytes, to a raw binary file.',
            usage: 'dump binary value FILE EXPR',
          },
        ],
      },
      {
        name: 'journey',
        class: 'network',
        takes: 'file',
        summary: 'Write the packets at all edges to a pcapng file, with identities, verdicts and comments.',
        usage: 'dump journey FILE',
      },
      {
        name: 'vpp',
        class: 'network',
        takes: 'file',
        summary: "Write journeys as VPP's dispatch trace, a record for each function, which Wireshark shows.",
        usage: 'dump vpp FILE',
      },
    ],
  },
  {
    name: 'save',
    class: 'network',
    takes: 'nothing',
    summary: 'Save something in a file.',
    subcommands: [
      {
        name: 'packet',
        class: 'network',
        takes: 'file',
        summary: 'Save the packet of the selected frame as a capture file.',
        usage: 'save packet FILE',
      },
      {
        name: 'breakpoints',
        class: 'breakpoints',
        takes: 'file',
        summary: 'Save current breakpoint definitions as a script.',
        usage: 'save breakpoints FILE',
        details: '"source FILE" sets them again.',
      },
    ],
  },
  {
    name: 'drop',
    class: 'network',
    repeat: false,
    takes: 'nothing',
    summary: 'Drop the packet of the innermost frame.',
    details: 'The function is left as it leaves when it gives a packet up; counted as DEBUGGER in "info drops".',
  },
  {
    name: 'delay',
    class: 'network',
    repeat: false,
    takes: 'text',
    summary: 'Hold the packet of the innermost frame back.',
    usage: 'delay $pkt TIME',
    details: 'It goes on at the same edge when TIME (200ms, 1.5s) is over: at slirp_input, slirp_output, the NIC.',
  },
  {
    name: 'edit',
    class: 'network',
    repeat: false,
    takes: 'text',
    summary: 'Change a field of the packet of the selected frame.',
    usage: 'edit $pkt.FIELD = VALUE [/raw]',
    details: 'Checksums are put right unless /raw says otherwise. For example: edit $pkt.ip.ttl = 1',
  },
  {
    name: 'inject',
    class: 'network',
    repeat: false,
    takes: 'text',
    summary: 'Put packets in at an edge.',
    usage: 'inject FILE | HEX | "field=value ..." at EDGE',
    details: `EDGE is slirp (as from the guest), nic (to the guest) or net (as from the NIC). It happens in the next
turn of the main loop. For example: inject "udp.dstport=5556 data=68656c6c6f" at nic`,
  },
] as const satisfies readonly Command[];
