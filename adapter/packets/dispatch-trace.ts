/**
 * VPP's graph dispatch trace (link type 280), which Wireshark dissects: a record for each node that a packet passes
 * (Barach, "VPP graph dispatch trace record description").
 */

export const LINKTYPE_VPP_DISPATCH = 280;

/** What the packet begins with. */
const HINT = { none: 0, ethernet: 1, ip4: 2, ip6: 3 } as const;

/** Version 1.0 of the records. */
const [MAJOR, MINOR] = [1, 0];

export interface DispatchRecord {
  /** Tells the packet. */
  readonly buffer: number;
  /** The node, here a function. */
  readonly node: string;
  readonly metadata: string;
  /** What is said of the packet there. */
  readonly trace: string;
  readonly link: 'ethernet' | 'ip';
  readonly data: Uint8Array;
}

/** The bytes of a record. */
export function dispatchRecord({ buffer, node, metadata, trace, link, data }: DispatchRecord): Uint8Array {
  const strings = [node, metadata, '', '', trace].map((s) => new TextEncoder().encode(`${s}\0`));
  const hint = link === 'ethernet' ? HINT.ethernet : (data[0] ?? 0) >> 4 === 6 ? HINT.ip6 : HINT.ip4;
  const head = Uint8Array.of(MAJOR, MINOR, strings.length, hint, buffer >>> 24, buffer >>> 16, buffer >>> 8, buffer);
  const parts = [head, ...strings, data];
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
