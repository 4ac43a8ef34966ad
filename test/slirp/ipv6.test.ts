/** TCP, UDP and forwarding over IPv6. */
import assert from 'node:assert/strict';
import { slirp_add_hostxfwd6, slirp_connection_info, slirp_neighbor_info } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { sockaddr_in6 } from '../../adapter/stack/util/sockets.ts';
import { decode } from '../kit/decode.ts';
import { HOST6 } from '../kit/frames.ts';
import { ip6, ns, solicit, tcp6, udp6 } from '../kit/frames6.ts';
import { ACK, FIN, PSH, SYN, TestNet } from './guest.ts';

/** Sequence number, acknowledgement, flags and data of a TCP segment over IPv6. */
function parse(f: Uint8Array): { seq: number; ack: number; flags: number; data: string; sport: number } {
  const d = decode(f);
  assert.ok(d.ok, 'checksums');
  const { seq, ack, flags, data, sport } = d.tcp!;
  return { seq, ack, flags, data: data.toString(), sport };
}

const network = (): TestNet => {
  const t = new TestNet((o) => {
    o.config.in6_enabled = true;
    o.tcpPeers = [[7, 'echo']];
  });
  t.net.host.ipv6Peers = true;
  t.send(solicit());
  t.frames();
  return t;
};

describe('slirp: ipv6', () => {
  it('connects to the host, echoes and closes', () => {
    const t = network();
    t.send(tcp6(4000, 7, SYN, 1000, 0));
    const synack = parse(t.frames()[0]!.data);
    assert.deepEqual([synack.flags, synack.ack], [SYN | ACK, 1001]);
    const rcv = synack.seq + 1;
    t.send(tcp6(4000, 7, ACK, 1001, rcv));
    t.send(tcp6(4000, 7, ACK | PSH, 1001, rcv, { data: 'over six' }));
    const answers = t.frames().map((f) => parse(f.data));
    assert.deepEqual([answers.at(-1)!.data, answers.at(-1)!.ack], ['over six', 1009]);
    assert.match(slirp_connection_info(t.net.slirp), /TCP\[ESTABLISHED\] +\d+ +fec0::15 +4000 +fec0::2 +7/);
    t.send(tcp6(4000, 7, ACK | FIN, 1009, rcv + 8));
    assert.equal(
      t.frames().some((f) => parse(f.data).flags & FIN),
      true,
    );
    assert.match(slirp_neighbor_info(t.net.slirp), /NDP {4}52:54:00:12:34:56 +fec0::15/);
  });

  it('drops a solicitation for an address that nobody has, in words of its own', () => {
    const t = new TestNet((o) => {
      o.config.in6_enabled = true;
    });
    const before = machine.drops.by_reason.get('NDP_NOT_OURS') ?? 0;
    t.send(ns(Uint8Array.from([...HOST6.subarray(0, 15), 0x99])));
    assert.equal(machine.drops.by_reason.get('NDP_NOT_OURS'), before + 1);
  });

  it('forwards a port to the first address the guest has shown, and closes before that', () => {
    const t = new TestNet((o) => {
      o.config.in6_enabled = true;
    });
    const r = slirp_add_hostxfwd6(t.net.slirp, sockaddr_in6(new Uint8Array(16), 8080), null, 80);
    assert.deepEqual(r, { errno: '', port: 8080 });
    const early = t.net.host.dial(8080, 30000, '')!;
    t.net.settle();
    assert.equal(early.gone, true);
    t.send(solicit());
    t.frames();
    t.net.host.dial(8080, 30001, '');
    t.net.settle();
    const syn = parse(t.frames()[0]!.data);
    assert.deepEqual([syn.flags, syn.sport], [SYN, 30001]);
  });

  it('checks an address that is not in use yet by the solicited-node group alone, as libslirp', () => {
    const unspecified = new Uint8Array(16);
    const answers = (group: string): number => {
      const t = network();
      t.send(ns(HOST6, { src: unspecified, dst: Buffer.from(group, 'hex') }));
      return t.frames().length;
    };
    assert.equal(answers('ff0200000000000000000001ff000002'), 1);
    assert.equal(answers('ff0200000000000000000001ff000003'), 1);
    for (const group of ['ff02000000000000000000c301ff0002', 'ff0500000000000000000001ff000002']) {
      assert.equal(answers(group), 0, group);
    }
  });

  it('sends datagrams on and refuses what is too big for the link', () => {
    const t = network();
    t.send(udp6(5000, 9, new Uint8Array(4)));
    const unreachable = decode(t.frames()[0]!.data).icmp;
    assert.deepEqual([unreachable?.type, unreachable?.code], [1, 4], 'port unreachable');
    t.send(ip6(17, new Uint8Array(1600)));
    const tooBig = decode(t.frames()[0]!.data).icmp;
    assert.deepEqual([tooBig?.type, tooBig?.code, tooBig?.rest.readUInt32BE(0)], [2, 0, 1500], 'packet too big');
  });
});
