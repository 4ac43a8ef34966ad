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
const THROWN = /TypeError.*iov_len/;

/** The lines that are typed where a reset was caught, and what comes of them. */
export async function haveInHands(hand: Hand): Promise<void> {
  const say = async (line: string, says: RegExp): Promise<void> => {
    const text = await hand.type(line);
    assert.match(text, says, `${line}: ${text}`);
  };
  await say('print $pkt.tcp.flags.reset', /= true\n/);
  await hand.catches(['rst', ''], ['packet', 'not icmp and udp.dstport == 7777 in nic']);
  await say(
    String.raw`inject "udp.dstport=7777 ip.ttl=3 data=\"hi\"" at nic`,
    /^Put in at nic: 44 bytes: .*:7777 UDP$/m,
  );
  assert.match(await hand.continue(), PUT_IN);
  await say(
    'print $pkt("ip.ttl == 3 && udp.length == 10 && frame contains 68:69 && udp.checksum.status == 1")',
    /= 1\n/,
  );
  assert.match(await hand.reverse(), RESET);
  await say('info packet', /Reset: Set/);
  await hand.goto('start');
  assert.match(await hand.continue(), RESET);
  assert.match(await hand.continue(), PUT_IN);
  await say('print $pkt.ip.ttl', /= 3\n/);
  await hand.goto('end');
  // The frame is in one piece: who asks for others throws.
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
