/** The packets of the guest, as frames that it sends: with the numbers and windows that fit the replay. */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { SHIFT_CUT, SYN_SEEN, TH_ACK, TH_RST, TH_SYN } from './connections.ts';
import type { Flow } from './flow.ts';
import { isInFragments, segmentOf } from './fragmented.ts';
import { canSplit, MAX_SENT, setWindow } from './frames.ts';
import type { HostStreams } from './host-streams.ts';
import { IN_OTHER_FRAGMENTS } from './part-table.ts';
import { isFragment6, type ScriptContext, TEMPLATE_WINDOW } from './script-context.ts';
import type { FrameStep, Step } from './step.ts';

export class GuestPackets {
  readonly #c: ScriptContext;
  readonly #streams: HostStreams;

  constructor(context: ScriptContext, streams: HostStreams) {
    this.#c = context;
    this.#streams = streams;
  }

  fromGuest(i: number): void {
    const { plan } = this.#c;
    const segment = segmentOf(plan, i);
    if (isInFragments(plan, segment)) {
      this.#fragmentOfGuest(i, segment);
      return;
    }
    const data = this.#c.frame(i);
    const p = this.#c.p;
    const number = i + 1;
    const flow = p.tcp >= 0 && !p.fragment ? this.#c.flowOf(i) : null;
    if (flow) {
      this.#segmentOfGuest(flow, number, data, p, 0);
    } else if (!plan.slirp && (isFragment6(p) || (data.length > MAX_SENT && !canSplit(p)))) {
      this.#c.refuse(i, isFragment6(p) ? 'IPv6 fragment' : 'longer than a NIC sends');
    } else {
      this.#plain(data, number, this.#c.sessions.of(p));
    }
  }

  /** A frame of no connection. */
  #plain(data: Uint8Array, number: number, session: string): void {
    const { time } = this.#c;
    this.#c.push({ type: 'frame', time, number, data, flow: null, ack: -1, needAck: -1, owed: -1, rest: 0, session });
  }

  /**
   * Packet `i` has a fragment of `segment`. That with the header is changed as the segment would be, the others are
   * sent as they are. What the user network does not put together is sent whole, when the capture has it whole.
   */
  #fragmentOfGuest(i: number, segment: number): void {
    const { plan } = this.#c;
    const flow = this.#c.flowOf(segment);
    const number = i + 1;
    if (plan.packets.tcp[segment] === IN_OTHER_FRAGMENTS && !plan.slirp) {
      if (i === segment) {
        const data = this.#c.wholeFrame(i);
        if (flow) {
          this.#segmentOfGuest(flow, number, data, this.#c.p, 0);
        } else {
          this.#plain(data, number, '');
        }
      }
      return;
    }
    const data = this.#c.frame(i);
    if (flow && this.#c.p.tcp >= 0) {
      const rest = this.#c.completeFirst(segment);
      this.#segmentOfGuest(flow, number, data, this.#c.p, rest);
    } else {
      this.#plain(data, number, '');
    }
  }

  /** `rest` bytes of its payload are in other fragments. */
  #segmentOfGuest(flow: Flow, number: number, data: Uint8Array, p: TcpIpView, rest: number): void {
    const flags = p.u8(p.tcp + 13);
    const isOpeningSyn = (flags & TH_SYN) !== 0 && (flow.initiator === 'guest' || (flags & TH_ACK) !== 0);
    flow.synPlayed ||= isOpeningSyn;
    if (!flow.opened && (!isOpeningSyn || flow.initiator === 'host')) {
      this.#c.open(flow, number, () => data);
      this.#c.p.set(data, 0, data.length, 'ethernet').find();
    }
    if (isOpeningSyn && flow.reset && !flow.connected) {
      // It was refused, and tries again.
      flow.reset = false;
    }
    this.#unscale(flow, p, flags);
    let ack = -1;
    let needAck = -1;
    let owed = -1;
    if (flags & TH_ACK && flow.hostIss >= 0) {
      ack = flow.acked + ((p.u32(p.tcp + 8) - ((flow.hostIss + flow.acked) % 0x100000000)) | 0);
      const host = this.#c.hostColumns(flow);
      const most = Math.max(1, host.end[flow.id] ?? 0, host.fin[flow.id] ?? 0, flow.hostSent);
      this.#streams.fillAcknowledged(flow, number, ack, most);
      if (ack >= 0 && ack <= Math.max(most, flow.hostSent)) {
        owed = ack;
        needAck = Math.min(ack, flow.hostSent);
        flow.acked = Math.max(flow.acked, ack);
      }
    }
    const step: Step = { type: 'frame', time: this.#c.time, number, data, flow, ack, needAck, owed, rest, session: '' };
    if (flags & TH_RST) {
      this.#resetByGuest(flow, step);
    } else {
      this.#c.push(step);
    }
  }

  /**
   * The guest breaks the connection off. What the host sends after that was under way already: here nothing takes time,
   * so the RST waits until all of it has been handed over and has arrived.
   */
  #resetByGuest(flow: Flow, step: FrameStep): void {
    flow.late = { ...step, data: step.data.slice(), needAck: 0, owed: 0 };
    const host = this.#c.hostColumns(flow);
    if (flow.hostNext >= Math.max(1, host.end[flow.id] ?? 0)) {
      this.playLate(flow);
    }
  }

  playLate(flow: Flow): void {
    if (flow.late) {
      const all = flow.hostNext > 1 ? flow.hostNext : flow.hostSent;
      this.#c.push({ ...flow.late, time: this.#c.time, needAck: all, owed: all });
      flow.late = null;
    }
  }

  /** slirp offers no window scaling, so the guest's windows have to say what they mean without. */
  #unscale(flow: Flow, p: TcpIpView, flags: number): void {
    if (flags & TH_SYN || this.#c.plan.slirp) {
      return;
    }
    const guest = this.#c.guestColumns(flow);
    const host = this.#c.hostColumns(flow);
    const known = ((guest.flags[flow.id] ?? 0) & SYN_SEEN) !== 0 && guest.shift[flow.id] !== SHIFT_CUT;
    const refused = ((host.flags[flow.id] ?? 0) & SYN_SEEN) !== 0 && host.shift[flow.id] === 0;
    const raw = p.u16(p.tcp + 14);
    // Without its SYN the scale is not known; a window that is open at all is taken for a wide one.
    const window = known ? raw * 2 ** Math.max(0, (guest.shift[flow.id] ?? 0) - 1) : raw > 0 ? TEMPLATE_WINDOW : 0;
    if (!refused && window !== raw) {
      setWindow(p, Math.min(TEMPLATE_WINDOW, window));
    }
  }
}
