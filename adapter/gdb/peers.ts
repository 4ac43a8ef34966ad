/** The world around the machine: the guest's console, a host program that plays the other PC, the monitor. */

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CommandError } from '../commands/command.ts';
import { LISTEN_USAGE, type PEER_COMMANDS, SEND_USAGE } from '../commands/table/peers.ts';
import { wordAt } from '../commands/words.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { unescapeC } from './printf.ts';

/** Sockets of `host` commands, open until their peers close them or the debugger ends. */
export class HostPeers {
  readonly #open = new Set<{ close: () => void }>();

  /** Keeps a socket until it closes. */
  keep(socket: Socket | Server | UdpSocket): void {
    const entry = { close: () => ('destroy' in socket ? socket.destroy() : socket.close()) };
    this.#open.add(entry);
    socket.once('close', () => this.#open.delete(entry));
    socket.unref();
  }

  close(): void {
    for (const s of this.#open) {
      s.close();
    }
    this.#open.clear();
  }
}

/** How long a connection or a bind may take, in milliseconds. */
const CONNECT_TIMEOUT = 5000;

interface Target {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  readonly rest: string;
}

/** `tcp:ADDR:PORT TEXT`; convenience variables may stand in the address. */
function parseTarget(gdb: GdbInterpreter, args: string, usage: string): Target {
  const word = wordAt(args, /^\S*/);
  const resolved = word.replace(/\$([A-Za-z_]\w*)/g, (whole, name: string) => {
    const found = gdb.evaluator.variableEntries().find(([n]) => n === name);
    if (!found) {
      const why = name === '_hostfwd' ? ': the machine has no hostfwd rule (or is not started)' : '';
      throw new CommandError(`${whole} is void${why}.`);
    }
    return String(found[1].value.value);
  });
  const m = /^(tcp|udp):(?:(\[[^\]]*\]|[^:]*):)?(\d+)$/.exec(resolved);
  const [, protocol, host = '', port] = m ?? [];
  if (!m || Number(port) > 65535) {
    throw new CommandError(`Bad address "${resolved}". Usage: ${usage}`);
  }
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    host: host.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(port),
    rest: args.slice(word.length).replace(/^\s/, ''),
  };
}

/** Text to send: `"..."` with C's escapes, sent as it is; else the words and a newline, as `echo` would send them. */
function payload(text: string): Buffer {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text.trim())?.[1];
  return quoted === undefined ? Buffer.from(`${text}\n`) : Buffer.from(unescapeC(quoted), 'latin1');
}

