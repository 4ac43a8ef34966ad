/**
 * Resets, packets that are put in, and an exception of the stack, as a user comes upon them: at the prompt and over
 * DAP, in a replay and live, forward and in history. It begins where a TCP reset has been caught.
 */
import assert from 'node:assert/strict';
import type { CatchKind } from '../../adapter/engine/api.ts';

/** A user. Who goes somewhere is told what is said of the stop there. */
export interface Hand {
  type(line: string): Promise<string>;
  /** Sets these catchpoints, and no others. */
  catches(...all: readonly (readonly [kind: CatchKind, rest: string])[]): Promise<void>;
  continue(): Promise<string>;
  reverse(): Promise<string>;
  goto(where: string): Promise<string>;
}

const RESET = /TCP reset (?:by|to) the guest/;
const PUT_IN = /packet in nic/;
const INTERRUPT = /interrupt, ICR & IMS = 0x/;
const ACCESS = /write \S+ = 0x/;
const RESETS_AND_FRAMES = [
  ['rst', ''],
  ['packet', 'not icmp and udp.dstport == 7777 in nic'],
] as const;
const AGAIN = /TCP retransmission by slirp/;
const LOST = /dropped IP_CSUM/;
const LOST_ON_LINK = /dropped LINK_LOSS/;
const CONNECTED = /slirp TCP 10\.0\.2\.15:5556 to 10\.0\.2\.2:\d+ SYN_SENT -> ESTABLISHED/;
const THROWN = /TypeError.*iov_len/;

/** The lines that are typed where a reset was caught, and what comes of them. */
export async function haveInHands(hand: Hand): Promise<void> {
  const say = async (line: string, says: RegExp): Promise<void> => {
    const text = await hand.type(line);
    assert.match(text, says, `${line}: ${text}`);
  };
  await say('print $pkt.tcp.flags.reset', /= true\n/);
  await leadsThere(hand, say);
  const put = (ttl: number): Promise<void> =>
    say(
      String.raw`inject "udp.dstport=7777 ip.ttl=${ttl} data=\"hi\"" at nic`,
      /^Put in at nic: 44 bytes: .*:7777 UDP$/m,
    );
  await hand.catches(...RESETS_AND_FRAMES);
  await put(3);
  assert.match(await hand.continue(), PUT_IN);
  await say(
    'print $pkt("ip.ttl == 3 && udp.length == 10 && frame contains 68:69 && udp.checksum.status == 1")',
    /= 1\n/,
  );
  await say('edit $pkt.ip.ttl = 9', /^ip\.ttl: 3 -> 9$/m);
  await say('delay $pkt 3ms', /^Held back for 3 ms: 44 bytes: /m);
  assert.match(await hand.continue(), PUT_IN, 'it comes again');
  await say('print $pkt("ip.ttl == 9 && ip.checksum.status == 1")', /= 1\n/);
  await say('drop', /^Dropped 44 bytes: .* UDP\.$/m);
  await say('set link user.0 delay 1ms', /^$/);
  await say('show link', /^user\.0: delay 1ms$/m);
  await say('set link user.0 off', /^$/);
  assert.match(await hand.reverse(), PUT_IN);
  assert.match(await hand.reverse(), RESET);
  await say('info packet', /Reset: Set/);
  await hand.goto('start');
  assert.match(await hand.continue(), RESET);
  assert.match(await hand.continue(), PUT_IN);
  await say('print $pkt.ip.ttl', /= 9\n/);
  assert.match(await hand.continue(), PUT_IN, 'what was held back is held back in history');
  await say('print $pkt.ip.ttl', /= 9\n/);
  await hand.goto('end');
  await put(5);
  assert.match(await hand.continue(), PUT_IN);
  await say('print $pkt.ip.ttl', /= 5\n/);
  await say('info drops DEBUGGER', /^tick \d+, .* UDP /m);
  await interrupted(hand);
  await dropped(hand, say);
  await lostOnLink(hand, say);
  await hand.catches(...RESETS_AND_FRAMES);
  await put(6);
  assert.match(await hand.continue(), PUT_IN);
  await thrown(hand, say);
}

