/**
 * Segmentation against a capture of a Linux guest behind QEMU's e1000: its uploads, as its driver would have given
 * them, come out byte for byte as they are in the capture.
 *
 * `08-upload.pcap` is the first 414 frames of a capture of a 10 MB upload over a forwarded port (file header and
 * frames unchanged); it ends where a send ends.
 */
import assert from 'node:assert/strict';
import { checksum, join } from '../kit/bytes.ts';
import { packetsOf } from '../packets/samples.ts';
import { Oracle } from './e1000_oracle.ts';
import { bareMachine } from './harness.ts';

const HDR = 54;
const MSS = 1460;
const PSH_FIN = 9;
/** The most a driver's fragment holds: a page. */
const FRAGMENT = 4096;

const view = (f: Uint8Array): DataView => new DataView(f.buffer, f.byteOffset, f.length);

/** What the guest's NIC sent of the upload: all but the handshake, whose only frame from the guest has options. */
function uploads(): Uint8Array[] {
  return packetsOf('08-upload.pcap')
    .map((p) => p.data)
    .filter((f) => view(f).getUint16(12) === 0x0800 && f[23] === 6 && f[46] === 0x50)
    .filter((f) => f[29] === 15);
}

/**
 * Whether `b` is the segment that follows `a` in one send. After data of whole segments QEMU's device sends the header
 * alone once more, with the flags of the last one.
 */
function follows(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [view(a), view(b)];
  return (
    a.length === HDR + MSS &&
    ((a[47]! & PSH_FIN) === 0 || b.length === HDR) &&
    y.getUint32(38) === (x.getUint32(38) + MSS) >>> 0 &&
    y.getUint16(18) === ((x.getUint16(18) + 1) & 0xffff) &&
    y.getUint32(42) === x.getUint32(42) &&
    (b[47]! & ~PSH_FIN) === (a[47]! & ~PSH_FIN) &&
    y.getUint16(48) === x.getUint16(48)
  );
}

/** The segments, by the send that they come from. */
function sends(frames: readonly Uint8Array[]): Uint8Array[][] {
  const all: Uint8Array[][] = [];
  for (const f of frames) {
    const last = all.at(-1);
    if (last && follows(last.at(-1)!, f) && (last.length + 1) * MSS + HDR <= 65536) {
      last.push(f);
    } else {
      all.push([f]);
    }
  }
  return all;
}

/**
 * The large packet that the driver gives: no IP length and checksum, the sum of the pseudo header without length for
 * TCP's.
 */
function rejoin(segments: readonly Uint8Array[]): Uint8Array {
  const packet = join(...segments.map((f, i) => (i === 0 ? f : f.subarray(HDR))));
  packet[47] = segments.at(-1)![47]!;
  const v = view(packet);
  v.setUint16(16, 0);
  v.setUint16(24, 0);
  v.setUint16(50, ~checksum(packet.subarray(26, 34), [0, 6]) & 0xffff);
  return packet;
}

/** A TCP context descriptor for segmentation. */
function context(paylen: number): Uint8Array {
  const d = new DataView(new ArrayBuffer(16));
  // IPCSS, IPCSO, IPCSE; TUCSS, TUCSO, TUCSE to the end.
  d.setUint8(0, 14);
  d.setUint8(1, 24);
  d.setUint16(2, 33, true);
  d.setUint8(4, 34);
  d.setUint8(5, 50);
  // DEXT, RS, TSE, IP, TCP.
  d.setUint32(8, (0x2f000000 | paylen) >>> 0, true);
  d.setUint8(13, HDR);
  d.setUint16(14, MSS, true);
  return new Uint8Array(d.buffer);
}

describe('e1000: segmentation of a Linux guest', () => {
  const groups = sends(uploads());

  it('the capture has sends of many segments', () => {
    assert.ok(Math.max(...groups.map((g) => g.length)) >= 10);
  });

  it('every send comes out as the frames of the capture', () => {
    const m = bareMachine();
    const o = new Oracle(m);
    o.setupRings({ op: 'setup_rings', tx: { count: 64 } });
    m.peer.received.length = 0;
    let segmented = 0;
    for (const group of groups) {
      if (group.length === 1) {
        // One segment needs no segmentation: the driver's checksums are complete already.
        o.queueTx(group[0]!, 0x0b000000, 0);
      } else {
        segmented++;
        const packet = rejoin(group);
        o.queueDesc(context(packet.length - HDR));
        // The header, then pages; the last has EOP. IXSM and TXSM ask for both checksums.
        const cuts = [0, HDR];
        while (cuts.at(-1)! + FRAGMENT < packet.length) {
          cuts.push(cuts.at(-1)! + FRAGMENT);
        }
        for (const [i, at] of cuts.entries()) {
          const last = i === cuts.length - 1;
          o.queueTx(packet.subarray(at, cuts[i + 1]), last ? 0x2f100000 : 0x26100000, 0x300);
        }
      }
      o.set('TDT', o.tx!.next);
      const out = m.peer.received.splice(0).map((f) => Buffer.from(f).toString('hex'));
      assert.deepEqual(
        out,
        group.map((f) => Buffer.from(f).toString('hex')),
      );
    }
    assert.ok(segmented > 0);
    // The capture has no registers: how the header alone counts is not known from it.
    assert.ok(o.reg('TSCTC') >= segmented);
  });
});
