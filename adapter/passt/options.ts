/**
 * The command line of passt (passt(1)) in the words of our user network. What has a meaning here becomes an option of
 * `-netdev user`; what has none is refused by its name, so that nobody believes in it.
 */
import { PasstOptionError } from './error.ts';
import { forwards } from './ports.ts';

/** What the command line asks for. */
export interface PasstRequest {
  /** Where the guest is: a socket that is open, or one to listen on; without either a path is chosen. */
  readonly fd: number | undefined;
  readonly socket: string | undefined;
  /** Ends with the guest's connection. */
  readonly oneOff: boolean;
  readonly foreground: boolean;
  readonly quiet: boolean;
  /** Messages go to stderr in the background too. */
  readonly stderr: boolean;
  readonly pidFile: string | undefined;
  readonly logFile: string | undefined;
  /** The packets of the guest go to this file. */
  readonly pcap: string | undefined;
  /** Parameters of `-netdev user`. */
  readonly user: readonly string[];
}

interface Option {
  readonly letter?: string;
  readonly value?: boolean;
  /** Takes the value. */
  readonly take: (state: State, value: string) => unknown;
}

interface State {
  fd?: number;
  socket?: string;
  oneOff: boolean;
  foreground: boolean;
  quiet: boolean;
  stderr: boolean;
  pidFile?: string;
  logFile?: string;
  pcap?: string;
  address?: string;
  netmask?: string;
  gateway?: string;
  nameserver?: string;
  ipv4: boolean;
  ipv6: boolean;
  readonly user: string[];
}

/** An option that says what is so here anyway. */
const nothing: Option = { take: () => undefined };

const refused = (why: string, value = false): Option => ({
  value,
  take: () => {
    throw new PasstOptionError(why);
  },
});

/** Sets a field to the value. */
function field(name: 'socket' | 'pidFile' | 'logFile' | 'pcap', letter: string): Option {
  return {
    letter,
    value: true,
    take: (state, value) => {
      state[name] = value;
    },
  };
}

/** Switches something on. */
function flag(name: 'oneOff' | 'foreground' | 'quiet' | 'stderr', letter: string): Option {
  return {
    letter,
    take: (state) => {
      state[name] = true;
    },
  };
}

const NO_PROTOCOL = 'the user network has no switch for a single protocol; -netdev user has restrict=on for all';
const NO_DHCP = 'the user network always answers DHCP, NDP and router solicitations';
const NO_MIGRATION = 'connections do not move to another host';
const HOST_ROUTES = 'the user network takes no interface: it uses the sockets of the host as any program does';

