/** Who of a capture plays the guest. */
import assert from 'node:assert/strict';
import { CaptureError } from '../../adapter/packets/capture.ts';
import { PcapngWriter } from '../../adapter/packets/pcapng.ts';
import { addr6, dhcp, FIN, GUEST_MAC, HOST_MAC, ip, join, TO_GUEST, udp } from '../kit/frames.ts';
import { packetsOf } from '../packets/samples.ts';
import { assertWhole } from './checks.ts';
import { CLIENT, Conversation, captureOf, LINK_LAYERS, SERVER, type Station, webPage } from './conversation.ts';
import { play } from './play.ts';
import { planned } from './replay.ts';

const station = (last: number, port = 1000): Station => ({
  address: ip(`192.168.77.${last}`),
  mac: [2, 0, 0, 0, 0, last],
  port,
});

/** `EPB` with `epb_flags` that say which way the packet went: 1 in, 2 out. */
function flagged(w: PcapngWriter, data: Uint8Array, i: number, direction: number): Uint8Array {
  const plain = w.packet({ tsSec: 1000, tsNsec: i * 1e6, data });
  const out = join(
    plain.subarray(0, plain.length - 4),
    [2, 0, 4, 0, direction, 0, 0, 0, 0, 0, 0, 0],
    new Uint8Array(4),
  );
  const view = new DataView(out.buffer);
  view.setUint32(4, out.length, true);
  view.setUint32(out.length - 4, out.length, true);
  return out;
}

/** Three pages that 192.168.77.1 gets and one that .3 gets, the latter first. */
function fourPages(): Uint8Array[] {
  const of = (client: Station): Uint8Array[] => webPage({ client, iss: [client.port, 77] }).frames;
  return [...of(station(3)), ...[1, 2, 3].flatMap((n) => of({ ...CLIENT, port: 50000 + n }))];
}

