/** Breakpoints that the extension offers: where they are set and under which condition. Needs nothing of VS Code. */
import type { ConnectionView, SocketEndView } from '../../adapter/dap/custom.ts';

/** A function breakpoint. */
export interface OfferedBreakpoint {
  readonly name: string;
  readonly condition?: string;
}

/** The functions that all packets of a user network pass, one for each direction. */
const EDGE = ['slirp_output', 'slirp_input'] as const;

/** A packet that is given up, for any reason without one. */
export function dropBreakpoint(reason: string): OfferedBreakpoint {
  return reason === '' ? { name: 'drop' } : { name: 'drop', condition: `reason == "${reason}"` };
}

/** Packets of a connection, either way; undefined for one whose packets cannot be told. */
export function connectionBreakpoints(connection: ConnectionView): OfferedBreakpoint[] | undefined {
  const filter = connectionFilter(connection);
  return filter === undefined ? undefined : EDGE.map((name) => ({ name, condition: `$pkt("${filter}")` }));
}

/** A display filter for the packets of a connection, or for all connections of a forward. */
export function connectionFilter({ protocol, state, destination, ends }: ConnectionView): string | undefined {
  const name = protocol.toLowerCase();
  if (ends !== undefined) {
    return [end(name, ends.guest), end(name, ends.peer)].join(' && ');
  }
  const [, address = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(destination) ?? [];
  return state === 'HOST_FORWARD' && port !== '' ? end(name, { address, port: Number(port) }) : undefined;
}

function end(protocol: string, { address, port }: SocketEndView): string {
  const host = `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address}`;
  return protocol === 'icmp' ? `icmp && ${host}` : `${host} && ${protocol}.port == ${port}`;
}

/** The monitor's command that closes a connection or a forward; undefined where nothing can be closed. */
export function closeCommand({ protocol, state, fd, source }: ConnectionView): string | undefined {
  if (state === 'HOST_FORWARD') {
    return `hostfwd_remove ${protocol.toLowerCase()}:${source.replace(/^\*/, '')}`;
  }
  return fd < 0 ? undefined : `usernet_close ${fd}`;
}

/** The number of a connection's stream among conversations; undefined if none of its packets have been seen. */
export function streamOf(
  { protocol, ends }: ConnectionView,
  conversations: readonly {
    readonly protocol: string;
    readonly stream: number;
    readonly a: string;
    readonly b: string;
  }[],
): number | undefined {
  if (ends === undefined) {
    return undefined;
  }
  const wanted = [endText(ends.guest), endText(ends.peer)].sort().join();
  return conversations.findLast(
    (c) => c.protocol === protocol.toLowerCase() && [c.a, c.b].map(plain).sort().join() === wanted,
  )?.stream;
}

function endText({ address, port }: SocketEndView): string {
  return `${address}:${port}`;
}

function plain(text: string): string {
  return text.replace(/[[\]]/g, '');
}
