/** Internet addresses as text. IPv4 addresses are numbers in host byte order, IPv6 ones 16 bytes. */

/** An IPv4 address in dotted notation, or -1 if the text is none. */
export function inet_aton(text: string): number {
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
    const v4 = i === words.length - 1 ? inet_aton(word) : -1;
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

/** An IPv6 address (RFC 4291, section 2.2), or null if the text is none. */
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