describe('the guest of a capture', () => {
  it('is whom the user names, by address or by MAC address', () => {
    const page = webPage();
    const capture = captureOf([...page.frames, udp(1, 2, 'x', { src: ip('192.168.77.9'), mac: [2, 0, 0, 0, 0, 9] })]);
    for (const word of ['192.168.77.2', ' 192.168.77.2 ', '02:00:00:00:00:02', '02:00:00:00:00:02'.toUpperCase()]) {
      const r = play(capture, { guest: word });
      assert.equal(r.plan.guest.address, '192.168.77.2');
      assertWhole(r, 0, page, 'server');
    }
    assert.throws(
      () => planned(capture, '192.168.77.7'),
      (e) => {
        assert.ok(e instanceof CaptureError);
        assert.match(
          e.message,
          /^no host of the capture is 192\.168\.77\.7; there are 192\.168\.77\.1, 192\.168\.77\.2/,
        );
        return true;
      },
    );
  });

  it('is said with how many packets it has, each counted once', () => {
    const self = { src: ip('127.0.0.1'), dst: ip('127.0.0.1') };
    const { guest } = planned(captureOf([udp(1, 2, 'x', self), udp(1, 2, 'y', self)])).plan;
    assert.equal(guest.why, 'sends or receives 2 of 2 packets');
  });

  it("is slirp's guest where MAC addresses say that there is a user network", () => {
    const hello = packetsOf('02-hello.pcap').map((p) => p.data);
    const { plan } = planned(captureOf([...fourPages(), ...hello]));
    assert.equal(plan.slirp, true);
    assert.deepEqual([plan.guest.address, plan.guest.why], ['10.0.2.15', "behind slirp's MAC addresses"]);
  });

  it('of a user network is called by what DHCP gives it, else by its MAC address', () => {
    const dhcpOnly = packetsOf('01-dhcp.pcap').map((p) => p.data);
    const upTo = (n: number): string => planned(captureOf(dhcpOnly.slice(0, n))).plan.guest.address;
    const offer = dhcpOnly.findIndex((f) => f[6] === 0x52 && f[7] === 0x55);
    assert.equal(planned(captureOf(dhcpOnly)).plan.guest.address, '10.0.2.15');
    assert.equal(upTo(offer + 1), '10.0.2.15');
    const hello = packetsOf('02-hello.pcap').map((p) => p.data);
    const arp = hello.filter((f) => f[12] === 8 && f[13] === 6);
    const noIp = planned(captureOf([...arp, dhcp(1, [], { mac: CLIENT.mac })])).plan;
    assert.equal(noIp.guest.address, '02:00:00:00:00:01');
  });

  it('is called by its lease, by what it asks for, or by its MAC address where it has no address yet', () => {
    const mac = CLIENT.mac;
    const nameOf = (...frames: Uint8Array[]): string => planned(captureOf(frames)).plan.guest.address;
    const ask = (options: readonly number[]): Uint8Array =>
      udp(68, 67, dhcp(1, options, { mac }).subarray(42), { src: 0, dst: 0xffffffff, mac });
    const answer = { src: ip('192.168.77.9'), dst: 0xffffffff, mac: SERVER.mac };
    const offer = udp(67, 68, dhcp(2, [], { op: 2, mac, yiaddr: ip('192.168.77.33') }).subarray(42), answer);
    assert.equal(nameOf(ask([])), '02:00:00:00:00:01');
    assert.equal(nameOf(ask([50, 4, 192, 168, 77, 44])), '192.168.77.44');
    assert.equal(nameOf(ask([50, 4, 192, 168, 77, 44]), offer), '192.168.77.33');
  });

  it('may be another one of a capture of a user network, if the user says so', () => {
    const page = webPage({
      client: { address: TO_GUEST.dst!, mac: GUEST_MAC, port: 40000 },
      server: { address: TO_GUEST.src!, mac: HOST_MAC, port: 80 },
    });
    const r = play(captureOf(page.frames), { guest: '10.0.2.2' });
    assertWhole(r, 0, page, 'server');
  });

  it('is the host that captured, by the packet types of SLL and by the flags of pcapng', () => {
    // Here the server captures, though the client opens all connections.
    const sll = LINK_LAYERS.find((l) => l.name === 'SLL')!;
    const page = webPage();
    const turned = page.frames.map((f) => {
      const out = Uint8Array.from(sll.wrap(f));
      out[1] = out[1] === 4 ? 0 : 4;
      return out;
    });
    const bySll = play(captureOf(turned, { linktype: sll.linktype }));
    assert.deepEqual([bySll.plan.guest.address, bySll.plan.guest.why], ['192.168.77.2', 'the host that captured']);
    assertWhole(bySll, 0, page, 'server');
    const w = new PcapngWriter();
    const flags = page.frames.map((f, i) => flagged(w, f, i, f[11] === 1 ? 1 : 2));
    const byFlags = play(join(w.section(), w.interface(), ...flags));
    assert.deepEqual([byFlags.plan.guest.address, byFlags.plan.guest.why], ['192.168.77.2', 'the host that captured']);
    assertWhole(byFlags, 0, page, 'server');
  });

  it('is who opens most connections', () => {
    const { plan } = planned(captureOf(fourPages()));
    assert.deepEqual([plan.guest.address, plan.guest.why], ['192.168.77.1', 'opens 3 of 4 connections']);
  });

  it('is who has most packets where nobody opens anything, but not a server of DHCP', () => {
    const src = ip('192.168.77.5');
    const dst = ip('192.168.77.6');
    const third = ip('192.168.77.7');
    const busiest = planned(captureOf([udp(1, 2, 'a', { src, dst }), udp(2, 3, 'b', { src: third, dst })]));
    assert.deepEqual(
      [busiest.plan.guest.address, busiest.plan.guest.why],
      ['192.168.77.6', 'sends or receives 2 of 2 packets'],
    );
    const answer = { src: ip('192.168.77.1'), dst, mac: [2, 0, 0, 0, 0, 1] };
    const lease = [1, 2, 3].map(() => udp(67, 68, dhcp(5).subarray(42), answer));
    const leased = planned(captureOf([dhcp(1), ...lease]));
    assert.equal(leased.plan.guest.address, '192.168.77.6');
  });

  it('is the initiator of each connection on loopback', () => {
    const lo = ip('127.0.0.1');
    const there = new Conversation({
      client: { ...CLIENT, address: lo, port: 1111 },
      server: { ...SERVER, address: lo },
    })
      .open()
      .tell('client', 'one')
      .tell('server', 'two')
      .close();
    const back = new Conversation({
      client: { ...SERVER, address: lo, port: 81 },
      server: { ...CLIENT, address: lo, port: 999 },
    })
      .open()
      .tell('server', 'three')
      .tell('client', 'four')
      .close('server');
    const r = play(captureOf([...there.frames, ...back.frames]));
    assertWhole(r, 0, there);
    assertWhole(r, 1, back);
    assert.deepEqual(
      r.connections.map((c) => [c.guestPort, c.remotePort, c.initiator]),
      [
        [1111, 80, 'guest'],
        [81, 999, 'guest'],
      ],
    );
  });

  it('has both of its addresses, of IPv4 and of IPv6', () => {
    const six = { address: addr6(0x2001, 1), mac: CLIENT.mac, port: 1000 };
    const other = { address: addr6(0x2001, 2), mac: SERVER.mac, port: 80 };
    const [a, b] = [webPage(), webPage({ client: six, server: other })];
    const r = play(captureOf([...a.frames, ...b.frames]));
    assertWhole(r, 0, a);
    assertWhole(r, 1, b);
  });

  it('is announced before its first packet when it speaks IPv6: no packet waits for its address', () => {
    const six = { address: addr6(0x2001, 1), mac: CLIENT.mac, port: 1000 };
    const page = webPage({ client: six, server: { ...SERVER, address: addr6(0x2001, 2) } });
    const r = play(captureOf(page.frames));
    assertWhole(r, 0, page);
    assert.ok(r.outside.frames.every((f) => f.dir === 0 || f.data[20] !== 58 || f.data[54] !== 135));
  });

  it('may be a server on loopback, whose clients keep their addresses', () => {
    for (const [client, server] of [
      ['127.0.0.2', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
    ] as const) {
      const page = webPage({
        client: { ...CLIENT, address: ip(client) },
        server: { ...SERVER, address: ip(server) },
      });
      const r = play(captureOf(page.frames), { guest: server });
      assertWhole(r, 0, page, 'server');
      assert.equal(r.connections[0]?.remote, client);
    }
  });

  it('may be a server, of IPv4 and of IPv6: its clients come by hostfwd', () => {
    const four = webPage();
    const six = webPage({
      client: { ...CLIENT, address: addr6(0x2001, 1) },
      server: { ...SERVER, address: addr6(0x2001, 2) },
    });
    const r4 = play(captureOf(four.frames), { guest: '192.168.77.2' });
    assertWhole(r4, 0, four, 'server');
    assert.deepEqual(r4.connections[0]?.initiator, 'remote');
    const r6 = play(captureOf(six.frames), { guest: '2001::2' });
    assertWhole(r6, 0, six, 'server');
    assert.deepEqual([r6.connections[0]?.guest, r6.connections[0]?.remote], ['2001::2', '2001::1']);
  });

  it('may be a server where the default guest of a user network would be', () => {
    const page = webPage({ server: { ...SERVER, address: ip('10.0.2.15') } });
    assertWhole(play(captureOf(page.frames), { guest: '10.0.2.15' }), 0, page, 'server');
  });

  it('has no server on port 0', () => {
    const r = play(
      captureOf([...webPage().frames, udp(9, 0, 'x', { src: CLIENT.address as number, dst: 0xc0a84d02 })]),
      {
        guest: '192.168.77.2',
      },
    );
    assert.deepEqual([r.code, r.account.notPlayed], [0, { 'no socket of the machine waits for it': 1 }]);
  });

  it('keeps a connection that is half closed by a client of the host', () => {
    const c = new Conversation().open().tell('client', 'all of it');
    c.say('client', '', { flags: FIN | 16 });
    c.say('server', '');
    c.tell('server', 'an answer after that');
    c.say('server', '', { flags: FIN | 16 });
    c.say('client', '');
    assertWhole(play(captureOf(c.frames), { guest: '192.168.77.2' }), 0, c, 'server');
    assertWhole(play(captureOf(c.frames)), 0, c);
  });
});
