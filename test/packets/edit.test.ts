/** Fields that are assigned, and packets that are made of fields. */
import assert from 'node:assert/strict';
import { editField, makePacket, patchesBetween } from '../../adapter/packets/edit.ts';
import { FIELDS, occurrences, PacketView } from '../../adapter/packets/fields.ts';
import { ACK, tcpFrame } from '../kit/frames.ts';

const FRAME = tcpFrame({
  src: 0x0a000202,
  dst: 0x0a00020f,
  sport: 80,
  dport: 4000,
  flags: ACK,
  seq: 7,
  ack: 9,
  data: 'hello',
});

function valueIn(frame: Uint8Array, name: string): unknown {
  const field = FIELDS[name];
  return field && occurrences(new PacketView(frame, 'ethernet'), field)[0]?.value;
}

describe('assigning fields', () => {
  it('numbers, bits, addresses and booleans say what was assigned, and checksums are right', () => {
    for (const [name, text, value] of [
      ['ip.ttl', '1', 1],
      ['ip.dsfield.dscp', '46', 46],
      ['ip.flags.df', 'true', true],
      ['ip.src', '192.168.1.77', 0xc0a8014d],
      ['tcp.dstport', '0x1234', 0x1234],
      ['tcp.flags.syn', '1', true],
      ['tcp.flags', '0x012', 0x12],
      ['tcp.window_size_value', '1024', 1024],
      ['eth.dst', '02:00:00:00:00:01', 0x020000000001],
    ] as const) {
      const edited = editField(FRAME, 'ethernet', name, text, false);
      assert.equal(valueIn(edited, name), value, name);
      assert.equal(valueIn(edited, 'ip.checksum.status'), 1, name);
      assert.equal(valueIn(edited, 'tcp.checksum.status'), 1, name);
      assert.equal(edited.length, FRAME.length);
    }
  });

  it('raw leaves checksums; patches are the bytes that differ', () => {
    const edited = editField(FRAME, 'ethernet', 'ip.ttl', '1', true);
    assert.deepEqual(patchesBetween(FRAME, edited), [[22, '01']]);
    assert.equal(valueIn(edited, 'ip.checksum.status'), 0);
  });

  it('a packet is made of the fields that are said', () => {
    const made = makePacket('tcp.dstport=5556 tcp.flags.syn=1 ip.ttl=4 data="abc"', true);
    assert.deepEqual(
      ['ip.src', 'ip.dst', 'ip.ttl', 'tcp.dstport', 'tcp.len', 'tcp.checksum.status'].map((n) => valueIn(made, n)),
      [0x0a000202, 0x0a00020f, 4, 5556, 3, 1],
    );
    assert.equal(valueIn(makePacket('arp.opcode=1', false), 'arp.opcode'), 1);
    assert.equal(valueIn(makePacket('icmp.type=8 data=616263', false), 'icmp.type'), 8);
    assert.throws(() => makePacket('udp.dstprt=1', true), /no packet field "udp\.dstprt"; did you mean/);
    assert.throws(() => makePacket('hello there', true), /is no field=value/);
  });
});
