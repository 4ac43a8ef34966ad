/** Port forwarding in passt's words: `none`, or a list of `[ADDRESS/]PORT[-LAST][:PORT[-LAST]]` and `~PORT[-LAST]`. */
import { PasstOptionError } from './error.ts';

/** Ports that may be forwarded at most; each is a socket that listens. */
const MOST = 4096;

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The `hostfwd` rules of `-netdev user` for a value of `--tcp-ports` or `--udp-ports`. */
export function forwards(protocol: 'tcp' | 'udp', spec: string): string[] {
  if (spec === 'none') {
    return [];
  }
  if (spec === 'all' || spec === 'auto') {
    throw new PasstOptionError(`"${spec}" would take ports of the host that are not known yet; list them`);
  }
  // An address holds for all that are behind it.
  const slash = spec.lastIndexOf('/');
  const address = slash < 0 ? '' : bracketed(spec.slice(0, slash));
  const items = spec.slice(slash + 1).split(',');
  const left = items.filter((item) => item.startsWith('~')).map((item) => range(item.slice(1), item));
  const taken = items.filter((item) => !item.startsWith('~')).map(mapping);
  const ports = taken.flatMap(({ host, guest }) =>
    Array.from({ length: host.last - host.first + 1 }, (_, i) => [host.first + i, guest.first + i] as const),
  );
  if (ports.length > MOST) {
    throw new PasstOptionError(`${ports.length} ports are more than the ${MOST} that can be forwarded`);
  }
  if (ports.length === 0) {
    throw new PasstOptionError(`"${spec}" leaves ports out, and names none to forward`);
  }
  return ports
    .filter(([port]) => !left.some(({ first, last }) => port >= first && port <= last))
    .map(([port, guest]) => `hostfwd=${protocol}:${address}:${port}-:${guest}`);
}

/** An IPv6 address in brackets, as `hostfwd` has it. */
function bracketed(address: string): string {
  if (address.includes('%')) {
    throw new PasstOptionError(`"${address}": ports are taken at an address, not at an interface`);
  }
  return address.includes(':') ? `[${address}]` : address;
}

function mapping(item: string): { readonly host: Range; readonly guest: Range } {
  const [own = '', theirs] = item.split(':');
  const host = range(own, item);
  const guest = theirs === undefined ? host : range(theirs, item);
  if (guest.last - guest.first !== host.last - host.first) {
    throw new PasstOptionError(`"${item}": as many ports of the guest as of the host`);
  }
  return { host, guest };
}

function range(text: string, item: string): Range {
  const m = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(m?.[1]);
  const last = Number(m?.[2] ?? m?.[1]);
  if (!m || first < 1 || last > 65535 || last < first) {
    throw new PasstOptionError(`"${item}" is no port from 1 to 65535, nor a range of them`);
  }
  return { first, last };
}
