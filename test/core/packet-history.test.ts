/** What a replay knows of packets is known in its past too. */
import assert from 'node:assert/strict';
import type { BreakpointSpec, HistoryMoment, PacketBytes } from '../../adapter/engine/api.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

/** What one sees where a breakpoint was hit. */
interface Hit {
  readonly position: HistoryMoment;
  readonly function: string | undefined;
  readonly packet: PacketBytes | undefined;
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
    async function hits(trace = '05-http.pcap'): Promise<Hit[]> {
      await s.launch({ trace: capture(trace), args: ['-nic', 'user'] });
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

    it('stops at packets of the capture, and goes to them', async () => {
      const numbers = [9, 4];
      const ids = numbers.map((number) => location({ kind: 'packet', number }));
      const seen = await hits();
      await bothWays(seen);
      ids.forEach((id) => void s.engine.deleteBreakpoint(id));
      for (const number of numbers) {
        await s.engine.goTo({ captured: number });
        assert.deepEqual(await s.stop(), { kind: 'goto' });
        const here = await look();
        assert.ok(here.packet);
        assert.deepEqual(
          here,
          seen.find((hit) => hit.packet?.known?.number === number),
          `packet ${number}`,
        );
        await assert.rejects(s.engine.goTo({ captured: 100_000 }), /Packet 100000 of the capture has not passed/);
        await s.stop();
        assert.deepEqual(await look(), here);
      }
    });

    it('stops where the replay differs', async () => {
      location({ kind: 'divergence', grade: 2 });
      const seen = await hits('foreign/mixed.pcapng');
      assert.ok(seen.length >= 2, `${seen.length} hits`);
      await bothWays(seen);
    });

    it('knows numbers, times and connections in conditions', async () => {
      s.break('e1000_receive_iov', '$pkt.frame.number % 12 == 0');
      s.break('tcp_input', '$pkt.tcp.stream == 0 && $pkt.tcp.seq == 1 && $pkt.frame.time_relative < 0.01');
      const seen = await hits();
      assert.ok(seen.length >= 3, `${seen.length} hits`);
      await bothWays(seen);
    });
  });
}
