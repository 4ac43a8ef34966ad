/** One line about a packet: the columns of Wireshark's packet list, from what the layers' protocols declare. */
import { visible } from './format.ts';
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';

/** Columns of the packet list. */
export interface Summary {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly length: number;
  readonly info: string;
}

/**
 * The columns for the packet of a view: each is what the innermost layer that has it says. Never throws, whatever the
 * bytes.
 */
export function summary(p: PacketView): Summary {
  const layers = p.layers().filter((l) => !l.quoted && !l.partial);
  const speaker = layers.findLast((l) => l.protocol.declaration.info !== undefined);
  const [source, destination] = addresses(p, layers);
  return {
    source,
    destination,
    protocol: speaker === undefined ? '' : visible(columnOf(p, speaker)),
    length: p.wireLength,
    info: speaker === undefined ? '' : visible(infoOf(p, layers, speaker)),
  };
}

/** What the layer says, after the remarks of those that carry it, and with those of equal layers beside it. */
function infoOf(p: PacketView, layers: readonly Layer[], speaker: Layer): string {
  const before = layers.map((l) => l.protocol.declaration.infoBefore?.(p, l) ?? '').join('');
  const { info, infoBetween } = speaker.protocol.declaration;
  const beside = (l: Layer): boolean => l.protocol === speaker.protocol && l.below === speaker.below;
  const speakers = infoBetween === undefined ? [speaker] : layers.filter(beside);
  return `${before}${speakers.map((l) => info?.(p, l) ?? '').join(infoBetween)}`;
}

/** How bad a packet is, as an expert sees it. */
export const BADNESS = ['', 'comment', 'chat', 'note', 'warn', 'error'] as const;

/** The worst that experts say of the packet, by its place in `BADNESS`: an error if it is malformed. */
export function badnessOf(p: PacketView): number {
  if (p.malformed() !== null) {
    return BADNESS.length - 1;
  }
  const said = p.layers().flatMap((l) => l.protocol.declaration.experts?.(p, l) ?? []);
  return said.reduce((worst, { severity }) => Math.max(worst, BADNESS.indexOf(severity)), 0);
}

/** `10.0.2.2 → 10.0.2.15 TCP 60 5556 → 58676 [SYN, ACK] ...`, as tshark prints it. */
export function formatSummary(s: Summary): string {
  return `${s.source} → ${s.destination} ${s.protocol} ${s.length} ${s.info}`;
}

function addresses(p: PacketView, layers: readonly Layer[]): readonly [source: string, destination: string] {
  const l = layers.findLast((x) => x.protocol.declaration.addresses !== undefined);
  return l?.protocol.declaration.addresses?.(p, l) ?? ['', ''];
}

function columnOf(p: PacketView, l: Layer): string {
  const { columnOf: find, column } = l.protocol.declaration;
  let words = find?.(p, l) ?? column;
  for (let below = l.below; below !== null; below = below.below) {
    words = below.protocol.declaration.columnAround?.(words) ?? words;
  }
  return words;
}
