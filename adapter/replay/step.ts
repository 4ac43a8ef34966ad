/** What is to be done next in a replay: the script says it, `TraceHost` does it. */
import type { sockaddr } from '../stack/util/host.ts';
import type { Flow } from './flow.ts';
import type { Places } from './references.ts';

/** Something to be done at `time` (nanoseconds since the first packet), for packet `number` (0: made up). */
export type Step = { readonly time: number; readonly number: number } & (
  | {
      /**
       * The guest sends a frame. `ack`: its relative acknowledgment number, or -1; `needAck`: how much of what slirp
       * had sent it acknowledges, or -1 if it acknowledges nothing or what was never sent; `owed`: the same with what
       * comes later in the capture.
       */
      readonly type: 'frame';
      readonly data: Uint8Array;
      readonly flow: Flow | null;
      readonly ack: number;
      readonly needAck: number;
      readonly owed: number;
      /** Bytes of the segment that other frames carry, as it is in fragments. */
      readonly rest: number;
      /** The UDP or ping session it belongs to, or empty. */
      readonly session: string;
    }
  /** A client of the host connects to a forwarded port. */
  | { readonly type: 'accept'; readonly flow: Flow }
  /** The host's kernel has established what the guest asked for. */
  | { readonly type: 'connected'; readonly flow: Flow }
  /** The host sent bytes, and nothing more after them if `eof`. */
  | {
      readonly type: 'data';
      readonly flow: Flow;
      readonly data: Uint8Array;
      readonly eof: boolean;
      /** Where its bytes are, if they lie in the capture as they are. */
      readonly places: Places | null;
    }
  | { readonly type: 'eof'; readonly flow: Flow }
  | { readonly type: 'error'; readonly flow: Flow; readonly errno: string }
  /** A datagram from outside for a session of the guest, or for a forwarded port. */
  | {
      readonly type: 'datagram';
      readonly session: string;
      readonly guest: sockaddr;
      readonly from: sockaddr;
      readonly data: Uint8Array;
      readonly places: Places | null;
    }
  /** An ICMP error made a datagram of the guest's session fail. */
  | { readonly type: 'datagram-error'; readonly session: string; readonly errno: string; readonly from: sockaddr }
);

export type FrameStep = Extract<Step, { type: 'frame' }>;
