/** What the page of the view Packet and the extension say to each other. */
import type { PacketDetails } from '../../adapter/packets/details.ts';

/** Which packet is shown: one of a listing, or what the machine has in its hands. */
export type PacketOrigin = 'listing' | 'machine';

export type FromPage =
  | { readonly type: 'ready' }
  /** A line is selected, by Wireshark's name; empty for none. */
  | { readonly type: 'field'; readonly name: string };

export type ToPage = {
  readonly type: 'packet';
  readonly origin: PacketOrigin;
  /** None: there is nothing to show. */
  readonly packet?: PacketDetails;
};
