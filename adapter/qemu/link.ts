/**
 * `-qemu`: a user network for real guests. A hub and a stream link it to each of them; there QEMU's `-netdev stream`
 * (or `socket`) is the client.
 */
import { join } from 'node:path';

/** Where the QEMU of a guest connects to. */
export type LinkAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** Port 0: one that is free. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A socket that is connected and open already. */
  | { readonly kind: 'fd'; readonly fd: number };

/** The link to a guest. */
export interface QemuLink {
  readonly address: LinkAddress;
  /** Path of the socket where the guest's QEMU answers QMP, if it was said. */
  readonly qmp: string | undefined;
}

/** What the options of one or several `-qemu` ask for. */
export interface QemuRequest {
  /** Parameters of `-netdev user`, as they were given. */
  readonly user: readonly string[];
  /** One for each guest. Without an address: a Unix socket in a folder of our own. */
  readonly links: readonly { readonly address: LinkAddress | undefined; readonly qmp: string | undefined }[];
}

/** What is wrong with the options, in words for the user. */
export class QemuOptionError extends Error {
  override name = 'QemuOptionError';
}

/** Where links over TCP are. */
export const LOOPBACK = '127.0.0.1';

/**
 * Reads the options of each `-qemu`, such as `hostfwd=tcp::5555-:22,link=tcp:1234,qmp=unix:PATH`. What is neither
 * `link` nor `qmp` is the user network's. Throws `QemuOptionError`.
 */
export function parseQemu(texts: readonly string[]): QemuRequest {
  const user: string[] = [];
  const links = texts.map((text) => {
    let address: LinkAddress | undefined;
    let qmp: string | undefined;
    for (const option of splitOptions(text)) {
      const [name, value] = cut(option, '=');
      if (name === 'link') {
        address = parseLink(value);
      } else if (name === 'qmp') {
        qmp = parseQmp(value);
      } else if (name === 'id') {
        throw new QemuOptionError('-qemu: the user network has a name of its own; leave "id" out');
      } else {
        user.push(option);
      }
    }
    return { address, qmp };
  });
  return { user, links };
}

/** At commas. A doubled one belongs to a value, as in QEMU's options, and stays doubled. */
function splitOptions(text: string): string[] {
  return text.match(/(?:[^,]|,,)+/g) ?? [];
}

/** What is in front of the first `at`, and what is behind it. */
function cut(text: string, at: string): [string, string] {
  const i = text.indexOf(at);
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + at.length)];
}

function parseLink(value: string): LinkAddress | undefined {
  const [kind, rest] = cut(value.replaceAll(',,', ','), ':');
  if (kind === 'unix') {
    return rest === '' ? undefined : { kind: 'unix', path: rest };
  }
  if (kind !== 'tcp') {
    throw new QemuOptionError(`-qemu: link takes unix, unix:PATH, tcp or tcp:PORT, not "${value}"`);
  }
  if (!/^\d{0,5}$/.test(rest) || Number(rest) > 65535) {
    throw new QemuOptionError(`-qemu: link=tcp:PORT takes a port up to 65535, not "${rest}"`);
  }
  return { kind: 'tcp', host: LOOPBACK, port: Number(rest) };
}

function parseQmp(value: string): string {
  const [kind, path] = cut(value.replaceAll(',,', ','), ':');
  if (kind !== 'unix' || path === '') {
    throw new QemuOptionError(`-qemu: qmp takes unix:PATH, as QEMU's own option -qmp does, not "${value}"`);
  }
  return path;
}

/** The links that are asked for. `folder` is for their sockets; `freePort` gives a port for each that names none. */
export async function qemuLinks(
  { links }: QemuRequest,
  folder: () => string,
  freePort: () => Promise<number>,
): Promise<QemuLink[]> {
  const made: QemuLink[] = [];
  for (const [i, { address, qmp }] of links.entries()) {
    if (address === undefined) {
      made.push({ address: { kind: 'unix', path: join(folder(), `net${i === 0 ? '' : i}.sock`) }, qmp });
    } else if (address.kind === 'tcp' && address.port === 0) {
      made.push({ address: { ...address, port: await freePort() }, qmp });
    } else {
      made.push({ address, qmp });
    }
  }
  return made;
}

/** The machine's options: the user network, the links, and the hub between them. It has no guest of its own. */
export function machineArgs({ user }: Pick<QemuRequest, 'user'>, links: readonly QemuLink[]): string[] {
  const args = ['-guest', 'none', '-netdev', ['user', 'id=user.0', ...user].join(','), ...hubPort('user.0')];
  for (const [i, { address }] of links.entries()) {
    const server = address.kind === 'fd' ? '' : 'server=on,';
    args.push('-netdev', `stream,id=qemu.${i},${server}${addressOptions(address)}`, ...hubPort(`qemu.${i}`));
  }
  return args;
}

function hubPort(netdev: string): string[] {
  return ['-netdev', `hubport,id=port.${netdev},hubid=0,netdev=${netdev}`];
}

/** An address in the words of `-netdev stream`. */
export function addressOptions(address: LinkAddress): string {
  switch (address.kind) {
    case 'unix':
      return `addr.type=unix,addr.path=${address.path.replaceAll(',', ',,')}`;
    case 'tcp':
      return `addr.type=inet,addr.host=${address.host},addr.port=${address.port}`;
    default:
      return `addr.type=fd,addr.str=${address.fd}`;
  }
}
