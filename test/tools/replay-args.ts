/** The options of `slirp-replay`. */
import { ReplayOptions } from './slirp-replayer.ts';

export const USAGE = `usage: npm run -s slirp-replay -- IN.pcap OUT.pcap [options]
 --net=10.0.2.0/24 --host=10.0.2.2 --dns=10.0.2.3 --dhcpstart=10.0.2.15 --hostname= --domainname= --dnssearch=a,b
 --tftp=DIR --bootfile= --tftp-server-name= --restrict --ipv6 --no-ipv4 --mtu= --mru= --emu --no-loopback \
--no-dns --no-dhcp
 --hostfwd=tcp|udp:HOSTPORT-GUESTIP:GUESTPORT   (host side is 127.0.0.1)
 --guestfwd-cat=IP:PORT                          (guestfwd to /bin/cat)
 --udp-echo=PORT --tcp-echo=PORT --tcp-sink=PORT --tcp-close=PORT --tcp-hello=PORT   (host peers on 127.0.0.1)
 --connect=T_MS:PORT[:SRCPORT[:TEXT]] --udp-send=T_MS:PORT:SRCPORT:TEXT              (host-side traffic into a hostfwd)
 --settle-ms=5 (peers are in the process: accepted, not needed) --tail-ms=3000 --no-rebase
 --info (print connections and neighbors at the end)`;

/** Search domains that are taken, as many as the recording program takes. */
const DNSSEARCH_MAX = 31;

/** A wrong command line; the message says what is wrong. */
export class UsageError extends Error {}

/** An IPv4 address in dotted notation as a number. */
export function parseIp(text: string): number {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = m ? m.slice(1).map(Number) : [];
  if (bytes.length !== 4 || bytes.some((b) => b > 255)) {
    throw new UsageError(`'${text}' is not an IPv4 address such as 10.0.2.2`);
  }
  return bytes.reduce((a, b) => a * 256 + b, 0);
}

function parseNumber(text: string, what: string, max: number): number {
  const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(n <= max)) {
    throw new UsageError(`${what}: '${text}' is not a number from 0 to ${max}`);
  }
  return n;
}

const parsePort = (text: string): number => parseNumber(text, 'port', 65535);

/** Each option: its name, and what it does with the text behind `=` ('' if there is none). */
const OPTIONS: Record<string, (o: ReplayOptions, v: string) => void> = {
  net: (o, v) => {
    const [addr, len] = v.split('/');
    const bits = len === undefined ? 24 : parseNumber(len, 'prefix length', 32);
    o.config.vnetwork = parseIp(addr ?? '');
    o.config.vnetmask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  },
  host: (o, v) => {
    o.config.vhost = parseIp(v);
  },
  dns: (o, v) => {
    o.config.vnameserver = parseIp(v);
  },
  dhcpstart: (o, v) => {
    o.config.vdhcp_start = parseIp(v);
  },
  hostname: (o, v) => {
    o.config.vhostname = v;
  },
  domainname: (o, v) => {
    o.config.vdomainname = v;
  },
  dnssearch: (o, v) => {
    o.config.vdnssearch = v
      .split(',')
      .filter((d) => d !== '')
      .slice(0, DNSSEARCH_MAX);
  },
  tftp: (o, v) => {
    o.config.tftp_path = v;
  },
  bootfile: (o, v) => {
    o.config.bootfile = v;
  },
  'tftp-server-name': (o, v) => {
    o.config.tftp_server_name = v;
  },
  restrict: (o) => {
    o.config.restricted = true;
  },
  ipv6: (o) => {
    o.config.in6_enabled = true;
  },
  'no-ipv4': (o) => {
    o.config.in_enabled = false;
  },
  mtu: (o, v) => {
    o.config.if_mtu = parseNumber(v, 'mtu', 65521);
  },
  mru: (o, v) => {
    o.config.if_mru = parseNumber(v, 'mru', 65521);
  },
  emu: (o) => {
    o.config.enable_emu = true;
  },
  'no-loopback': (o) => {
    o.config.disable_host_loopback = true;
  },
  'no-dns': (o) => {
    o.config.disable_dns = true;
  },
  'no-dhcp': (o) => {
    o.config.disable_dhcp = true;
  },
  hostfwd: (o, v) => {
    const m = /^(tcp|udp):(\d+)-([\d.]+):(\d+)$/.exec(v);
    if (!m) {
      throw new UsageError(`'${v}' is not tcp|udp:HOSTPORT-GUESTIP:GUESTPORT`);
    }
    const [, proto, port, guest, guestPort] = m as unknown as [string, string, string, string, string];
    o.hostfwd.push({
      udp: proto === 'udp',
      port: parsePort(port),
      guest: parseIp(guest),
      guestPort: parsePort(guestPort),
    });
  },
  'guestfwd-cat': (o, v) => {
    const [addr, port] = v.split(':');
    o.guestfwdCat = { addr: parseIp(addr ?? ''), port: parsePort(port ?? '') };
  },
  'udp-echo': (o, v) => o.udpEcho.push(parsePort(v)),
  'tcp-echo': (o, v) => o.tcpPeers.push([parsePort(v), 'echo']),
  'tcp-sink': (o, v) => o.tcpPeers.push([parsePort(v), 'sink']),
  'tcp-close': (o, v) => o.tcpPeers.push([parsePort(v), 'close']),
  'tcp-hello': (o, v) => o.tcpPeers.push([parsePort(v), 'hello']),
  connect: (o, v) => hostEvent(o, v, false),
  'udp-send': (o, v) => hostEvent(o, v, true),
  'settle-ms': (_o, v) => {
    parseNumber(v, 'settle-ms', 1e9);
  },
  'tail-ms': (o, v) => {
    o.tailMs = parseNumber(v, 'tail-ms', 1e9);
  },
  'no-rebase': (o) => {
    o.rebase = false;
  },
  info: (o) => {
    o.info = true;
  },
};

/** The options that are on or off: a value would be taken for something it is not. */
const FLAGS: ReadonlySet<string> = new Set(
  'restrict ipv6 no-ipv4 emu no-loopback no-dns no-dhcp no-rebase info'.split(' '),
);

function hostEvent(o: ReplayOptions, v: string, udp: boolean): void {
  const [at, port, sport, ...text] = v.split(':');
  o.events.push({
    at_ms: parseNumber(at ?? '', 'time', 1e9),
    port: parsePort(port ?? ''),
    sport: sport === undefined || sport === '' ? 0 : parsePort(sport),
    text: text.join(':'),
    udp,
  });
}

/** Reads a command line: the two files, and the options. */
export function parseReplayArgs(argv: readonly string[]): { files: string[]; options: ReplayOptions } {
  const options = new ReplayOptions();
  const files: string[] = [];
  for (const arg of argv) {
    if (!arg.startsWith('--')) {
      files.push(arg);
      continue;
    }
    const eq = arg.indexOf('=');
    const name = arg.slice(2, eq < 0 ? undefined : eq);
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (!option) {
      throw new UsageError(
        `unknown option '${arg}'; known are ${Object.keys(OPTIONS)
          .map((n) => `--${n}`)
          .join(' ')}`,
      );
    }
    if (eq >= 0 && FLAGS.has(name)) {
      throw new UsageError(`'${arg}': --${name} takes no value; without it the option is off`);
    }
    try {
      option(options, eq < 0 ? '' : arg.slice(eq + 1));
    } catch (e) {
      throw e instanceof UsageError ? new UsageError(`${arg}: ${e.message}`) : e;
    }
  }
  return { files, options };
}
