/** The session that everything is judged by, live with real sockets and from the recorded capture. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { capture } from '../kit/paths.ts';
import { SEED_FRAMES, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';
import { Session } from './session.ts';

describe('the seed session', () => {
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  /** Boots the guest with `nc` listening. */
  async function listening(): Promise<void> {
    await s.launch({ guestCommands: [SEED_LISTEN] });
    await s.printed('listening on');
    assert.match(s.console, /lease of 10\.0\.2\.15 obtained from 10\.0\.2\.2/);
  }

  it('stops in e1000_receive_iov with the 25 frames, live', async () => {
    await listening();
    s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
    const client = s.connect();
    client.end(SEED_TEXT);
    await s.stop();
    assert.deepEqual(await s.frameNames(), SEED_FRAMES);
    for (const bp of s.engine.breakpoints) {
      s.engine.deleteBreakpoint(bp.id);
    }
    const closed = once(client, 'close');
    await s.resume();
    await closed;
    s.guest('cat hello.txt');
    await s.printed('cat hello.txt\nHello qemu Geust\n');
  });

  it('types into the guest once, also if it stops at the first statement', async () => {
    await s.launch({ stopOnEntry: true, guestCommands: ['echo typed'] });
    await s.stop();
    await s.resume();
    await s.printed('\ntyped\n');
    s.guest('echo again');
    await s.printed('\nagain\n');
    assert.equal(s.console.split('\ntyped\n').length, 2);
  });

  it('takes the condition of the issue over size and a register', async () => {
    await listening();
    s.break('e1000_receive_iov', 'size > 60 && s->mac_reg[RDH] == 3');
    // Enough frames to come round the ring.
    s.connect().end('x'.repeat(1_000_000));
    await s.stop();
    assert.equal((await s.evaluator.evaluate('s->mac_reg[RDH]', 0)).value.value, 3);
    assert.ok(Number((await s.evaluator.evaluate('size', 0)).value.value) > 60);
  });

  it('shows what the guest drops from its Ethernet header on', async () => {
    await s.launch({});
    await s.printed('~ # ');
    s.break('drop', 'reason == "GUEST_NO_LISTENER" && $pkt.eth.type == 0x800 && $pkt.tcp.dstport == 5556');
    s.connect();
    await s.stop();
    assert.deepEqual((await s.frameNames()).slice(0, 3), ['drop', 'kfree_skb_reason', 'tcp_v4_rcv']);
    assert.equal((await s.engine.packet(0))?.linktype, 'ethernet');
  });

  it('raises the interrupt and takes the packet up to the guest', async () => {
    await listening();
    s.break('set_interrupt_cause', 'val & 0x80');
    s.connect().end(SEED_TEXT);
    await s.stop();
    assert.deepEqual((await s.frameNames()).slice(0, 3), ['set_interrupt_cause', 'set_ics', 'e1000_receive_iov']);
    s.engine.deleteBreakpoint(s.engine.breakpoints[0]?.id ?? 0);
    s.break('tcp_v4_rcv');
    await s.resume();
    await s.stop();
    const names = await s.frameNames();
    assert.ok(names.indexOf('ip_rcv') < names.indexOf('netif_receive_skb'), names.join(' < '));
    assert.deepEqual(names.slice(-3), ['cpu_exec', 'main_loop', 'main']);
  });

  it('replays the capture: the same frames, and two runs stop at the same ticks', async () => {
    const ticks: number[][] = [];
    for (let run = 0; run < 2; run++) {
      const again = await Session.create();
      again.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
      await again.launch({
        trace: capture('02-hello.pcap'),
        args: ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'],
      });
      const seen: number[] = [];
      await again.stop();
      assert.deepEqual(await again.frameNames(), SEED_FRAMES);
      for (let hit = 0; hit < 4; hit++) {
        seen.push((await again.engine.position()).tick);
        await again.resume();
        await again.stop();
      }
      ticks.push(seen);
      await again.dispose();
    }
    assert.deepEqual(ticks[0], ticks[1]);
    assert.ok((ticks[0]?.[0] ?? 0) > 100);
  });
});
