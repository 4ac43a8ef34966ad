/** What packets are told by those before them, and names that only some records have: tshark 4.0.17's values. */
import assert from 'node:assert/strict';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, FIN, hex, join, PSH, tcp } from '../kit/frames.ts';
import { ANSWER, PLAIN, talk, tell } from './talk.ts';

/** The values of one field, packet by packet; frames come a second apart. */
function valuesOf(frames: readonly Uint8Array[], name: string): unknown[] {
  const file = writePcap(frames.map((data, i) => ({ data, tsSec: 1_600_000_000 + i, tsNsec: 0 })));
  return Array.from(walkCapture(readCapture(file)), (p) => plainFields(p)[name]);
}

describe('what packets are told by those before', () => {
  it('a retransmission waits since the oldest segment without an acknowledgment', () => {
    const frames = [
      ...talk(9, ['>', '0123456789'], ['>', 'abcdefghij']),
      tcp(40000, 9, PSH | ACK, 1011, 5001, { ...PLAIN, data: 'abcdefghij' }),
    ];
    assert.deepEqual(valuesOf(frames, 'tcp.analysis.rto_frame').at(-1), [4]);
    assert.deepEqual(valuesOf(frames, 'tcp.analysis.rto').at(-1), ['2.000000000']);
  });

  it('who closes a connection first does so again', () => {
    const frames = [
      ...talk(9),
      tcp(40000, 9, FIN | ACK, 1001, 5001, PLAIN),
      tcp(9, 40000, FIN | ACK, 5001, 1001, ANSWER),
      tcp(40000, 9, FIN | ACK, 1001, 5002, PLAIN),
    ];
    const verbs = valuesOf(frames, '_ws.expert.message').map((m) => /initiates|undergoes/.exec(String(m))?.[0]);
    assert.deepEqual(verbs.slice(3), ['initiates', 'undergoes', 'initiates']);
  });

  it('the first packet of a connection that was announced does not count for its completeness', () => {
    const reply = '229 Entering Extended Passive Mode (|||1024|)\r\n';
    const control = talk(21, ['<', '220 ready\r\n'], ['>', 'EPSV\r\n'], ['<', reply]);
    const seen = valuesOf([...control, ...talk(1024, ['<', 'a line\r\n'])], 'tcp.completeness');
    assert.deepEqual(seen.slice(control.length), [[0], [0], [2], [6]]);
  });

  it('the time between datagrams has no more digits than the clock, also after months', () => {
    const at = [0, 10_000_000.1, 10_000_001.3].map((t) => ({
      tsSec: Math.floor(t),
      tsNsec: Math.round((t % 1) * 10) * 1e8,
    }));
    const file = writePcap(at.map((time) => ({ data: tell(9, 'x'), ...time })));
    const deltas = Array.from(walkCapture(readCapture(file)), (p) => plainFields(p)['udp.time_delta']);
    assert.deepEqual(deltas, [['0.000000000'], ['10000000.100000000'], ['1.200000000']]);
  });

  it("what is no message on HTTP's port belongs to nobody", () => {
    const frames = talk(80, ['>', hex('01020304')]);
    assert.deepEqual(valuesOf(frames, 'frame.protocols').at(-1), ['eth:ethertype:ip:tcp']);
    assert.equal(valuesOf(frames, 'data').at(-1), undefined);
  });
});

describe('records of DNS', () => {
  const answer = tell(
    53,
    join(
      hex('1234 8180 0001 0001 0000 0002'),
      hex('025f61 045f746370 026578 00 0021 0001'),
      hex('c00c 0021 0001 00000000 0008 0001 0002 0050 c014'),
      hex('c014 002f 0001 00000000 000a c014 0006 40000008 0003'),
      hex('c014 0032 0001 00000000 000c 01 00 0001 01aa 01bb 0002 4001'),
    ),
  );

  it('have the types in their bitmaps as further types', () => {
    assert.deepEqual(valuesOf([answer], 'dns.resp.type'), [[33, 47, 1, 28, 46, 47, 50, 1, 15]]);
  });

  it('of services have their names in parts', () => {
    assert.equal((valuesOf([answer], 'dns.resp.name')[0] as unknown[]).length, 2);
    assert.deepEqual(valuesOf([answer], 'dns.srv.service'), [['_a']]);
  });
});
