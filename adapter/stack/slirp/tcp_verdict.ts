/** What `tcp_input` does with a segment that it does not take: the steps of tcp_steps.ts give one of these. */
import type { DropReason } from '../util/drop_reasons.ts';

/** A decision about a segment. */
export class tcp_verdict {
  /** What becomes of the connection: '' if it stays, `close`, or the error with which it is dropped. */
  readonly ends: '' | 'close' | 'ECONNREFUSED' | 'ECONNRESET';
  /** What the guest is sent: '', an acknowledgement, a reset, what is due, or the segment that seems lost. */
  readonly answer: '' | 'ack' | 'reset' | 'output' | 'retransmit';
  /** Why the segment is refused; '' if it has had its effect. */
  readonly reason: DropReason | '';
  constructor(ends: tcp_verdict['ends'], answer: tcp_verdict['answer'], reason: tcp_verdict['reason']) {
    this.ends = ends;
    this.answer = answer;
    this.reason = reason;
  }
}

/** The segment goes on to the next step. */
export const CONTINUE: tcp_verdict = new tcp_verdict('', '', '');
/** The connection has ended: by a reset, or by the acknowledgement of our FIN. */
export const CLOSE: tcp_verdict = new tcp_verdict('close', '', '');
/** The guest refused the connection. */
export const REFUSED: tcp_verdict = new tcp_verdict('ECONNREFUSED', '', '');
/** The third duplicate acknowledgement, and those behind it (RFC 5681, section 3.2). */
export const FAST_RETRANSMIT: tcp_verdict = new tcp_verdict('', 'retransmit', '');
export const MORE_DUPACKS: tcp_verdict = new tcp_verdict('', 'output', '');

/** Refusals while the guest's answer to our SYN is awaited (RFC 9293, section 3.10.7.3). */
export const SYN_SENT_BAD_ACK: tcp_verdict = new tcp_verdict('', 'reset', 'TCP_BAD_ACK');
export const SYN_SENT_BAD_RST: tcp_verdict = new tcp_verdict('', '', 'TCP_BAD_RST');
export const SYN_SENT_NO_SYN: tcp_verdict = new tcp_verdict('', '', 'TCP_NO_SYN');

/** Refusals in the other states, in the order of the checks (section 3.10.7.4). */
export const AFTER_CLOSE: tcp_verdict = new tcp_verdict('close', 'reset', 'TCP_AFTER_CLOSE');
export const OUT_OF_WINDOW: tcp_verdict = new tcp_verdict('', 'ack', 'TCP_OUT_OF_WINDOW');
export const BAD_SYN: tcp_verdict = new tcp_verdict('ECONNRESET', 'reset', 'TCP_BAD_SYN');
export const NO_ACK: tcp_verdict = new tcp_verdict('', '', 'TCP_NO_ACK');
export const BAD_ACK: tcp_verdict = new tcp_verdict('', 'reset', 'TCP_BAD_ACK');
export const ACK_UNSENT: tcp_verdict = new tcp_verdict('', 'ack', 'TCP_ACK_UNSENT');
