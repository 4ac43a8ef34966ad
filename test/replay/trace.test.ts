import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CaptureError } from '../../adapter/packets/capture.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { concat, type PacketToWrite, writePcap } from '../../adapter/packets/pcap.ts';
import { checkTcp } from '../../adapter/packets/protocols/tcp.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { gapsOf } from '../../adapter/replay/account.ts';
import { parseForwards, replayArgs } from '../../adapter/replay/args.ts';
import { describePlan } from '../../adapter/replay/describe.ts';
import { arpAnnouncement, bareAck, completeFrame, segment, setAck } from '../../adapter/replay/frames.ts';
import { fragments, hex, ip, TO_GUEST, udp, udpPayload } from '../kit/frames.ts';
import { HELLO, packetsOf } from '../packets/samples.ts';
import { type Planned, planned, plannedTrace, stepsOf } from './replay.ts';

/** Steps as one line each. */
function lines(t: Planned): string[] {
  return stepsOf(t).steps.map((s) => {
    switch (s.type) {
      case 'frame':
        return [
          `frame ${s.number}`,
          ...(s.needAck >= 0 ? [`ack ${s.needAck}`] : []),
          ...(s.session === '' ? [] : [s.session.split(' ')[0]]),
        ].join(' ');
      case 'data':
        return `data ${s.data.length}${s.eof ? ' eof' : ''}`;
      case 'error':
      case 'datagram-error':
        return `${s.type} ${s.errno}`;
      case 'datagram':
        return `datagram ${s.data.length} for ${s.session.split(' ')[0]}`;
      default:
        return s.type;
    }
  });
}

/** All that the host sent. */
function hostBytes(t: Planned): Uint8Array {
  return concat(stepsOf(t).steps.flatMap((s) => (s.type === 'data' ? [s.data] : [])));
}

function traceFrom(frames: readonly Uint8Array[]): Planned {
  const packets: PacketToWrite[] = frames.map((data, i) => ({ tsSec: 100 + i, tsNsec: 0, data }));
  return planned(writePcap(packets));
}

const p = new TcpIpView();

describe('reading a trace', () => {
  it('finds what the host did in the hello experiment', () => {
    const t = plannedTrace('02-hello.pcap');
    assert.deepEqual(lines(t), [
      'accept',
      'frame 2',
      'frame 4 ack 1',
      'data 17',
      'eof',
      'frame 8 ack 18',
      'frame 9 ack 19',
    ]);
    assert.equal(
      describePlan(t.plan),
      "guest is 10.0.2.15 (behind slirp's MAC addresses), played as 10.0.2.15; " +
        '"set replay guest ADDR" chooses another',
    );
  });

  it('needs nothing of the host for DHCP', () => {
    const t = plannedTrace('01-dhcp.pcap');
    assert.ok(lines(t).every((l) => l.startsWith('frame')));
    assert.deepEqual(t.plan.known, []);
    assert.equal(t.plan.forwards.length, 0);
  });

  it('finds a connection of the guest, with the bytes that came back', () => {
    const t = plannedTrace('05-http.pcap');
    assert.deepEqual(lines(t).slice(0, 7), [
      'frame 1',
      'connected',
      'frame 3 ack 1',
      'frame 4 ack 1',
      'data 115',
      'data 66000 eof',
      'frame 8 ack 116',
    ]);
    const bytes = hostBytes(t).length;
    assert.equal(bytes, 66115);
    assert.equal(lines(t).filter((l) => l.endsWith('eof')).length, 1);
  });

  it('skips retransmissions, and plays gaps as zeros', () => {
    const hello = packetsOf('02-hello.pcap').map((x) => x.data);
    const again = traceFrom([...hello.slice(0, 6), hello[5]!, ...hello.slice(6)]);
    assert.equal(lines(again).filter((l) => l.startsWith('data')).length, 1);
    const lost = traceFrom([...hello.slice(0, 5), ...hello.slice(6)]);
    assert.deepEqual(hostBytes(lost), new Uint8Array(17));
    assert.deepEqual(gapsOf(lost.plan).named, [{ stream: 0, packet: 6, from: 1, to: 17 }]);
  });

  it('turns DNS answers and ICMP errors into what the sockets saw', () => {
    const t = traceFrom([HELLO.dns_query, HELLO.dns_answer, HELLO.unreachable]);
    assert.deepEqual(lines(t), ['frame 1 udp', 'datagram 63 for udp', 'datagram-error ECONNREFUSED']);
  });

  it('puts fragments of a reply together', () => {
    const payload = Uint8Array.from({ length: 2000 }, (_, i) => i & 255);
    const parts = fragments(17, udpPayload(7, 4000, payload, TO_GUEST), 1480, { ...TO_GUEST, id: 1 });
    const t = traceFrom([udp(4000, 7, 'x'), ...parts.reverse()]);
    assert.deepEqual(lines(t), ['frame 1 udp', 'datagram 2000 for udp']);
    const d = stepsOf(t).steps[1]!;
    assert.deepEqual(d.type === 'datagram' && d.data, payload);
  });

  it('plays a cut capture as far as it goes, and says so', () => {
    const whole = writePcap(packetsOf('02-hello.pcap'));
    const t = planned(whole.subarray(0, 700));
    assert.equal(lines(t).length, 6);
    assert.match(t.plan.warnings.join(), /^truncated capture: it ends at byte 700, in the data of packet 9/);
  });

  it('says why a capture cannot be replayed', () => {
    assert.throws(() => planned(writePcap([])), CaptureError);
    assert.throws(() => planned(new Uint8Array(0)), CaptureError);
  });

  it('survives any bytes', () => {
    const frames = ['01-dhcp.pcap', '02-hello.pcap', '03-ping.pcap'].flatMap((n) => packetsOf(n).map((x) => x.data));
    const edits = fc.array(fc.tuple(fc.nat(frames.length - 1), fc.nat(1500), fc.nat(255)), { maxLength: 30 });
    fc.assert(
      fc.property(edits, (list) => {
        const copy = frames.map((f) => Uint8Array.from(f));
        for (const [i, at, v] of list) {
          copy[i]![at % copy[i]!.length] = v;
        }
        stepsOf(traceFrom(copy));
      }),
      { numRuns: 100 },
    );
  });
});

