/** Names of NetBIOS (RFC 1001, section 14): 15 characters and a suffix, two letters a byte, as a label of DNS. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';

const MAX_JUMPS = 8;
const SPACE = 0x20;

/** `WORKGROUP<1d>`: 16 bytes as Wireshark shows them, the last one in brackets. */
export function nameText(bytes: readonly number[]): string {
  let end = 15;
  while (end > 0 && bytes[end - 1] === SPACE) {
    end--;
  }
  return bytes
    .map((b, i) =>
      i === 15 || ((b < SPACE || b > 126) && i < end) ? `<${hex(b)}>` : i < end ? String.fromCharCode(b) : '',
    )
    .join('');
}

function hex(b: number): string {
  return b.toString(16).padStart(2, '0');
}

/** The name at `from`, and where the bytes behind it start; undefined if it is malformed. */
export function netbiosName(p: PacketView, l: Layer, from: number): { name: string; next: number } | undefined {
  let at = from;
  let next = -1;
  for (let jumps = 0; at + 1 < l.end && p.u8(at) >= 0xc0; jumps++) {
    next = next < 0 ? at + 2 : next;
    at = l.at + (p.u16(at) & 0x3fff);
    if (jumps === MAX_JUMPS) {
      return undefined;
    }
  }
  if (at >= l.end || p.u8(at) !== 32 || at + 34 > l.end) {
    return undefined;
  }
  const bytes: number[] = [];
  for (let i = at + 1; i < at + 33; i += 2) {
    bytes.push((((p.u8(i) - 0x41) & 15) << 4) | ((p.u8(i + 1) - 0x41) & 15));
  }
  let scope = at + 33;
  while (scope < l.end && p.u8(scope) !== 0 && p.u8(scope) < 64) {
    scope += p.u8(scope) + 1;
  }
  return { name: nameText(bytes), next: next < 0 ? scope + 1 : next };
}
