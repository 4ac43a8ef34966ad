/** The debugger on a machine that the test protocol drives: the call chains of real QEMU. */
import assert from 'node:assert/strict';
import { Session } from '../core/session.ts';
import { QTest } from './qtest.ts';
import { Driver, type Step } from './scenario.ts';

const SEND = `qemu_deliver_packet_iov qemu_net_queue_deliver qemu_net_queue_send qemu_send_packet_async_with_flags
  qemu_send_packet_async qemu_send_packet`;
const TRANSMIT = 'e1000_send_packet xmit_seg process_tx_desc start_xmit set_tctl e1000_mmio_write';
const QTEST = 'qtest_process_command qtest_process_inbuf qtest_read main_loop_wait main_loop main';
const chain = (...parts: string[]): string[] => parts.join(' ').split(/\s+/);
const ARP = { op: 'send_frame', frame: { arp: { tip: '10.0.2.2' } } } as Step;

describe('the debugger under -qtest', () => {
  let session: Session;
  let q: QTest;
  let driver: Driver;
  beforeEach(async () => {
    session = await Session.create();
    const { args, client } = await QTest.listen();
    await session.launch({ args: ['-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0,addr=3', ...args] });
    q = await client;
    driver = new Driver(q, { name: '', steps: [] });
  });
  afterEach(async () => {
    await session.dispose();
    await q.close();
  });

  /** Stops in `name` while the steps run. Returns the frames there. */
  async function stoppedIn(name: string, steps: readonly Step[]): Promise<string[]> {
    session.break(name, undefined, { temporary: true });
    const done = driver.run(steps);
    await session.stop();
    const frames = await session.frameNames();
    await session.resume();
    await done;
    return frames;
  }

  it('a register write, transmission, reception and its interrupt', async () => {
    const setup = [{ op: 'pci_setup' }] as Step[];
    await driver.run(setup);
    const rings = [{ op: 'setup_rings', ims: 0x9d }] as Step[];
    assert.deepEqual(await stoppedIn('set_rx_control', rings), chain('set_rx_control e1000_mmio_write', QTEST));
    assert.deepEqual(await stoppedIn('arp_input', [ARP]), [
      ...chain('arp_input slirp_input net_slirp_receive nc_sendv_compat', SEND, TRANSMIT, QTEST),
    ]);
    const received = await stoppedIn('e1000_receive_iov', [ARP]);
    assert.deepEqual(received.slice(0, 7), chain('e1000_receive_iov', SEND));
    assert.deepEqual(received.slice(-6), chain(QTEST));
    await driver.run([{ op: 'icr' } as Step, { op: 'clock_step', ns: 1000000 } as Step]);
    const raised = await stoppedIn('pci_set_irq', [ARP]);
    assert.deepEqual(raised.slice(0, 4), chain('pci_set_irq set_interrupt_cause set_ics e1000_receive_iov'));
  });

  it('frames that wait are delivered by a timer under clock_step', async () => {
    await driver.run([{ op: 'pci_setup' }, { op: 'setup_rings', flush_wait: false }, ARP] as Step[]);
    assert.deepEqual(await stoppedIn('e1000_receive_iov', [{ op: 'clock_step', ns: 1000000000 } as Step]), [
      ...chain('e1000_receive_iov qemu_deliver_packet_iov qemu_net_queue_deliver qemu_net_queue_flush'),
      ...chain('qemu_flush_or_purge_queued_packets qemu_flush_queued_packets e1000_flush_queue_timer'),
      ...chain('timerlist_run_timers qemu_clock_run_timers qtest_clock_warp', QTEST),
    ]);
  });
});
