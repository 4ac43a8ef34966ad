/**
 * Whatever a guest sends: no exception, no hang, no growth. `npm run -s campaign -- slirp` goes on with it.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { Random } from '../kit/random.ts';
import {
  anyFrame,
  bytes,
  corpus,
  type Frames,
  happenings,
  mutate,
  newNetwork,
  segments,
  suffer,
} from './fuzz-frames.ts';

/** Frames of all runs together; PKTGDB_FUZZ_FRAMES=1000000 makes it a long run, PKTGDB_FUZZ_SEED another one. */
const FRAMES = Number(process.env['PKTGDB_FUZZ_FRAMES'] ?? 30_000);
const SEED = Number(process.env['PKTGDB_FUZZ_SEED'] ?? 1);
/** Frames of each run; there are seven. */
const COUNT = Math.ceil(FRAMES / 7);
/** Frames that a network sees: what happens is kept, as text. */
const FRAMES_A_NETWORK = 50_000;
/** Bytes that the heap may have grown by in a run. */
const GROWTH_MAX = 256 << 20;

/** Frames in a conversation, on average. */
const CONVERSATION = 20;

function run(seed: number, make: Frames): void {
  const r = new Random(seed * SEED);
  const heap = process.memoryUsage().heapUsed;
  for (let from = 0; from < COUNT; from += FRAMES_A_NETWORK) {
    suffer(happenings(r, Math.min(FRAMES_A_NETWORK, COUNT - from), (random, i) => make(random, from + i)));
  }
  assert.ok(process.memoryUsage().heapUsed - heap < GROWTH_MAX, 'the heap grows');
}

describe('slirp: fuzz', function () {
  this.timeout(0);
  const frames = corpus();

  for (let seed = 1; seed <= 4; seed++) {
    it(`mutated frames of the recorded cases (seed ${seed})`, () => {
      // One after the other, so that a long run changes every one of them many times.
      run(seed, (r, i) => mutate(r, frames[((seed - 1) * COUNT + i) % frames.length]!));
    });
  }

  it('TCP segments with any flags, numbers near the right ones, any options', () => run(77, segments()));

  it('short conversations of structured frames, each with a network of its own (fast-check)', () => {
    const runs = Math.ceil(COUNT / CONVERSATION);
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 2 * CONVERSATION }), (conversation) => {
        const net = newNetwork();
        for (const f of conversation) {
          net.input(f);
        }
        net.advance(net.nowMs + 700);
        assert.ok(net.slirp.ipq.size + net.slirp.tcb.count + net.slirp.udb.count <= 2 * CONVERSATION);
        net.close();
        assert.equal(net.host.openFds.size + machine.sockets.fds.size, 0);
      }),
      { numRuns: runs, seed: SEED },
    );
  });

  it('random bytes behind each Ethernet type', () => run(99, bytes));
});