const OPTIONS: Readonly<Record<string, Option>> = {
  socket: field('socket', 's'),
  fd: { letter: 'F', value: true, take: takeFd },
  'one-off': flag('oneOff', '1'),
  foreground: flag('foreground', 'f'),
  quiet: flag('quiet', 'q'),
  stderr: flag('stderr', 'e'),
  pid: field('pidFile', 'P'),
  'log-file': field('logFile', 'l'),
  pcap: field('pcap', 'p'),
  address: { letter: 'a', value: true, take: takeAddress },
  netmask: { letter: 'n', value: true, take: takeNetmask },
  gateway: { letter: 'g', value: true, take: takeGateway },
  dns: { letter: 'D', value: true, take: takeNameserver },
  'dns-forward': { value: true, take: takeNameserver },
  search: {
    letter: 'S',
    value: true,
    take: (state, value) => value === 'none' || state.user.push(`dnssearch=${value}`),
  },
  hostname: { letter: 'H', value: true, take: (state, value) => state.user.push(`hostname=${value}`) },
  fqdn: { value: true, take: takeFqdn },
  mtu: { letter: 'm', value: true, take: (state, value) => value === '0' || state.user.push(`mtu=${value}`) },
  'tcp-ports': { letter: 't', value: true, take: (state, value) => state.user.push(...forwards('tcp', value)) },
  'udp-ports': { letter: 'u', value: true, take: (state, value) => state.user.push(...forwards('udp', value)) },
  'ipv4-only': { letter: '4', take: takeOnly('ipv6') },
  'ipv6-only': { letter: '6', take: takeOnly('ipv4') },
  // The log says what a debugger would, and -p PID all else.
  debug: { ...nothing, letter: 'd' },
  trace: nothing,
  'log-size': { ...nothing, value: true },
  'no-map-gw': refused('the address of the gateway always leads to this host', false),
  'map-host-loopback': refused('the address of the gateway leads to this host; --gateway chooses it', true),
  'map-guest-addr': refused('the user network maps no other address to this host', true),
  'dns-host': refused('the user network asks the name servers of the host', true),
  'no-dhcp-dns': refused(NO_DHCP),
  'no-dhcp-search': refused(NO_DHCP),
  'mac-addr': { letter: 'M', ...refused('the gateway has the address 52:55:0a:00:02:02 of the user network', true) },
  interface: { letter: 'i', ...refused(HOST_ROUTES, true) },
  outbound: { letter: 'o', ...refused(HOST_ROUTES, true) },
  'outbound-if4': refused(HOST_ROUTES, true),
  'outbound-if6': refused(HOST_ROUTES, true),
  'no-tcp': refused(NO_PROTOCOL),
  'no-udp': refused(NO_PROTOCOL),
  'no-icmp': refused(NO_PROTOCOL),
  'no-dhcp': refused(NO_DHCP),
  'no-ndp': refused(NO_DHCP),
  'no-dhcpv6': nothing,
  'no-ra': refused(NO_DHCP),
  freebind: refused('ports are forwarded from addresses that this host has'),
  'vhost-user': refused(
    'vhost-user is not spoken here: QEMU talks to it by -netdev passt without vhost-user=on, or stream',
  ),
  'migrate-exit': refused(NO_MIGRATION),
  'migrate-no-linger': refused(NO_MIGRATION),
  'repair-path': refused(NO_MIGRATION, true),
  runas: refused('it runs as the user that starts it', true),
};

const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries(OPTIONS).flatMap(([name, { letter }]) => (letter === undefined ? [] : [[letter, name] as const])),
);

