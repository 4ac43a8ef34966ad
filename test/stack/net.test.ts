/** Queues, links and hubs. */
import assert from 'node:assert/strict';
import { handle_hmp_command } from '../../adapter/stack/monitor/hmp.ts';
import { net_hub_add_port } from '../../adapter/stack/net/hub.ts';
import {
  qemu_flush_queued_packets,
  qemu_new_net_client,
  qemu_purge_queued_packets,
  qemu_send_packet,
  qemu_send_packet_async,
  qemu_sendv_packet,
  qmp_set_link,
} from '../../adapter/stack/net/net.ts';
import type { NetClientInfo, NetClientState } from '../../adapter/stack/net/net_client.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { iovec } from '../../adapter/stack/util/iov.ts';
import { bareMachine, emptyMachine } from './harness.ts';

/** A client that records, and can be told not to take anything. */
class Sink {
  nc!: NetClientState;
  open = true;
  /** What it answers to a packet; undefined: its size. */
  answer: number | undefined;
  readonly got: number[] = [];
  onPacket: (() => void) | null = null;
}

function sinkReceive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as Sink;
  if (s.answer === 0) {
    return 0;
  }
  s.got.push(buf[0]!);
  s.onPacket?.();
  return s.answer ?? size;
}

const sinkInfo: NetClientInfo = {
  type: 'user',
  receive: sinkReceive,
  receive_iov: null,
  can_receive: (nc) => (nc.opaque as Sink).open,
  link_status_changed: null,
  do_not_pad: false,
};

function sink(name: string, peer: NetClientState | null): Sink {
  const s = new Sink();
  s.nc = qemu_new_net_client(sinkInfo, peer, 'sink', name, s);
  return s;
}

const packet = (first: number, size = 64): Uint8Array => new Uint8Array(size).fill(first, 0, 1);

describe('net core', () => {
  let a: Sink;
  let b: Sink;
  beforeEach(() => {
    emptyMachine(1);
    a = sink('a', null);
    b = sink('b', a.nc);
  });

  const send = (n: number): number => qemu_send_packet(a.nc, packet(n), 64);

  it('delivers at once, and returns the size', () => {
    assert.equal(send(1), 64);
    assert.deepEqual(b.got, [1]);
  });

  it('keeps packets for a receiver that is not ready, in order, until it flushes', () => {
    b.open = false;
    assert.deepEqual([send(1), send(2)], [0, 0]);
    b.open = true;
    qemu_flush_queued_packets(b.nc);
    assert.deepEqual(b.got, [1, 2]);
  });

  it('closes a receiver that answers 0, and offers the packet again when it flushes', () => {
    b.answer = 0;
    assert.equal(send(1), 0);
    b.answer = undefined;
    assert.equal(send(2), 0, 'closed until it flushes');
    qemu_flush_queued_packets(b.nc);
    assert.deepEqual(b.got, [1, 2]);
  });

  it('queues what is sent to a client while it handles a packet', () => {
    let depth = 0;
    let deepest = 0;
    b.onPacket = () => {
      depth++;
      deepest = Math.max(deepest, depth);
      if (b.got.length < 4) {
        assert.equal(send(b.got.length + 1), 0);
      }
      depth--;
    };
    send(1);
    assert.deepEqual(b.got, [1, 2, 3, 4]);
    assert.equal(deepest, 1);
  });

  it('holds 10000 packets and drops the rest with a reason; those with a callback are kept', () => {
    b.open = false;
    for (let i = 0; i < 10001; i++) {
      send(1);
    }
    assert.equal(b.nc.incoming_queue.nq_count, 10000);
    assert.equal(machine.drops.by_reason.get('QUEUE_FULL'), 1);
    qemu_send_packet_async(a.nc, packet(2), 64, () => {});
    assert.equal(b.nc.incoming_queue.nq_count, 10001);
    b.open = true;
    qemu_flush_queued_packets(b.nc);
    assert.equal(b.got.length, 10001);
    assert.equal(b.nc.incoming_queue.nq_count, 0);
  });

  it('calls back when a queued packet is sent, and with 0 when it is purged', () => {
    const rets: number[] = [];
    b.open = false;
    qemu_send_packet_async(a.nc, packet(1), 64, (_nc, ret) => rets.push(ret));
    b.open = true;
    qemu_flush_queued_packets(b.nc);
    b.open = false;
    qemu_send_packet_async(a.nc, packet(2), 64, (_nc, ret) => rets.push(ret));
    qemu_purge_queued_packets(a.nc);
    assert.deepEqual(rets, [64, 0]);
    assert.deepEqual(b.got, [1]);
  });

  it('a copy waits: the sender may use its buffer again', () => {
    b.open = false;
    const p = packet(1);
    qemu_send_packet(a.nc, p, 64);
    p[0] = 9;
    b.open = true;
    qemu_flush_queued_packets(b.nc);
    assert.deepEqual(b.got, [1]);
  });

  it('drops with a reason when the link is down or there is no peer', () => {
    qmp_set_link('b', false);
    assert.equal(send(1), 64);
    qmp_set_link('b', true);
    qemu_send_packet(sink('c', null).nc, packet(1), 64);
    assert.deepEqual(b.got, []);
    assert.deepEqual(
      [...machine.drops.by_reason],
      [
        ['LINK_DOWN', 1],
        ['NO_PEER', 1],
      ],
    );
  });

  it('refuses packets longer than 69632 bytes in pieces, and takes 65535', () => {
    assert.equal(
      qemu_sendv_packet(a.nc, [new iovec(new Uint8Array(65536), 65536), new iovec(packet(1, 4097), 4097)], 2),
      -1,
    );
    assert.equal(
      qemu_sendv_packet(a.nc, [new iovec(packet(7), 60), new iovec(new Uint8Array(65475), 65475)], 2),
      65535,
    );
    assert.deepEqual(b.got, [7]);
  });
});