describe('options of a replay', () => {
  const args = (t: Planned, list: readonly string[]) => replayArgs(t.plan, list);
  const NETDEV = ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'];

  it('adds the forwarded port that the capture needs', () => {
    assert.deepEqual(args(plannedTrace('02-hello.pcap'), NETDEV), [
      '-netdev',
      'user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556',
      '-device',
      'e1000,netdev=user.0',
      '-guest',
      'trace',
    ]);
  });

  it('takes the one that is there', () => {
    const list = ['-nic', 'user,model=e1000,hostfwd=tcp::0-:5556'];
    assert.deepEqual(args(plannedTrace('02-hello.pcap'), list), [...list, '-guest', 'trace']);
    assert.deepEqual(parseForwards(list), [{ proto: 'tcp', hostPort: 0, guest: null, guestPort: 5556 }]);
  });

  it('takes the network of the capture', () => {
    const addresses = { src: ip('192.168.76.2'), dst: ip('192.168.76.9'), mac: [...hex('5255c0a84c02')] };
    const frame = udp(1, 2, 'x', { ...TO_GUEST, ...addresses });
    assert.equal(
      args(traceFrom([frame]), NETDEV)[1],
      'user,id=user.0,net=192.168.76.0/24,host=192.168.76.2,hostfwd=udp:127.0.0.1:5555-192.168.76.9:2',
    );
  });
});

describe('frames of a replay', () => {
  const synAck = packetsOf('02-hello.pcap')[3]!.data;

  it('a changed acknowledgment keeps a right checksum right and a wrong one wrong', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.boolean(), (ack, spoil) => {
        const f = Uint8Array.from(synAck);
        f[50]! ^= spoil ? 1 : 0;
        p.set(f, 0, f.length, 'ethernet').find();
        setAck(p, ack);
        assert.equal(p.u32(p.tcp + 8), ack);
        assert.equal(checkTcp(p.packet).state, spoil ? 'bad' : 'good');
      }),
      { numRuns: 200 },
    );
  });

  it('an oversized segment is cut as a NIC with segmentation offload does it', () => {
    const data = packetsOf('05-http.pcap')[3]!.data;
    const big = new Uint8Array(data.length + 4000);
    big.set(data);
    big[16] = (big.length - 14) >> 8;
    big[17] = (big.length - 14) & 255;
    p.set(big, 0, big.length, 'ethernet').find();
    const length = p.payloadEnd - p.payload;
    big[p.tcp + 16] = 0;
    big[p.tcp + 17] = 0;
    const sum = checkTcp(p.packet).right;
    big[p.tcp + 16] = sum >> 8;
    big[p.tcp + 17] = sum & 255;
    const parts = segment(big).map((f) => new TcpIpView(f).find());
    assert.deepEqual(
      parts.map((f) => [
        f.packet.len,
        f.payloadEnd - f.payload,
        (f.u8(f.tcp + 13) & 8) !== 0,
        checkTcp(f.packet).state,
      ]),
      [
        [1514, 1460, false, 'good'],
        [1514, 1460, false, 'good'],
        [54 + length - 2920, length - 2920, true, 'good'],
      ],
    );
  });

  it('checksums that the guest left to its NIC are filled in, cut packets completed', () => {
    const f = Uint8Array.from(synAck);
    p.set(f, 0, f.length, 'ethernet').find();
    // The pseudo header: 10.0.2.15, 10.0.2.2, protocol 6, 24 bytes.
    const pseudo = 0x0a00 + 0x020f + 0x0a00 + 0x0202 + 6 + 24;
    f[p.tcp + 16] = pseudo >> 8;
    f[p.tcp + 17] = pseudo & 255;
    assert.equal(checkTcp(new PacketView(completeFrame(f, f.length))).state, 'good');
    const cut = completeFrame(packetsOf('05-http.pcap')[3]!.data.subarray(0, 70), 131);
    assert.equal(cut.length, 131);
    assert.equal(checkTcp(new PacketView(cut)).state, 'good');
  });

  it('makes bare ACKs and ARP announcements', () => {
    p.set(bareAck(synAck, 7, 9), 0, 60, 'ethernet').find();
    assert.equal(checkTcp(p.packet).state, 'good');
    assert.equal(summary(p.packet).info, '5556 → 58676 [ACK] Seq=7 Ack=9 Win=64240 Len=0');
    p.set(arpAnnouncement(0x525400123456, 0x0a00020f), 0, 60, 'ethernet').find();
    assert.equal(summary(p.packet).info, 'ARP Announcement for 10.0.2.15');
  });
});
