/**
 * Makes a captured guest acknowledge what the network under test sent: its numbers begin elsewhere than those of the
 * recorded one.
 */

/** Where a flow's numbers begin, and what is added to the guest's acknowledgements. */
class Flow {
  iss = 0;
  delta = 0;
  known = false;
}

/** True for a whole IPv4 TCP segment. */
function isTcp4(f: DataView): boolean {
  if (f.byteLength < 54 || f.getUint16(12) !== 0x0800 || f.getUint8(14) >> 4 !== 4 || f.getUint8(23) !== 6) {
    return false;
  }
  return (f.getUint16(20) & 0x3fff) === 0 && f.byteLength >= 14 + (f.getUint8(14) & 15) * 4 + 20;
}

/** Rebases acknowledgement numbers, flow by flow: the first ACK of the guest means "initial number + 1". */
export class AckRebaser {
  readonly #flows: Map<string, Flow> = new Map();

  /** A frame of the network to the guest: a SYN tells the flow's initial number. */
  sent(frame: Uint8Array): void {
    const f = new DataView(frame.buffer, frame.byteOffset, frame.length);
    if (!isTcp4(f)) {
      return;
    }
    const t = 14 + (f.getUint8(14) & 15) * 4;
    if ((f.getUint8(t + 13) & 2) === 0) {
      return;
    }
    const key = `${f.getUint32(30)}:${f.getUint16(t + 2)}-${f.getUint32(26)}:${f.getUint16(t)}`;
    const flow = this.#flows.get(key);
    if (!flow || flow.iss !== f.getUint32(t + 4)) {
      const fresh = new Flow();
      fresh.iss = f.getUint32(t + 4);
      this.#flows.set(key, fresh);
    }
  }

  /** Changes the acknowledgement of a guest's frame in place; a wrong checksum stays as wrong as it was (RFC 1624). */
  rebase(frame: Uint8Array): boolean {
    const f = new DataView(frame.buffer, frame.byteOffset, frame.length);
    if (!isTcp4(f)) {
      return false;
    }
    const t = 14 + (f.getUint8(14) & 15) * 4;
    const flow = this.#flows.get(`${f.getUint32(26)}:${f.getUint16(t)}-${f.getUint32(30)}:${f.getUint16(t + 2)}`);
    if ((f.getUint8(t + 13) & 16) === 0 || !flow) {
      return false;
    }
    const old = f.getUint32(t + 8);
    if (!flow.known) {
      flow.known = true;
      flow.delta = (flow.iss + 1 - old) >>> 0;
    }
    if (flow.delta === 0) {
      return false;
    }
    const now = (old + flow.delta) >>> 0;
    let sum = ~f.getUint16(t + 16) & 0xffff;
    sum += (~(old >>> 16) & 0xffff) + (~old & 0xffff) + (now >>> 16) + (now & 0xffff);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    f.setUint32(t + 8, now);
    f.setUint16(t + 16, ~sum & 0xffff);
    return true;
  }
}
