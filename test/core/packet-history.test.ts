/** What a replay knows of packets is known in its past too. */
import assert from 'node:assert/strict';
import type { BreakpointSpec, TimePosition } from '../../adapter/engine/api.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

/** What one sees where a breakpoint was hit. */
interface Hit {
  readonly position: TimePosition;
  readonly function: string | undefined;
  readonly packet: unknown;
}

for (const [from, checkpointMs] of [
  ['the start', null],
  ['checkpoints', 0],
] as const) {
  describe(`packets of a replay in the past, from ${from}`, () => {
    let s: Session;

    beforeEach(async () => {
      s = await Session.create();
      s.engine.internals = checkpointMs === null ? { checkpointMs: 1e9 } : { checkpointMs };
    });

    afterEach(() => s.dispose());

    async function look(): Promise<Hit> {
      const { history } = s.engine;
      assert.ok(history);
      const [frame] = await s.engine.frames();
      const packet = await s.engine.packet(0).catch(() => undefined);
      return { position: history.here, function: frame?.fn.name, packet };
    }

    function location(place: BreakpointSpec['location']): number {
      return s.engine.setBreakpoint({ location: place }).id;
    }

    /** Runs to the end of the replay, and notes each hit on the way. */
    async function hits(): Promise<Hit[]> {
      await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'], replay: { stopAtEnd: true } });
      const seen: Hit[] = [];
      for (let stop = await s.stop(); stop.kind === 'breakpoint'; stop = await s.stop()) {
        seen.push(await look());
        await s.resume();
      }
      return seen;
    }

    /** The same hits backwards, and forwards again from the start. */
    async function bothWays(seen: readonly Hit[]): Promise<void> {
      for (const hit of seen.toReversed()) {
        await s.engine.reverse('continue');
        assert.equal((await s.stop()).kind, 'breakpoint');
        assert.deepEqual(await look(), hit);
      }
      await s.engine.reverse('continue');
      assert.deepEqual(await s.stop(), { kind: 'history-start' });
      for (const hit of seen) {
        await s.resume();
        assert.equal((await s.stop()).kind, 'breakpoint');
        assert.deepEqual(await look(), hit);
      }
    }

    it('stops at packets of the capture', async () => {
      for (const number of [4, 5, 6, 9]) {
        location({ kind: 'packet', number });
      }
      const seen = await hits();
      assert.ok(seen.length >= 4, `${seen.length} hits`);
      await bothWays(seen);
    });

    it('stops where the replay differs', async () => {
      location({ kind: 'divergence', grade: 2 });
      const seen = await hits();
      assert.ok(seen.length >= 2, `${seen.length} hits`);
      await bothWays(seen.slice(-6));
    });

    it('knows numbers, times and connections in conditions', async () => {
      s.break('e1000_receive_iov', '$pkt.frame.number % 5 == 0');
      s.break('tcp_input', '$pkt.tcp.stream == 0 && $pkt.tcp.seq == 1 && $pkt.frame.time_relative > 0');
      const seen = await hits();
      assert.ok(seen.length >= 3, `${seen.length} hits`);
      await bothWays(seen);
    });
  });
}
