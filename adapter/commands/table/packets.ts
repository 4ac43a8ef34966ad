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
        takes: 'text',
        summary: 'Show what was said over a TCP connection, each byte once and in order.',
        usage: 'follow stream N [text | hex | file PATH] [in EDGE | in capture | in FILE]',
        details: `N is tcp.stream, as "info conversations" lists them. ${EDGES}; slirp without it.`,
      },
      {
        name: 'udp',
        class: 'network',
        takes: 'text',
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
        takes: 'text',
        summary: 'Write the packets that passed an edge so far to a capture file.',
        usage: 'dump pcap FILE [FILTER] [in EDGE]',
        details: `Only those that a display filter means, if one is given. ${EDGES}; slirp without it.`,
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
    ],
  },
] as const satisfies readonly Command[];
