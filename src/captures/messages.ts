/** What the page of a packet listing and the extension say to each other. */

/** The columns of a packet; its number is its place in the capture, from 1. */
export interface PacketRow {
  /** Seconds since the first packet. */
  readonly time: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  /** Bytes on the wire. */
  readonly length: number;
  readonly info: string;
}

/** A breakpoint on a packet. */
export interface PacketBreakpoint {
  readonly packet: number;
  readonly enabled: boolean;
  /** What it waits for, or prints; empty if it always stops. */
  readonly condition: string;
}

export interface ListingWidths {
  readonly number: number;
  readonly time: number;
  readonly address: number;
}

/** How far reading a capture is. */
export interface ReadingProgress {
  /** Bytes; a total of 0 is not known yet. */
  readonly done: number;
  readonly total: number;
}

/** What the page shows in place of packets, or which packets it shows. */
export type ListingState =
  | { readonly type: 'reading'; readonly progress: ReadingProgress }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'cancelled' }
  | {
      readonly type: 'opened';
      /** Tells this reading of the file from those before it changed. */
      readonly generation: number;
      /** Packets so far. */
      readonly count: number;
      /** There are more to come. */
      readonly progress?: ReadingProgress;
      /** What is to be said about the file. */
      readonly warnings: readonly string[];
      /** Characters that the columns need. */
      readonly widths: ListingWidths;
    };

export type ToPage =
  | ListingState
  | {
      readonly type: 'rows';
      readonly generation: number;
      /** Index of the first one. */
      readonly from: number;
      readonly rows: readonly PacketRow[];
    }
  | { readonly type: 'breakpoints'; readonly breakpoints: readonly PacketBreakpoint[] }
  /** The machine stands at this packet; 0 for none. */
  | { readonly type: 'stopped'; readonly packet: number }
  /** The packet is to be selected and shown. */
  | { readonly type: 'reveal'; readonly packet: number };

export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'cancel' }
  | { readonly type: 'again' }
  /** Rows `[from, to)` are wanted. */
  | { readonly type: 'rows'; readonly generation: number; readonly from: number; readonly to: number }
  | { readonly type: 'select'; readonly packet: number }
  | { readonly type: 'toggleBreakpoint'; readonly packet: number };
