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
  /** How bad it is: one of `BADNESS`. */
  readonly badness: string;
}

/** What the Time column says. */
export type TimeFormat = 'first' | 'previous' | 'day' | 'date';

/** What is to be said of a packet beside it. */
export interface PacketMark {
  readonly packet: number;
  /** The replay dropped it, or answered it otherwise. */
  readonly kind: 'drop' | 'divergence';
  readonly text: string;
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
  /**
   * Which packets of a reading match the filter, by their numbers; all of them without `shown`. Of a filter that is
   * wrong, the message and which part of the text it is about.
   */
  | {
      readonly type: 'filtered';
      readonly generation: number;
      readonly text: string;
      readonly shown?: Uint32Array;
      readonly error?: string;
      readonly span?: readonly [start: number, end: number];
    }
  /** Packets that the replay dropped, or answered otherwise. */
  | { readonly type: 'marks'; readonly marks: readonly PacketMark[] }
  /** The tree of the packet under the mouse. */
  | { readonly type: 'hover'; readonly packet: number; readonly lines: readonly string[] }
  /** Looking for packets that match is going on. */
  | { readonly type: 'filtering'; readonly progress: ReadingProgress }
  /** Rows say something else now. */
  | { readonly type: 'changed'; readonly widths: ListingWidths }
  /** The filter is to be this one. */
  | { readonly type: 'useFilter'; readonly text: string }
  /** The machine stands at this packet; 0 for none. */
  | { readonly type: 'stopped'; readonly packet: number }
  /** The packet is to be selected and shown. */
  | { readonly type: 'reveal'; readonly packet: number };

export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'cancel' }
  | { readonly type: 'again' }
  /** Only packets that match are to be shown; all of them for an empty text. */
  | { readonly type: 'filter'; readonly text: string }
  /** Rows `[from, to)` of those that are shown are wanted. */
  | { readonly type: 'rows'; readonly generation: number; readonly from: number; readonly to: number }
  /** The mouse rests on a packet. */
  | { readonly type: 'hover'; readonly packet: number }
  | { readonly type: 'select'; readonly packet: number }
  | { readonly type: 'toggleBreakpoint'; readonly packet: number };
