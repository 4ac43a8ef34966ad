/** What tshark says of captures: the oracle that fields and columns are compared with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIELDS } from '../../adapter/packets/fields.ts';

/** A packet as tshark has it: all occurrences of its fields, and two columns of its list. */
export interface OraclePacket {
  readonly protocol: string;
  readonly info: string;
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** Protocols whose fields are asked for, so that a new field of ours does not need a new run. */
const PROTOCOLS = new Set(
  (
    'frame eth llc vlan ieee8021ad arp ip ipv6 icmp icmpv6 ' +
    'tcp udp dns dhcp tftp data http sll null loop raw igmp ntp ssh tls quic ' +
    'mdns llmnr stp lldp gre vxlan mpls pppoes ppp sctp _ws _ws.expert'
  ).split(' '),
);

const SEPARATOR = '\x1f';
const AGGREGATOR = '\x1e';

let names: readonly string[] | undefined;

/** Names of tshark's fields that may be compared. */
function oracleNames(cache: string): readonly string[] {
  names ??= knownTo(cache)
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([kind, , name = '', , protocol = '']) =>
      FIELDS[name] !== undefined || PROTOCOLS.has(kind === 'P' ? name : protocol) ? [name] : [],
    )
    .filter((name, i, list) => list.indexOf(name) === i && /^[\w.-]+$/.test(name));
  return names;
}

/** What tshark prints of its fields; kept as the packets are. */
function knownTo(cache: string): string {
  const file = join(cache, 'fields.tsv');
  if (cache !== '' && existsSync(file)) {
    return readFileSync(file, 'utf8');
  }
  const text = run(['-G', 'fields']);
  if (cache !== '') {
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, text);
  }
  return text;
}

let comparable: readonly string[] | undefined;

/** Names that both sides know. */
export function comparableFields(cache: string): readonly string[] {
  comparable ??= oracleNames(cache).filter((name) => FIELDS[name] !== undefined);
  return comparable;
}

function run(args: readonly string[]): string {
  return execFileSync('tshark', args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 31,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TZ: 'UTC' },
  });
}

/** The first packets of a capture; with `cache`, from there if tshark was asked before. */
export function tsharkPackets(path: string, limit: number, cache: string): readonly OraclePacket[] {
  const asked = oracleNames(cache);
  const key = createHash('sha256')
    .update(`${path} ${statSync(path).size} ${limit} ${asked.join()}`)
    .digest('hex');
  const kept = join(cache, `${key}.json`);
  if (cache !== '' && existsSync(kept)) {
    return JSON.parse(readFileSync(kept, 'utf8')) as OraclePacket[];
  }
  const all = ['_ws.col.Protocol', '_ws.col.Info', ...asked];
  const text = runPartly([
    '-r',
    path,
    '-c',
    String(limit),
    '-T',
    'fields',
    '-E',
    'occurrence=a',
    '-E',
    `separator=${SEPARATOR}`,
    '-E',
    `aggregator=${AGGREGATOR}`,
    ...all.flatMap((name) => ['-e', name]),
  ]);
  const packets = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => packetOf(asked, line));
  if (cache !== '') {
    mkdirSync(cache, { recursive: true });
    writeFileSync(kept, JSON.stringify(packets));
  }
  return packets;
}

/** What tshark prints also if the capture's end is damaged. */
function runPartly(args: readonly string[]): string {
  try {
    return run(args);
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? '';
  }
}

function packetOf(asked: readonly string[], line: string): OraclePacket {
  const [protocol = '', info = '', ...rest] = line.split(SEPARATOR);
  const fields: Record<string, string[]> = {};
  rest.forEach((text, i) => {
    const name = asked[i];
    if (text !== '' && name !== undefined) {
      fields[name] = text.split(AGGREGATOR);
    }
  });
  return { protocol, info, fields };
}