function printable(data: Buffer): string {
  return data
    .toString('utf8')
    .replace(/[^\x20-\x7e\n\t\u00a0-\uffff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Prints what arrives, each piece with the peer's name. */
function showArrival(gdb: GdbInterpreter, from: string, data: Buffer): void {
  const text = printable(data);
  gdb.options.write(`[host ${from}] ${text}${text.endsWith('\n') ? '' : '\n'}`, 'log');
}

async function hostSend(gdb: GdbInterpreter, args: string): Promise<void> {
  const target = parseTarget(gdb, args, SEND_USAGE);
  const data = payload(target.rest);
  await (target.protocol === 'tcp' ? sendTcp(gdb, target, data) : sendUdp(gdb, target, data));
}

/** Connects, sends, closes the sending side, and listens on in the background, as `echo TEXT | nc ADDR PORT` does. */
function sendTcp(gdb: GdbInterpreter, { host, port }: Target, data: Buffer): Promise<void> {
  const name = `tcp:${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (e: Error): void => {
      clearTimeout(timer);
      reject(new CommandError(`host send: ${name}: ${e.message}`));
    };
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_TIMEOUT);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.on('error', (e) => gdb.options.write(`[host ${name}] ${e.message}\n`, 'log'));
      socket.on('data', (d) => showArrival(gdb, name, d));
      gdb.host.keep(socket);
      socket.end(data);
      gdb.out(`Connected to ${name}, sent ${data.length} byte${data.length === 1 ? '' : 's'}.\n`);
      resolve();
    });
  });
}

function sendUdp(gdb: GdbInterpreter, { host, port }: Target, data: Buffer): Promise<void> {
  const name = `udp:${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (d) => showArrival(gdb, name, d));
    socket.on('error', (e) => reject(new CommandError(`host send: ${name}: ${e.message}`)));
    gdb.host.keep(socket);
    socket.send(data, port, host, (e) => {
      if (e) {
        reject(new CommandError(`host send: ${name}: ${e.message}`));
      } else {
        gdb.out(`Sent ${data.length} byte${data.length === 1 ? '' : 's'} to ${name}.\n`);
        resolve();
      }
    });
  });
}

function hostListen(gdb: GdbInterpreter, args: string): Promise<void> {
  const target = parseTarget(gdb, args.trim(), LISTEN_USAGE);
  return target.protocol === 'tcp' ? listenTcp(gdb, target) : listenUdp(gdb, target);
}

function announce(
  gdb: GdbInterpreter,
  protocol: string,
  address: { address: string; port: number } | string | null,
): void {
  if (address && typeof address === 'object') {
    gdb.evaluator.setVariable('_hostport', address.port);
    gdb.out(`Listening on ${protocol}:${address.address}:${address.port}.\n`);
  }
}

function listenTcp(gdb: GdbInterpreter, { host, port }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: false }, (socket) => {
      const name = `tcp:${socket.remoteAddress}:${socket.remotePort}`;
      gdb.host.keep(socket);
      gdb.options.write(`[host ${name}] connected\n`, 'log');
      socket.on('data', (d) => showArrival(gdb, name, d));
      socket.on('error', (e) => gdb.options.write(`[host ${name}] ${e.message}\n`, 'log'));
      socket.on('end', () => gdb.options.write(`[host ${name}] closed\n`, 'log'));
    });
    server.once('error', (e) => reject(new CommandError(`host listen: tcp:${host}:${port}: ${e.message}`)));
    server.listen(port, host, () => {
      gdb.host.keep(server);
      server.on('error', (e) => gdb.options.write(`[host tcp:${host}:${port}] ${e.message}\n`, 'log'));
      announce(gdb, 'tcp', server.address());
      resolve();
    });
  });
}

function listenUdp(gdb: GdbInterpreter, { host, port }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (e) => reject(new CommandError(`host listen: udp:${host}:${port}: ${e.message}`)));
    socket.on('message', (d, from) => showArrival(gdb, `udp:${from.address}:${from.port}`, d));
    socket.bind(port, host, () => {
      gdb.host.keep(socket);
      socket.on('error', (e) => gdb.options.write(`[host udp:${host}:${port}] ${e.message}\n`, 'log'));
      announce(gdb, 'udp', socket.address());
      resolve();
    });
  });
}

function requireMachine(gdb: GdbInterpreter): void {
  if (gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError('The program is not being run.');
  }
}

function guest(gdb: GdbInterpreter, args: string): void {
  requireMachine(gdb);
  gdb.engine.guestInput(`${args}\n`);
}

function host(_gdb: GdbInterpreter, args: string): void {
  throw new CommandError(
    args.trim() === ''
      ? `Argument required. Usage: ${SEND_USAGE} | ${LISTEN_USAGE}`
      : `Undefined host command: "${args.trim()}".  Try "help host".`,
  );
}

async function monitor(gdb: GdbInterpreter, line: string): Promise<void> {
  requireMachine(gdb);
  const text = await gdb.engine.monitor(line);
  gdb.out(text === '' || text.endsWith('\n') ? text : `${text}\n`);
}

export const PEER_HANDLERS: Handlers<typeof PEER_COMMANDS> = {
  guest,
  host,
  'host send': hostSend,
  'host listen': hostListen,
  monitor,
};
