/** The tables of the user network, read from what the monitor prints of them. */
import type { EngineApi } from '../engine/api.ts';

/** A user network: what is forwarded into it, its sockets, and whose addresses it knows. */
export interface Network {
  /** `Hub 0 (user.0)`. */
  readonly name: string;
  readonly forwards: readonly Connection[];
  readonly connections: readonly Connection[];
  readonly neighbors: readonly Neighbor[];
}

/** A row of `info usernet`. */
export interface Connection {
  readonly protocol: string;
  readonly state: string;
  /** -1 if the host's socket is closed. */
  readonly fd: number;
  readonly source: string;
  readonly destination: string;
  /** Bytes that wait: from the network for the guest, and the other way. */
  readonly receiveQueue: number;
  readonly sendQueue: number;
  /** The ends as its packets have them; a forwarded connection's source is the port that is forwarded. */
  readonly ends?: { readonly guest: SocketEnd; readonly peer: SocketEnd };
}

/** An address and a port; a ping has its identifier instead. */
export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/** A row of `info neighbors`; `table` is `ARP` or `NDP`. */
export interface Neighbor {
  readonly table: string;
  readonly mac: string;
  readonly address: string;
}

/** The networks of the machine; none before it runs and after it has ended. */
export async function readNetworks(engine: EngineApi): Promise<Network[]> {
  if (engine.state !== 'running' && engine.state !== 'stopped') {
    return [];
  }
  const usernet = await askMonitor(engine, 'info usernet');
  const neighbors = await askMonitor(engine, 'info neighbors');
  return parseNetworks(usernet, neighbors, await askMonitor(engine, 'info sockets'));
}

/**
 * What the monitor says, whether the machine runs or is stopped; empty if there is none. A machine that stops before it
 * answers is asked again, in place.
 */
export async function askMonitor(engine: EngineApi, line: string): Promise<string> {
  if (engine.state !== 'running') {
    return engine.state === 'stopped' ? engine.monitor(line) : '';
  }
  let onChange: () => void = () => {};
  const changed = new Promise<undefined>((resolve) => {
    onChange = () => resolve(undefined);
    engine.on('stopped', onChange);
    engine.on('exited', onChange);
  });
  try {
    return (await Promise.race([engine.monitor(line), changed])) ?? (await askMonitor(engine, line));
  } finally {
    engine.off('stopped', onChange);
    engine.off('exited', onChange);
  }
}

/** A network's heading, such as `Hub 0 (user.0):`. */
const HEADING = /^(\S.*):$/;
const CONNECTION = /^ {2}(\w+)\[(.*?)\]\s+(-?\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(\d+)$/;
const SOCKET = /^ {2}\s*(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)$/;
const NEIGHBOR = /^ {2}(ARP|NDP)\s+([0-9a-f:]{17})\s+(\S+)$/;

/** The networks of `info usernet`, with the rows that `info neighbors` and `info sockets` have for each. */
export function parseNetworks(usernet: string, neighbors: string, sockets = ''): Network[] {
  const known = sections(neighbors);
  const sent = sections(sockets);
  return [...sections(usernet)].map(([name, lines]) => {
    const ends = new Map((sent.get(name) ?? []).flatMap(socketEnds));
    const rows = lines
      .map(connection)
      .filter((row) => row !== undefined)
      .map((row) => ({ ...row, ...ends.get(row.fd) }));
    return {
      name,
      forwards: rows.filter(({ state }) => state === 'HOST_FORWARD'),
      connections: rows.filter(({ state }) => state !== 'HOST_FORWARD'),
      neighbors: (known.get(name) ?? []).flatMap((line) => {
        const [, table = '', mac = '', address = ''] = NEIGHBOR.exec(line) ?? [];
        return table === '' ? [] : [{ table, mac, address }];
      }),
    };
  });
}

/** A row of `info sockets`, by its file descriptor. */
function socketEnds(line: string): [number, Required<Pick<Connection, 'ends'>>][] {
  const [, fd, guest = '', port, peer = '', peerPort] = SOCKET.exec(line) ?? [];
  return fd === undefined
    ? []
    : [
        [
          Number(fd),
          { ends: { guest: { address: guest, port: Number(port) }, peer: { address: peer, port: Number(peerPort) } } },
        ],
      ];
}

/** Lines below each heading. */
function sections(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const name = HEADING.exec(line)?.[1];
    if (name === undefined) {
      lines.push(line);
    } else {
      lines = [];
      found.set(name, lines);
    }
  }
  return found;
}

function connection(line: string): Connection | undefined {
  const m = CONNECTION.exec(line);
  if (m === null) {
    return undefined;
  }
  const [, protocol = '', state = '', fd, source = '', sport = '', destination = '', dport = '', receive, send] = m;
  return {
    protocol,
    state,
    fd: Number(fd),
    source: end(source, sport),
    destination: end(destination, dport),
    receiveQueue: Number(receive),
    sendQueue: Number(send),
  };
}

/** `10.0.2.15:80`, `[fec0::1]:80`; a ping has no port. */
function end(address: string, port: string): string {
  return port === '-' ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
