/** Conversations of a capture, and what was said over one: out of order, twice, and with a gap. */
import assert from 'node:assert/strict';
import { readCapture } from '../../adapter/packets/capture.ts';
import { conversationsOf, followStream } from '../../adapter/packets/conversation-table.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, FIN, PSH, RST, SYN, tcpFrame } from '../kit/frames.ts';

const [A, B] = [0x0a000202, 0x0a00020f];
const client = { src: A, dst: B, sport: 4000, dport: 80 };
const server = { src: B, dst: A, sport: 80, dport: 4000 };
const HANDSHAKE = [
  tcpFrame({ ...client, flags: SYN, seq: 0xfffffffe }),
  tcpFrame({ ...server, flags: SYN | ACK, seq: 500, ack: 0xffffffff }),
  tcpFrame({ ...client, flags: ACK, seq: 0xffffffff, ack: 501 }),
];

function captureOf(frames: readonly Uint8Array[]) {
  return readCapture(writePcap(frames.map((data, i) => ({ tsSec: 1, tsNsec: i * 1e6, data }))));
}

function said(frames: readonly Uint8Array[]): [string, string, number] {
  const found = followStream(captureOf(frames), 'tcp', 0);
  const side = (n: number): string =>
    (found?.pieces ?? []).flatMap((p) => (p.side === n ? Buffer.from(p.bytes).toString('latin1') : [])).join('');
  return [side(0), side(1), found?.missing ?? -1];
}

describe('conversations of a capture', () => {
  const data = (seq: number, text: string): Uint8Array =>
    tcpFrame({ ...client, flags: PSH | ACK, seq: seq >>> 0, ack: 501, data: text });

  it('each byte once and in order, over the end of the numbers', () => {
    const frames = [...HANDSHAKE, data(3, 'efg'), data(-1, 'abcd'), data(-1, 'abcd'), data(1, 'cdefgh')];
    assert.deepEqual(said(frames), ['abcdefgh', '', 0]);
  });

  it('bytes that were acknowledged and are not there are missing', () => {
    const ack = tcpFrame({ ...server, flags: ACK, seq: 501, ack: 6 });
    const answer = tcpFrame({ ...server, flags: PSH | ACK, seq: 501, ack: 6, data: 'ok' });
    assert.deepEqual(said([...HANDSHAKE, data(3, 'efg'), ack, answer]), ['efg', 'ok', 4]);
  });

  it('packets, bytes, times and state by direction', () => {
    const fins = [
      tcpFrame({ ...client, flags: FIN | ACK, seq: 3, ack: 501 }),
      tcpFrame({ ...server, flags: FIN | ACK, seq: 501, ack: 4 }),
    ];
    const states = [
      [[HANDSHAKE[0]!], 'SYN sent'],
      [HANDSHAKE, 'open'],
      [[...HANDSHAKE, fins[0]!], 'half closed'],
      [[...HANDSHAKE, ...fins], 'closed'],
      [[...HANDSHAKE, tcpFrame({ ...server, flags: RST, seq: 501 })], 'reset'],
    ] as const;
    for (const [frames, state] of states) {
      assert.equal(conversationsOf(captureOf(frames))[0]?.state, state);
    }
    const [c] = conversationsOf(captureOf([...HANDSHAKE, data(-1, 'abcd'), data(-1, 'abcd')]));
    assert.deepEqual([c?.a, c?.b, c?.packetsAB, c?.packetsBA], ['10.0.2.2:4000', '10.0.2.15:80', 4, 1]);
    assert.deepEqual([c?.retransmissions, c?.rtt?.toFixed(3), c?.duration.toFixed(3)], [1, '0.002', '0.004']);
  });
});
