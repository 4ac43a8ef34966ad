/** Values of packets as text, and back. */
import type { FieldType, FieldValue } from './protocol.ts';

/** An IPv4 address, a number in host byte order, as `10.0.2.2`. */
export function formatIpv4(a: number): string {
  return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
}

/** A MAC address, a 48-bit number, as `52:54:00:12:34:56`. */
export function formatEther(a: number): string {
  return a
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?!$)/g, '$1:');
}

/** An IPv6 address of 16 bytes, shortened as RFC 5952 says. */
export function formatIpv6(b: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((b[2 * i] ?? 0) << 8) | (b[2 * i + 1] ?? 0));
  let best = -1;
  let bestLen = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && words[i + n] === 0) {
      n++;
    }
    if (n > bestLen) {
      best = i;
      bestLen = n;
    }
  }
  const hex = words.map((w) => w.toString(16));
  return best < 0 ? hex.join(':') : `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLen).join(':')}`;
}

/** Bytes as `48:65:6c`, or with another separator; longer than `max` they end in an ellipsis. */
export function formatBytes(b: Uint8Array, max = 64, separator = ':'): string {
  const s = hexBytes(b.subarray(0, max), separator);
  return b.length > max ? `${s}…` : s;
}

/** `0x` and at least `digits` hex digits. */
export function hex(n: number | bigint, digits = 0): string {
  return `0x${n.toString(16).padStart(digits, '0')}`;
}

/** Bytes as `48 65 6c`, or with another separator. */
export function hexBytes(bytes: Uint8Array, separator = ' '): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(separator);
}

/** Lines of 16 bytes, as `00201800  52 54 00 ...  RT...`; `address` is that of the first byte. */
export function hexDump(bytes: Uint8Array, address: number): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const characters = Array.from(row, (b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    text += `${(address + at).toString(16).padStart(8, '0')}  ${hexBytes(row).padEnd(47)}  ${characters}\n`;
  }
  return text;
}

/** A number in C's notation (also `0b101`), at least 0; undefined for any other text. */
export function parseNumber(text: string): number | undefined {
  if (!/^(0x[0-9a-f]+|0b[01]+|\d+)$/i.test(text)) {
    return undefined;
  }
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
}

const ESCAPES: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };

/** Text with what cannot be printed as escapes, as Wireshark shows it: `\r\n`, `\x01`. */
export function printable(s: string): string {
  return s.replace(/[^\x20-\x7e]/g, (c) => ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** What a terminal or an editor obeys instead of showing it: control characters, and those that turn the direction. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function escaped(c: string): string {
  const code = c.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}

/** Text of somebody else's for a terminal: control characters as escapes, such as `\n`, `\x1b` and `\u202e`. */
export function visible(s: string): string {
  return s.replace(OBEYED, (c) => ESCAPES[c] ?? escaped(c));
}

/** The same for a text of some lines: newlines and tabs stay. */
export function visibleLines(s: string): string {
  return s.replace(OBEYED, (c) => (c === '\n' || c === '\t' ? c : (ESCAPES[c] ?? escaped(c))));
}

/** JSON on one line that a terminal only shows: JSON itself escapes none of what is above 0x7e. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `10.0.2.2` as a number, or undefined if it is not an IPv4 address. */
export function parseIpv4(s: string): number | undefined {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(s);
  if (!m) {
    return undefined;
  }
  const parts = m.slice(1).map(Number);
  return parts.some((p) => p > 255) ? undefined : parts.reduce((a, p) => a * 256 + p, 0);
}

/** A MAC address with `:`, `-` or `.` between bytes (or `5254.0012.3456`) as a 48-bit number, or undefined. */
export function parseEther(s: string): number | undefined {
  const ok = /^[0-9a-f]{2}([:.-][0-9a-f]{2}){5}$/i.test(s) || /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(s);
  return ok ? Number.parseInt(s.replace(/[:.-]/g, ''), 16) : undefined;
}

/** An IPv6 address as 16 bytes, or undefined. */
export function parseIpv6(s: string): Uint8Array | undefined {
  let str = s;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(s);
  if (dotted) {
    const v4 = parseIpv4(dotted[2]!);
    if (v4 === undefined) {
      return undefined;
    }
    str = `${dotted[1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  }
  const halves = str.split('::');
  const words = halves.map((h) => (h === '' ? [] : h.split(':')));
  const count = words.reduce((n, w) => n + w.length, 0);
  if (halves.length > 2 || (halves.length === 1 ? count !== 8 : count > 7)) {
    return undefined;
  }
  const all = [...words[0]!, ...Array<string>(8 - count).fill('0'), ...(words[1] ?? [])];
  if (!all.every((w) => /^[0-9a-f]{1,4}$/i.test(w))) {
    return undefined;
  }
  const out = new Uint8Array(16);
  all.forEach((w, i) => {
    const n = Number.parseInt(w, 16);
    out[2 * i] = n >> 8;
    out[2 * i + 1] = n & 255;
  });
  return out;
}

const HEX_DIGITS: Partial<Record<FieldType, number>> = { uint8: 2, uint16: 4, uint32: 8 };

/** A value of a field as Wireshark shows it. */
export function formatValue(f: { readonly type: FieldType; readonly hex?: boolean }, value: FieldValue): string {
  switch (typeof value) {
    case 'undefined':
      return '<absent>';
    case 'string':
      return value;
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return formatNumber(f, value);
    default:
      break;
  }
  if (value instanceof Uint8Array) {
    return f.type === 'ipv6' ? formatIpv6(value) : formatBytes(value);
  }
  return value.map((v) => formatValue(f, v)).join(', ');
}

function formatNumber(f: { readonly type: FieldType; readonly hex?: boolean }, value: number): string {
  switch (f.type) {
    case 'ipv4':
      return formatIpv4(value);
    case 'ether':
      return formatEther(value);
    default:
      return f.hex === true ? hex(value, HEX_DIGITS[f.type] ?? 0) : String(value);
  }
}

/**
 * Which packet one stands behind: of a replay the capture's number, `-` for a packet that is not in the capture; else
 * how many have passed the user network's edge.
 */
export function packetNumber({
  packets,
  captured,
}: {
  readonly packets: number;
  readonly captured?: number | undefined;
}): string {
  return captured === 0 && packets > 0 ? '-' : String(captured ?? packets);
}
