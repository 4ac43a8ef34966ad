/**
 * What the debugger itself costs: to the first stop, and from stop to stop.
 */
import { once } from 'node:events';
import { Engine } from '../../adapter/engine/engine.ts';
import { activation } from '../kit/activation.ts';
import { capture } from '../kit/paths.ts';
import { SEED_ARGS } from '../kit/seed.ts';
import { benchRounds } from './rounds.ts';

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;
const round = (n: number, digits = 3): number => Number(n.toFixed(digits));

/**
 * Milliseconds from `launch` to the stop at the first statement of `main`, and to the first packet at the NIC of a
 * replay; of the first also those of processor time, of all threads.
 */
export async function measureLaunch(rounds = benchRounds()): Promise<object> {
  const entry: number[] = [];
  const packet: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const engine = await Engine.create();
    let started = performance.now();
    const used = process.cpuUsage();
    let stopped = once(engine, 'stopped');
    await engine.launch({ args: SEED_ARGS, stopOnEntry: true });
    await stopped;
    entry.push(performance.now() - started);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1e3);
    engine.setBreakpoint({ location: { kind: 'function', name: 'e1000_receive_iov' } });
    started = performance.now();
    stopped = once(engine, 'stopped');
    await engine.launch({ args: ['-nic', 'user,model=e1000'], trace: capture('02-hello.pcap') });
    await stopped;
    packet.push(performance.now() - started);
    await engine.dispose();
  }
  return {
    launch_to_entry_ms: round(quantile(entry, 0.5), 1),
    launch_to_entry_cpu_ms: round(quantile(cpu, 0.5), 1),
    launch_to_first_packet_ms: round(quantile(packet, 0.5), 1),
  };
}

/** Milliseconds of processor time that VS Code waits for the extension: to load the bundle, and to activate it. */
export async function measureActivation(rounds = 2 * benchRounds()): Promise<object> {
  const load: number[] = [];
  const activate: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const one = await activation();
    load.push(one.require);
    activate.push(one.activate);
  }
  return {
    extension_load_cpu_ms: round(quantile(load, 0.5), 1),
    extension_activate_cpu_ms: round(quantile(activate, 0.5), 1),
  };
}

/** Milliseconds of a continue up to the next stop, with the frames known, over stops that follow closely. */
export async function measureStops(stops = 200): Promise<object> {
  const engine = await Engine.create();
  engine.setBreakpoint({ location: { kind: 'function', name: 'pci_set_irq' } });
  engine.setBreakpoint({ location: { kind: 'function', name: 'set_interrupt_cause' } });
  const first = once(engine, 'stopped');
  await engine.launch({ args: ['-nic', 'user,model=e1000'], trace: capture('05-http.pcap') });
  await first;
  const times: number[] = [];
  for (let i = 0; i < stops && engine.state === 'stopped'; i++) {
    const started = performance.now();
    const next = once(engine, 'stopped');
    await engine.resume();
    await next;
    times.push(performance.now() - started);
  }
  await engine.dispose();
  return {
    stops: times.length,
    stop_and_continue_ms_p50: round(quantile(times, 0.5)),
    stop_and_continue_ms_p95: round(quantile(times, 0.95)),
  };
}
