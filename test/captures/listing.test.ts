/** Packet listings: what a capture looks like in the editor, and whether all its packets can be stopped at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { ROLE_HOST } from '../../adapter/replay/plan.ts';
import { listing } from '../../src/captures/listing.ts';
import { play } from '../replay/play.ts';

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

describe('packets of a replay', function () {
  this.timeout(60000);

  for (const name of NAMES) {
    it(`of ${name} that the network sends again are those of the capture`, () => {
      const { numbers, plan } = play(capture(name));
      const roles = [...plan.roles];
      assert.deepEqual(
        numbers.filter((n) => n > 0),
        roles.flatMap((role, i) => (role === ROLE_HOST ? [i + 1] : [])),
      );
    });
  }
});
