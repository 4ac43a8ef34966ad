/**
 * What is a packet: the tag `@packet` in a function's doc comment says which of its parameters or locals holds one.
 *
 *     @packet buf size       bytes, and how many of them (all of the array without the second word)
 *     @packet iov iovcnt     bytes in pieces, and how many pieces
 *     @packet m              an mbuf
 *     @packet skb            an sk_buff
 *     @packet buf size ip    bytes that begin with an IP header rather than an Ethernet one
 *     @packet buf size link  a local says which: 'ethernet' or 'ip'
 *
 * Structs know themselves where their headers are.
 */
import type { PacketInfo, PacketKind, Variable } from './debug-info.ts';

const FORM = "'@packet NAME [LENGTH [LINK]]'";
const LINKS = ['ethernet', 'ip'];

/** The kind of packet that a variable of a type holds. */
function kindOf(type: string): PacketKind | undefined {
  const bare = type.replace(/\s*\|\s*(null|undefined)/g, '').trim();
  if (bare === 'mbuf') {
    return 'mbuf';
  }
  if (bare === 'sk_buff') {
    return 'skb';
  }
  if (/^(readonly )?iovec\[\]$/.test(bare)) {
    return 'iov';
  }
  // Without the library's types (tests compile so) an inferred type can be unknown.
  return /^(Uint8Array\b(?!\[)|any$|$)/.test(bare) ? 'buf' : undefined;
}

/** What a tag with these words says, given what the function's probes can see; or why it is wrong. */
export function resolvePacket(words: readonly string[], variables: readonly Variable[]): PacketInfo | string {
  const [name, extra = '', link = 'ethernet', ...more] = words;
  if (name === undefined || more.length > 0) {
    return `${FORM} is what a tag for packets looks like`;
  }
  const found = (n: string): Variable | undefined => variables.find((v) => v.name === n);
  const missing = [name, extra, LINKS.includes(link) ? '' : link].find((n) => n !== '' && !found(n));
  if (missing !== undefined) {
    return `@packet names '${missing}', which is neither a parameter nor a local of the function`;
  }
  const type = found(name)?.type ?? '';
  const kind = kindOf(type);
  if (!kind) {
    return `@packet names '${name}', a ${type}: packets are Uint8Array, iovec[], mbuf and sk_buff`;
  }
  if (extra !== '' && (kind === 'mbuf' || kind === 'skb')) {
    return `@packet ${name}: a struct knows its length, nothing may follow its name`;
  }
  return { kind, name, extra, link };
}