function takeFd(state: State, value: string): void {
  if (!/^\d{1,9}$/.test(value)) {
    throw new PasstOptionError(`takes the number of an open socket, not "${value}"`);
  }
  state.fd = Number(value);
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** The guest's address, with a length of its prefix or without. */
function takeAddress(state: State, value: string): void {
  const [address = '', length] = value.split('/');
  if (!IPV4.test(address)) {
    throw new PasstOptionError('takes an IPv4 address; the guest has its IPv6 address from the prefix fec0::/64');
  }
  state.address = address;
  if (length !== undefined) {
    takeNetmask(state, length);
  }
}

/** A mask, or the length of its prefix. */
function takeNetmask(state: State, value: string): void {
  const bits = value
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  const mask = IPV4.test(value) && /^1*0*$/.test(bits) && bits.length === 32;
  if (!mask && !(/^\d{1,2}$/.test(value) && Number(value) <= 32)) {
    throw new PasstOptionError(`"${value}" is neither a mask without holes nor the length of a prefix from 0 to 32`);
  }
  state.netmask = value;
}

function takeGateway(state: State, value: string): void {
  if (!IPV4.test(value)) {
    throw new PasstOptionError('takes an IPv4 address; the IPv6 gateway is fec0::2');
  }
  state.gateway = value;
}

/** The name server that the guest sees. What it asks there goes to those of the host. */
function takeNameserver(state: State, value: string): void {
  if (value !== 'none') {
    state.nameserver = value;
  }
}

/** What is behind the first dot is the domain. */
function takeFqdn(state: State, value: string): void {
  const [host = '', ...domain] = value.split('.');
  state.user.push(`hostname=${host}`);
  if (domain.length > 0) {
    state.user.push(`domainname=${domain.join('.')}`);
  }
}

/** Nothing but the one: the other is off. */
function takeOnly(other: 'ipv4' | 'ipv6'): (state: State) => void {
  return (state) => {
    state[other] = false;
  };
}

/** An option of the command line, as it was written, and its value, if that is in the same word. */
interface Given {
  readonly word: string;
  readonly name: string;
  readonly inline: string | undefined;
}

/** The options of a word, as getopt_long takes it apart: letters may stand together, long names may be cut short. */
function takenApart(word: string): Given[] {
  const long = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(word);
  if (long) {
    const [, written = '', inline] = long;
    return [{ word: `--${written}`, name: longName(written), inline }];
  }
  const given: Given[] = [];
  for (let rest = /^-([a-zA-Z0-9].*)$/s.exec(word)?.[1] ?? ''; rest !== ''; ) {
    const letter = rest.slice(0, 1);
    const name = LETTERS.get(letter) ?? '';
    rest = rest.slice(1);
    const takesRest = OPTIONS[name]?.value === true;
    given.push({ word: `-${letter}`, name, inline: (takesRest && rest) || undefined });
    rest = takesRest ? '' : rest;
  }
  return given.length > 0 ? given : [{ word, name: '', inline: undefined }];
}

/** The option that a name, or what is left of it, means; empty if there is none. Throws if it could be several. */
function longName(written: string): string {
  const all = Object.hasOwn(OPTIONS, written)
    ? [written]
    : Object.keys(OPTIONS).filter((name) => name.startsWith(written));
  if (all.length > 1) {
    throw new PasstOptionError(`--${written}: could be ${all.map((name) => `--${name}`).join(', ')}`);
  }
  return all[0] ?? '';
}

/** Reads the words after the program's name. Throws `PasstOptionError`. */
export function parsePasst(argv: readonly string[]): PasstRequest {
  const state: State = {
    oneOff: false,
    foreground: false,
    quiet: false,
    stderr: false,
    ipv4: true,
    ipv6: true,
    user: [],
  };
  const words = argv.values();
  for (const argument of words) {
    for (const { word, name, inline } of takenApart(argument)) {
      const option = OPTIONS[name];
      if (!option) {
        throw new PasstOptionError(`${argument}: no option of passt's`);
      }
      if (!option.value && inline !== undefined) {
        throw new PasstOptionError(`${argument}: ${word} takes no value`);
      }
      const value = option.value ? (inline ?? words.next().value ?? '') : '';
      if (option.value && value === '') {
        throw new PasstOptionError(`${word}: needs a value`);
      }
      taken(word, option, value, state);
    }
  }
  return requestOf(state);
}

function taken(word: string, option: Option, value: string, state: State): void {
  try {
    option.take(state, value);
  } catch (e) {
    throw e instanceof PasstOptionError ? new PasstOptionError(`${word}: ${e.message}`) : e;
  }
}

function requestOf(state: State): PasstRequest {
  const { fd, socket, pidFile, logFile, pcap, oneOff, foreground, quiet, stderr, ipv4, ipv6 } = state;
  if (fd !== undefined && socket !== undefined) {
    throw new PasstOptionError('--fd and --socket: the guest is at one of them');
  }
  if (!ipv4 && !ipv6) {
    throw new PasstOptionError('--ipv4-only and --ipv6-only: only one of them');
  }
  const user = [...(ipv4 ? [] : ['ipv4=off']), ...(ipv6 ? [] : ['ipv6=off']), ...network(state), ...state.user];
  return { fd, socket, oneOff: oneOff || fd !== undefined, foreground, quiet, stderr, pidFile, logFile, pcap, user };
}

/** The network around the addresses that were given. */
function network({ address, netmask, gateway, nameserver }: State): string[] {
  const around = address ?? gateway;
  const mask = netmask ?? '24';
  return [
    ...(around === undefined ? [] : [`net=${around}/${mask}`]),
    ...(gateway === undefined ? [] : [`host=${gateway}`]),
    ...(address === undefined ? [] : [`dhcpstart=${address}`]),
    ...(nameserver === undefined ? [] : [nameserver.includes(':') ? `ipv6-dns=${nameserver}` : `dns=${nameserver}`]),
  ];
}
