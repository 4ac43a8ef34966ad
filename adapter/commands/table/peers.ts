/** Commands to the world around the machine: the guest's console, the other PC, the monitor. */
import type { Command } from '../command.ts';

export const SEND_USAGE = 'host send tcp:ADDR:PORT TEXT | host send udp:ADDR:PORT TEXT';
export const LISTEN_USAGE = 'host listen tcp:[ADDR:]PORT | host listen udp:[ADDR:]PORT';

export const PEER_COMMANDS = [
  {
    name: 'guest',
    class: 'network',
    repeat: false,
    takes: 'guest',
    summary: "Type a line on the guest's console.",
    usage: 'guest COMMAND',
    details: "The guest's shell reads it when the machine runs, for example: guest nc -l -v -p 5556 > hello.txt",
  },
  {
    name: 'host',
    class: 'network',
    takes: 'nothing',
    summary: 'Play the other PC, with real sockets of this computer.',
    usage: 'host send tcp:ADDR:PORT TEXT | host send udp:ADDR:PORT TEXT | host listen tcp:PORT',
    details: '$_hostfwd is the host port of the first forwarding rule: host send tcp:127.0.0.1:$_hostfwd Hello',
    subcommands: [
      {
        name: 'send',
        class: 'network',
        repeat: false,
        takes: 'text',
        summary: 'Connect (TCP) or send a datagram (UDP), print what comes back.',
        usage: SEND_USAGE,
        details:
          'TEXT is sent with a newline; "TEXT" in quotes without, and with C\'s escapes. ' +
          'TCP closes its sending side after it.',
      },
      {
        name: 'listen',
        class: 'network',
        repeat: false,
        takes: 'text',
        summary:
          'Wait for connections or datagrams, print what arrives. $_hostport is the port (0 asks for a free one).',
        usage: LISTEN_USAGE,
      },
    ],
  },
  {
    name: 'monitor',
    aliases: ['mon'],
    class: 'network',
    takes: 'monitor',
    summary: "Send a command to the machine's monitor (QEMU's HMP).",
    usage: 'monitor COMMAND',
  },
] as const satisfies readonly Command[];
