/** Internet addresses as text. IPv4 addresses are numbers in host byte order, IPv6 ones 16 bytes. */
import { rd16 } from '../wire/bytes.ts';

/**
 * An IPv4 address as inet_aton(3) reads it: one to four numbers, also octal or 0x, of which the last fills what is
 * left. -1 if the text is none. @pure
 */
export function inet_aton(text: string): number {
  const words = text.split('.');
  if (words.length > 4 || !words.every((w) => /^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(w))) {
    return -1;
  }
  const parts = words.map((w) => (/^0[0-7]+$/.test(w) ? Number.parseInt(w, 8) : Number(w)));
  const last = parts.pop()!;
  if (parts.some((n) => n > 255) || last >= 256 ** (4 - parts.length)) {
    return -1;
  }
  return parts.reduce((addr, n, i) => addr + n * 256 ** (3 - i), last);
}

/** An address, `0` if the text is empty, or -1. */
export function parse_addr(text: string): number {
  return text === '' ? 0 : inet_aton(text);
}

/** A port number from `min` to 65535, decimal, octal or 0x as strtol(3) takes it; -1 if the text is none. */
export function parse_port(text: string, min: number): number {
  const m = /^\+?(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  const port = m ? Number(m[1]!.replace(/^0(?=\d)/, '0o')) : -1;
  return port >= min && port <= 65535 ? port : -1;
}

/** An IPv4 address of exactly four decimal numbers, or -1 if the text is none. */
function inet_pton4(text: string): number {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return -1;
  }
  let addr = 0;
  for (const part of text.split('.')) {
    if (Number(part) > 255) {
      return -1;
    }
    addr = addr * 256 + Number(part);
  }
  return addr;
}

/** The 16-bit groups on one side of `::`; an IPv4 address may be the last. Null if a group is wrong. */
function ip6_groups(text: string): number[] | null {
  const groups: number[] = [];
  const words = text === '' ? [] : text.split(':');
  for (const [i, word] of words.entries()) {
    const v4 = i === words.length - 1 ? inet_pton4(word) : -1;
    if (v4 >= 0) {
      groups.push(Math.floor(v4 / 0x10000), v4 & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(word)) {
      groups.push(Number.parseInt(word, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** An IPv6 address (RFC 4291, section 2.2), or null if the text is none. @pure */
export function inet_pton6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) {
    return null;
  }
  const head = ip6_groups(halves[0]!);
  const tail = ip6_groups(halves[1] ?? '');
  const missing = head && tail ? 8 - head.length - tail.length : -1;
  if (!head || !tail || missing < 0 || (halves.length === 1 ? missing !== 0 : missing === 0)) {
    return null;
  }
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 0xff]));
}

/**
 * An IPv4 address in dotted notation.
 * @nodebug @pure
 */
export function inet_ntoa(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`;
}

/** An IPv6 address as text (RFC 5952: lower case, the longest run of zero groups as `::`). @pure */
export function inet_ntop6(a: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push(rd16(a, i));
  }
  let best = -1;
  let best_len = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) {
      n++;
    }
    if (n > best_len) {
      best = i;
      best_len = n;
    }
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return best < 0 ? hex(0, 8) : `${hex(0, best)}::${hex(best + best_len, 8)}`;
}
