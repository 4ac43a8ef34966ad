/** Capture filters (pcap-filter(7)) that somebody typed where a display filter is meant, as the display filter. */

const DIRECTIONS: ReadonlySet<string> = new Set(['src', 'dst']);
const TRANSPORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);
const PROTOCOLS: Readonly<Record<string, string>> = {
  tcp: 'tcp',
  udp: 'udp',
  icmp: 'icmp',
  icmp6: 'icmpv6',
  ip: 'ip',
  ip6: 'ipv6',
  arp: 'arp',
  vlan: 'vlan',
};
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/**
 * A sentence with the display filter that says the same as a capture filter; undefined if the text is none, or one
 * that is not known here.
 */
export function captureHint(text: string): string | undefined {
  const words = text.trim().split(/\s+/);
  const out: string[] = [];
  let primitives = 0;
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    const joint = { and: '&&', or: '||', not: '!', '&&': '&&', '||': '||', '!': '!' }[word];
    if (joint !== undefined) {
      out.push(joint);
      at++;
      continue;
    }
    const found = primitive(words, at);
    if (!found) {
      return undefined;
    }
    out.push(found.filter);
    primitives += found.words > 1 ? 1 : 0;
    at += found.words;
  }
  const filter = out.join(' ').replaceAll('! ', '!');
  return primitives === 0 ? undefined : `This is the syntax of capture filters; as a display filter: ${filter}`;
}

interface Primitive {
  readonly filter: string;
  readonly words: number;
}

/** What the words at `at` say, up to the next joint. */
function primitive(words: readonly string[], at: number): Primitive | undefined {
  let i = at;
  const take = (known: ReadonlySet<string>): string => (known.has(words[i] ?? '') ? (words[i++] ?? '') : '');
  const link = take(new Set(['ether', 'ip', 'ip6', 'arp']));
  const transport = take(TRANSPORTS);
  const direction = take(DIRECTIONS);
  const kind = words[i] ?? '';
  const value = words[i + 1] ?? '';
  const filter = qualified(link, transport, direction, kind, value);
  if (filter !== undefined) {
    return { filter, words: i + 2 - at };
  }
  const protocol = Object.hasOwn(PROTOCOLS, words[at] ?? '') ? PROTOCOLS[words[at] ?? ''] : undefined;
  return protocol === undefined ? undefined : { filter: protocol, words: 1 };
}

function qualified(
  link: string,
  transport: string,
  direction: string,
  kind: string,
  value: string,
): string | undefined {
  switch (kind) {
    case 'host':
    case 'net':
      return addressed(link, direction, value);
    case 'port':
      return /^\d+$/.test(value) ? ports(transport, direction, (f) => `${f} == ${value}`) : undefined;
    case 'portrange': {
      const range = /^(\d+)-(\d+)$/.exec(value);
      return range ? ports(transport, direction, (f) => `${f} in {${range[1]}..${range[2]}}`) : undefined;
    }
    case 'less':
    case 'greater':
      return /^\d+$/.test(value) ? `frame.len ${kind === 'less' ? '<=' : '>='} ${value}` : undefined;
    default:
      return undefined;
  }
}

function addressed(link: string, direction: string, value: string): string | undefined {
  const field = direction === '' ? 'addr' : direction;
  if (MAC.test(value)) {
    return `eth.${field} == ${value}`;
  }
  if (/^[0-9a-f]*:[0-9a-f:.]+(\/\d+)?$/i.test(value)) {
    return `ipv6.${field} == ${value}`;
  }
  return link !== 'ether' && /^\d+(\.\d+){3}(\/\d+)?$/.test(value) ? `ip.${field} == ${value}` : undefined;
}

function ports(transport: string, direction: string, test: (field: string) => string): string {
  const field = direction === '' ? 'port' : `${direction}port`;
  return transport === '' ? `(${test(`tcp.${field}`)} || ${test(`udp.${field}`)})` : test(`${transport}.${field}`);
}