describe('hubs', () => {
  it('repeat a frame to every other port, and take one as soon as one port can', () => {
    emptyMachine(1);
    const ends = ['a', 'b', 'c'].map((name) => sink(name, null));
    for (const s of ends) {
      net_hub_add_port(0, '', s.nc);
    }
    const [a, b, c] = ends as [Sink, Sink, Sink];
    c.open = false;
    qemu_send_packet(a.nc, packet(1), 64);
    assert.deepEqual([a.got, b.got, c.got], [[], [1], []]);
    const waiting = (): string[] => handle_hmp_command('info network').match(/\w: index=.*,queued=.*/g) ?? [];
    assert.deepEqual(waiting(), ['c: index=0,type=user,,queued=1']);
    c.open = true;
    qemu_flush_queued_packets(c.nc);
    assert.deepEqual(c.got, [1]);
    assert.deepEqual(waiting(), []);
    b.open = false;
    c.open = false;
    assert.equal(qemu_send_packet(a.nc, packet(2), 64), 0, 'nobody can: it waits in front of the hub');
    c.open = true;
    qemu_flush_queued_packets(c.nc);
    assert.deepEqual(c.got, [1, 2]);
  });
});

describe('announcements', () => {
  const RARP = `ffffffffffff525400123456${'8035'}0001080006040003525400123456${'00000000'}525400123456`.padEnd(
    120,
    '0',
  );

  /** Milliseconds from the command to each announcement. */
  function times(...commands: readonly string[]): number[] {
    const m = bareMachine();
    const at: number[] = [];
    m.peer.onReceive = (frame) => {
      assert.equal(Buffer.from(frame).toString('hex'), RARP);
      at.push(m.host.now_ns / 1e6);
    };
    for (const c of commands) {
      assert.equal(handle_hmp_command(c), '');
    }
    m.step(10e9);
    return at;
  }

  // As seen of QEMU 7.2.
  it('come five times, with 50, 150, 250 and 350 ms between them', () => {
    assert.deepEqual(times('announce_self'), [0, 50, 200, 450, 800]);
  });

  it('follow the parameters', () => {
    const set = (what: string): string => `migrate_set_parameter announce-${what}`;
    const parameters = [set('rounds 4'), set('initial 30'), set('step 40'), set('max 60')];
    assert.deepEqual(times(...parameters, 'announce_self'), [0, 30, 90, 150]);
    assert.deepEqual(times(set('rounds 1'), 'announce_self'), [0]);
  });

  it('of one id end those of the same id; other ids go on beside them', () => {
    assert.deepEqual(
      times('announce_self', 'announce_self e1000.0', 'announce_self nobody x'),
      [0, 0, 50, 200, 450, 800],
    );
    assert.deepEqual(times('announce_self', 'announce_self nobody'), [0]);
  });
});
