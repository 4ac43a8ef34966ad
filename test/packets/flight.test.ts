/** `tcp.analysis.bytes_in_flight` and `push_bytes_sent` where segments are missing: the numbers are tshark 4.0.17's. */
import assert from 'node:assert/strict';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, hex, PSH, SYN, tcp } from '../kit/frames.ts';
import { ANSWER, PLAIN } from './talk.ts';

const bytes = (n: number) => ({ ...PLAIN, data: new Uint8Array(n) });
/** Acknowledges [1201, 1351) behind a gap. */
const SACK = { ...ANSWER, opt: hex('0101050a 000004b1 00000547') };
const FRAMES = [
  tcp(40000, 80, SYN, 1000, 0, PLAIN),
  tcp(80, 40000, SYN | ACK, 5000, 1001, ANSWER),
  tcp(40000, 80, ACK, 1001, 5001, PLAIN),
  tcp(40000, 80, ACK, 1001, 5001, bytes(100)),
  tcp(40000, 80, ACK, 1201, 5001, bytes(100)),
  tcp(40000, 80, ACK | PSH, 1301, 5001, bytes(50)),
  tcp(80, 40000, ACK, 5001, 1101, SACK),
  tcp(40000, 80, ACK, 1101, 5001, bytes(100)),
  tcp(80, 40000, ACK, 5001, 1351, ANSWER),
  tcp(40000, 80, ACK, 1351, 5001, bytes(10)),
  tcp(40001, 80, SYN, 1000, 0, PLAIN),
  tcp(40001, 80, ACK, 1001, 5001, bytes(10)),
  tcp(40002, 80, SYN, 1000, 0, bytes(10)),
];

/** Packet, bytes in flight, and bytes since the last PSH. */
const EXPECTED = [
  [4, 100, 100],
  [8, 100, 200],
  [10, 10, 210],
  [12, 11, 10],
  [13, 10, 10],
];

describe('bytes in flight', () => {
  it('are unknown behind a gap, and are without what is acknowledged selectively', () => {
    const file = writePcap(FRAMES.map((data, i) => ({ data, tsSec: 1 + i, tsNsec: 0 })));
    const found: unknown[] = [];
    for (const p of walkCapture(readCapture(file))) {
      const fields = plainFields(p);
      const flight = fields['tcp.analysis.bytes_in_flight'];
      if (flight !== undefined) {
        found.push([p.number, ...flight, ...(fields['tcp.analysis.push_bytes_sent'] ?? [])]);
      }
    }
    assert.deepEqual(found, EXPECTED);
  });
});
