/** Packets that locals hold, for the front ends: copies of them, and changes in them. */
import type { TcpRelative } from '../packets/conversations.ts';
import type { PacketView } from '../packets/fields.ts';
import type { FrameRecord } from '../packets/packet-view.ts';
import type { LinkType, PacketBytes } from './packet-bytes.ts';

/** `number` is that in the replayed capture, 0 if it is none or nothing is replayed. */
export interface PacketCopy {
  readonly hex: string;
  readonly linktype: LinkType;
  readonly number: number;
  /** Since the capture's first packet. */
  readonly seconds: number;
  /** What the capture says of it. */
  readonly record: FrameRecord | null;
  /** What is known of its connection. */
  readonly relative: TcpRelative | null;
}

/** Copies a packet's bytes, and what `view` knows of it once it is aimed at them; without one, nothing is known. */
export function copyOf({ buf, off, len, linktype }: PacketBytes, view: PacketView | undefined): PacketCopy {
  const hex = Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('hex');
  const known = view?.set(buf, off, len, linktype).known;
  const number = (view && known?.numberOf(view)) ?? 0;
  const seconds = number > 0 ? (known?.secondsOf(number) ?? 0) : 0;
  const record = known?.recordOf(number) ?? null;
  return { hex, linktype, number, seconds, record, relative: (view && known?.relative(view)) ?? null };
}

/** Writes bytes, in hexadecimal, at places of a packet. */
export function patch({ buf, off }: PacketBytes, patches: readonly (readonly [number, string])[]): void {
  for (const [at, hex] of patches) {
    buf.set(Buffer.from(hex, 'hex'), off + at);
  }
}
