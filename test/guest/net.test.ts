import assert from 'node:assert/strict';
import { icmp as icmpFrame } from '../kit/frames.ts';
import { DNS, defaultPeer, ethernet, GATEWAY, GUEST, ip, Lab, parse, tcp, udp, udpPayload } from './lab.ts';

/** An ICMP message with its checksum. */
const icmp = (type: number, code: number, rest: Uint8Array): Uint8Array =>
  icmpFrame(type, code, rest.subarray(0, 4), rest.subarray(4)).subarray(34);

describe('guest: ARP, IP, ICMP, UDP', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab().boot();
    lab.sent.length = 0;
  });

  /** Sends a frame and returns what the guest sends within a tenth of a second. */
  function answers(frame: Uint8Array): Uint8Array[] {
    lab.sent.length = 0;
    lab.toGuest(frame);
    lab.sleep(0.1);
    return lab.sent.filter((f) => f[12] !== 8 || f[13] !== 6);
  }

  it('answers an ARP request for its address, and no other', () => {
    const request = (target: number): Uint8Array => {
      const a = new Uint8Array(28);
      a.set([0, 1, 8, 0, 6, 4, 0, 1, 2, 2, 2, 2, 2, 2, 10, 0, 2, 77]);
      a.set([10, 0, 2, target], 24);
      return ethernet(GATEWAY, 0x0806, a, true);
    };
    lab.toGuest(request(15));
    lab.toGuest(request(16));
    lab.sleep(0.1);
    assert.equal(lab.sent.length, 1);
    const reply = Buffer.from(lab.sent[0]!);
    assert.equal(reply.toString('hex', 20, 42), '00025254001234560a00020f0202020202020a00024d');
    assert.equal(lab.drops('ARP_NOT_OURS'), 1);
    assert.match(lab.sh('arp -a'), /\? \(10\.0\.2\.77\) at 02:02:02:02:02:02 \[ether\] {2}on eth0\n/);
  });

  it('asks three times for a neighbour that does not answer, then gives its packets up', () => {
    lab.sh('ping -c 1 -W 5 10.0.2.200');
    assert.equal(lab.sent.filter((f) => f[12] === 8 && f[13] === 6).length, 3);
    assert.equal(lab.drops('GUEST_UNREACHABLE'), 1);
  });

  it('replies to pings, large ones in fragments too', () => {
    const payload = new Uint8Array(3000).map((_, i) => i);
    const message = icmp(8, 0, new Uint8Array([0, 1, 0, 2, ...payload]));
    lab.toGuest(ip(GATEWAY, GUEST, 1, message.slice(2960), 2960 / 8, 9));
    lab.toGuest(ip(GATEWAY, GUEST, 1, message.slice(1480, 2960), (1480 / 8) | 0x2000, 9));
    assert.equal(answers(ip(GATEWAY, GUEST, 1, message.slice(0, 1480), 0x2000, 9)).length, 3);
    const small = answers(ip(GATEWAY, GUEST, 1, icmp(8, 0, new Uint8Array([0, 1, 0, 2, 65, 66]))));
    assert.equal(small.length, 1);
    assert.equal(small[0]![34], 0);
    assert.deepEqual([...parse(small[0]!)!.data], [65, 66]);
  });

  it('ping prints what Busybox prints', () => {
    const out = lab.sh('ping -c 2 10.0.2.2').replace(/\d+\.\d{3}/g, 'N');
    assert.equal(
      out,
      'PING 10.0.2.2 (10.0.2.2): 56 data bytes\n' +
        '64 bytes from 10.0.2.2: seq=0 ttl=64 time=N ms\n' +
        '64 bytes from 10.0.2.2: seq=1 ttl=64 time=N ms\n' +
        '\n--- 10.0.2.2 ping statistics ---\n' +
        '2 packets transmitted, 2 packets received, 0% packet loss\n' +
        'round-trip min/avg/max = N/N/N ms\n',
    );
    assert.match(lab.sh('ping -c 1 -s 5000 10.0.2.99'), /\n5008 bytes from 10\.0\.2\.99: seq=0/);
  });

  it('Ctrl-C makes ping print its statistics', () => {
    lab.type('ping 10.0.2.2\n');
    lab.expect('seq=2');
    lab.type('\x03');
    lab.expect('~ # ');
    assert.match(
      lab.host.console,
      /\^C\n\n--- 10\.0\.2\.2 ping statistics ---\n3 packets transmitted, 3 packets received/,
    );
  });

  it('answers a datagram to a closed port with port unreachable', () => {
    const [f] = answers(udp(GATEWAY, 5, GUEST, 9, new Uint8Array([1, 2, 3])));
    assert.deepEqual([f![34], f![35]], [3, 3]);
    assert.equal(lab.drops('GUEST_NO_LISTENER'), 1);
  });

  it('answers a segment to a closed port with a reset', () => {
    const [f] = answers(tcp(GATEWAY, 1000, 80, 5000, 0, 2));
    const p = parse(f!)!;
    assert.deepEqual([p.flags, p.seq, p.ack], [0x14, 0, 5001]);
    const [g] = answers(tcp(GATEWAY, 1000, 80, 5000, 7777, 0x10));
    assert.deepEqual([parse(g!)!.flags, parse(g!)!.seq], [4, 7777]);
  });

  it('says why it drops what it cannot use', () => {
    const good = udp(GATEWAY, 5, GUEST, 9, new Uint8Array([1, 2, 3]));
    const broken = (at: number, value: number): Uint8Array => {
      const f = good.slice();
      f[at] = value;
      return f;
    };
    const cases: [string, Uint8Array][] = [
      ['ETH_TYPE', ethernet(GATEWAY, 0x88cc, new Uint8Array(46))],
      ['IP_VERSION', broken(14, 0x65)],
      ['IP_HLEN', broken(14, 0x44)],
      ['IP_SHORT', broken(16, 9)],
      ['IP_CSUM', broken(22, 63)],
      ['UDP_CSUM', broken(44, 9)],
      ['UDP_SHORT', ip(GATEWAY, GUEST, 17, new Uint8Array([0, 5, 0, 9, 0, 7, 0, 0]))],
      ['GUEST_NOT_OURS', udp(GATEWAY, 5, GUEST + 1, 9, new Uint8Array(1))],
      ['IP_PROTO', ip(GATEWAY, GUEST, 99, new Uint8Array(8))],
      ['ICMP_CSUM', ip(GATEWAY, GUEST, 1, new Uint8Array([8, 0, 0, 0, 0, 0, 0, 0]))],
      ['ICMP_TYPE', ip(GATEWAY, GUEST, 1, icmp(13, 0, new Uint8Array(4)))],
      ['ICMP_SHORT', ip(GATEWAY, GUEST, 1, new Uint8Array(4))],
      ['TCP_SHORT', ip(GATEWAY, GUEST, 6, new Uint8Array(12))],
      ['TCP_CSUM', ip(GATEWAY, GUEST, 6, new Uint8Array(20).fill(0x50))],
    ];
    for (const [reason, frame] of cases) {
      const before = lab.drops(reason);
      answers(frame);
      assert.equal(lab.drops(reason), before + 1, reason);
    }
  });

  it('puts fragments together in any order, and gives up those that overlap or stay alone', () => {
    lab.sh('nc -u -l -p 7 > got &');
    const data = new Uint8Array(4000).map((_, i) => i * 3);
    const u = udpPayload(GATEWAY, 5, GUEST, 7, data);
    const part = (from: number, to: number): void => {
      lab.toGuest(ip(GATEWAY, GUEST, 17, u.slice(from, to), (from >> 3) | (to < u.length ? 0x2000 : 0), 5));
    };
    part(2960, u.length);
    part(1480, 2960);
    part(1472, 1480);
    part(1464, 1488);
    part(0, 1472);
    lab.sleep(0.1);
    assert.deepEqual(lab.file('/root/got'), Buffer.from(data));
    assert.equal(lab.drops('IP_FRAG'), 1);
    part(0, 1480);
    lab.sleep(31);
    assert.equal(lab.drops('IP_FRAG'), 2);
  });

  it('looks names up', () => {
    lab.peer = (l, f) => {
      const p = parse(f);
      if (p?.dst !== DNS) {
        defaultPeer(l, f);
        return;
      }
      const q = p.data;
      const known = Buffer.from(q).includes('example');
      const answer = known ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 2, 2] : [];
      const r = new Uint8Array([...q, ...answer]);
      r[2] = 0x81;
      r[3] = known ? 0x80 : 0x83;
      r[7] = known ? 1 : 0;
      l.toGuest(udp(DNS, 53, GUEST, p.sport, r));
    };
    assert.equal(
      lab.sh('nslookup example.com'),
      'Server:\t\t10.0.2.3\nAddress:\t10.0.2.3:53\n\n' +
        'Non-authoritative answer:\nName:\texample.com\nAddress: 10.0.2.2\n\n',
    );
    assert.match(lab.sh('nslookup nope.org'), /\*\* server can't find nope\.org: NXDOMAIN\n/);
    assert.match(lab.sh('ping -c 1 example.com'), /^PING example\.com \(10\.0\.2\.2\): 56 data bytes\n64 bytes from/);
    assert.equal(lab.sh('ping -c 1 nope.org'), "ping: bad address 'nope.org'\n");
  });

  it('ifconfig counts what the driver moved', () => {
    const text = lab.sh('ifconfig eth0');
    const lines = [
      'eth0      Link encap:Ethernet  HWaddr 52:54:00:12:34:56  ',
      '          inet addr:10.0.2.15  Bcast:10.0.2.255  Mask:255.255.255.0',
      '          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1',
      '          RX packets:2 errors:0 ',
    ];
    assert.equal(text.slice(0, lines.join('\n').length), lines.join('\n'));
    assert.match(lab.sh('ifconfig'), /\nlo {8}Link encap:Local Loopback/);
    lab.sh('ifconfig eth0 10.0.2.44 netmask 255.255.0.0');
    assert.match(lab.sh('ifconfig eth0'), /inet addr:10\.0\.2\.44 {2}Bcast:10\.0\.255\.255 {2}Mask:255\.255\.0\.0/);
  });
});