/** Where lists say that something was, it can be gone to. */
async function leadsThere(hand: Hand, say: (line: string, says: RegExp) => Promise<void>): Promise<void> {
  const [, tick] = /^(\d+) .* write +RDT /m.exec(await hand.type('info mmio write RDT')) ?? [];
  await hand.goto(`tick ${tick}`);
  await say('frame', /^#0 {2}e1000_mmio_write \(/);
  await hand.goto('end');
}

/** Frames make the NIC interrupt, and the driver access its registers. */
async function interrupted(hand: Hand): Promise<void> {
  await hand.catches(['irq', '']);
  assert.match(await hand.continue(), INTERRUPT);
  await hand.catches(['mmio', 'write']);
  assert.match(await hand.continue(), ACCESS);
  await hand.catches(['irq', '']);
  assert.match(await hand.reverse(), INTERRUPT);
  await hand.catches(['mmio', 'write']);
  assert.match(await hand.reverse(), ACCESS);
  await hand.goto('end');
}

/** The frame is in one piece: who asks for others throws. */
async function thrown(hand: Hand, say: (line: string, says: RegExp) => Promise<void>): Promise<void> {
  await hand.catches(['exception', '']);
  await say('set var iovcnt = 5', /^$/);
  assert.match(await hand.continue(), THROWN);
  await say('frame', /#0 {2}e1000_receive_iov \(.*iovcnt=5\)/);
  await hand.goto('start');
  assert.match(await hand.continue(), THROWN, 'it is where the present is');
  await hand.catches(['rst', '']);
  assert.match(await hand.reverse(), RESET);
  assert.match(await hand.continue(), THROWN, 'and nothing goes on from there');
}

/**
 * The data of the seed session is dropped by hand, so that slirp sends it again: this is caught, and the connection's
 * state, forward and back. It begins where the data was caught, and ends in the present.
 */
export async function loseData(hand: Hand): Promise<void> {
  assert.match(await hand.type('drop'), /^Dropped 71 bytes: .*\[PSH, ACK\]\.$/m);
  const again = ['retransmit', ''] as const;
  const connected = ['state', 'slirp 5556 ESTABLISHED'] as const;
  await hand.catches(again);
  assert.match(await hand.continue(), AGAIN);
  await knowsWhoItIs(hand);
  await isAnalysed(hand);
  await hand.catches(connected);
  assert.match(await hand.reverse(), CONNECTED);
  await hand.catches(again, connected);
  await hand.goto('start');
  assert.match(await hand.continue(), CONNECTED);
  assert.match(await hand.continue(), AGAIN);
  assert.match(await hand.type('print $pkt.tcp.dstport'), /= 5556\n/);
  await knowsWhoItIs(hand);
}

/** What Wireshark would say of what is sent again, where that passes the user network's edge. */
async function isAnalysed(hand: Hand): Promise<void> {
  await hand.catches(['packet', 'tcp.flags.fin == 1 in slirp']);
  assert.match(await hand.continue(), /packet in slirp/);
  for (const [line, says] of [
    ['packets tcp in slirp', /^\*?\s*\d+ .*\[TCP Retransmission\].*\[FIN/m],
    ['packets tcp.analysis.retransmission in slirp', /^\*?\s*1 .*\[TCP Retransmission\]/m],
    ['info packet', /\[Expert Info \(Note\/Sequence\): This frame is a \(suspected\) retransmission\]/],
    ['print $pkt("_ws.expert.severity == \\"Note\\" && tcp.analysis.rto")', /= 1\n/],
    ['info conversations slirp', /^tcp 0 +10\.0\.2\.2:\d+ .* 1 +(?:open|half closed|closed)$/m],
  ] as const) {
    const text = await hand.type(line);
    assert.match(text, says, `${line}: ${text}`);
  }
}

/** Identities: what is sent again says of which packet, and who was dropped by hand ends there. */
async function knowsWhoItIs(hand: Hand): Promise<void> {
  assert.equal(await hand.type('set journey on'), '');
  assert.match(await hand.type('info journey'), /^Packet \d+: .*, retransmission of \d+$/m);
  const [, dropped] = /dropped: DEBUGGER: (\d+)$/m.exec(await hand.type('info journeys')) ?? [];
  assert.ok(dropped !== undefined);
  assert.match(await hand.type(`info journey ${dropped}`), /^End: dropped: DEBUGGER\.$/m);
  assert.equal(await hand.type('set journey off'), '');
}

/** A frame whose checksum slirp finds wrong: the drop is caught, gone back from, and come to again. */
async function dropped(hand: Hand, say: (line: string, says: RegExp) => Promise<void>): Promise<void> {
  await hand.catches(['drop', 'IP_CSUM']);
  await say('inject "udp.dstport=7779 ip.checksum=1" at slirp', /^Put in at slirp: 42 bytes: /m);
  assert.match(await hand.continue(), LOST);
  await say('print $pkt.udp.dstport', /= 7779\n/);
  await hand.catches(['rst', '']);
  assert.match(await hand.reverse(), RESET);
  await hand.catches(['drop', 'IP_CSUM']);
  assert.match(await hand.continue(), LOST);
  await hand.goto('end');
}

/** A link that loses everything: slirp's answer to a ping is caught there, gone back from, and come to again. */
async function lostOnLink(hand: Hand, say: (line: string, says: RegExp) => Promise<void>): Promise<void> {
  await say('set link user.0 loss 100%', /^$/);
  await say('show link', /^user\.0: loss 100%$/m);
  await hand.catches(['drop', 'LINK_LOSS']);
  await say('inject "icmp.type=8 ip.dst=10.0.2.2" at slirp', /^Put in at slirp: 42 bytes: .* ICMP$/m);
  const isLost = async (): Promise<void> => {
    assert.match(await hand.continue(), LOST_ON_LINK);
    // Or the question that comes before it.
    await say('print $pkt("icmp.type == 0 && ip.dst == 10.0.2.15 || arp.dst.proto_ipv4 == 10.0.2.15")', /= 1\n/);
  };
  await isLost();
  await say('set link user.0 off', /^$/);
  await hand.catches(['rst', '']);
  assert.match(await hand.reverse(), RESET);
  await hand.catches(['drop', 'LINK_LOSS']);
  await isLost();
  await hand.goto('end');
}
