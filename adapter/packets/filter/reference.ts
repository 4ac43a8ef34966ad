/** The packet that `${ip.src}` in a filter is about, as text that crosses between threads. */
import { occurrences } from '../fields.ts';
import { type LinkType, PacketView } from '../packet-view.ts';
import type { FilterOptions } from './filter.ts';

/** A packet as text: its link type and its bytes. */
export function referenceText(bytes: Uint8Array, link: LinkType): string {
  return `${link} ${Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')}`;
}

/** What references stand for, by such a text; nothing without one. */
export function referring(text: string): FilterOptions {
  const [link = '', hex = ''] = text.split(' ');
  if (hex === '') {
    return {};
  }
  const bytes = Uint8Array.from({ length: hex.length >> 1 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
  const view = new PacketView(bytes, link as LinkType);
  return {
    referenced: (field) => occurrences(view, field).flatMap(({ value }) => (value === undefined ? [] : [value])),
  };
}
