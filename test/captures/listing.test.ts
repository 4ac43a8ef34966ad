/** Packet listings: what a capture looks like in the editor, and whether all its packets can be stopped at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { PacketNumbers } from '../../adapter/replay/packet-numbers.ts';
import { readTrace } from '../../adapter/replay/trace.ts';
import { listing } from '../../src/captures/listing.ts';

const here = dirname(fileURLToPath(import.meta.url));
const traces = join(here, '../traces');
const NAMES = ['01-dhcp', '02-hello', '03-ping', '05-http'];

function capture(name: string): Buffer {
  return readFileSync(join(traces, `${name}.pcap`));
}

describe('packet listing', () => {
  for (const name of NAMES) {
    it(`of ${name} is as expected`, () => {
      const file = join(here, 'golden', `${name}.packets`);
      const text = listing(capture(name));
      assert.equal(text, readFileSync(file, 'utf8'));
    });

    it(`of ${name} has packet N on line N`, () => {
      const lines = listing(capture(name)).trimEnd().split('\n');
      assert.deepEqual(
        lines.map((l) => Number.parseInt(l, 10)),
        readCapture(capture(name)).packets.map((p) => p.number),
      );
    });
  }

  it('says what is wrong with a file, after the packets it has', () => {
    assert.match(listing(Buffer.from('hello, this is text')), /^# not a capture: .*\(text\)/);
    assert.match(listing(Buffer.alloc(0)), /^# not a capture: the file is empty/);
    const cut = listing(capture('02-hello').subarray(0, 300)).split('\n');
    assert.match(cut[2]!, /^3 .*ARP/);
    assert.match(cut[3]!, /^# truncated capture/);
  });

  it('can be made of any bytes', () => {
    const whole = capture('03-ping');
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const [at, value] of changes) {
          bytes[at % Math.max(1, length)] = value;
        }
        assert.equal(typeof listing(bytes), 'string');
      }),
      { numRuns: 200 },
    );
  });
});

describe('packets of a replay', () => {
  for (const name of NAMES) {
    it(`of ${name} that the network sends again are those of the capture`, () => {
      const { sent } = readTrace(readCapture(capture(name)));
      const numbers = new PacketNumbers(sent);
      assert.deepEqual(
        sent.map(({ data }) => numbers.sent(data, data.length)),
        sent.map(({ number }) => number),
      );
      assert.equal(numbers.sent(sent[0]!.data, sent[0]!.data.length), 0);
    });
  }

  it('are told apart when there are very many', () => {
    const { data } = readTrace(readCapture(capture('02-hello'))).sent.at(-1)!;
    const many = Array.from({ length: 200_000 }, (_, i) => ({ number: i + 1, data }));
    const numbers = new PacketNumbers(many);
    assert.ok(many.every(({ number }) => numbers.sent(data, data.length) === number));
    assert.equal(numbers.sent(data, data.length), 0);
  });
});
