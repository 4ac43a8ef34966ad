/**
 * The stack without a debugger: a host in memory (scripted inputs, virtual clock, captured outputs) and machines over
 * it.
 *
 * `bare_machine` has memory, PCI and a NIC whose peer is a client of the test; `run_machine` runs `main` with options.
 */

import { NullGuest, null_guest_ops } from '../../adapter/stack/guest/null_guest.ts';
import type { E1000State } from '../../adapter/stack/hw/net/e1000.ts';
import { e1000_default_properties, pci_e1000_realize } from '../../adapter/stack/hw/net/e1000_pci.ts';
import { PCI_COMMAND, pci_bios_init, pci_config_write, pci_root_bus_new } from '../../adapter/stack/hw/pci/pci.ts';
import { NetState, qemu_new_net_client, qemu_send_packet } from '../../adapter/stack/net/net.ts';
import type { NetClientInfo, NetClientState } from '../../adapter/stack/net/net_client.ts';
import { CPUState } from '../../adapter/stack/softmmu/cpus.ts';
import { MachineState, machine } from '../../adapter/stack/softmmu/machine.ts';
import { address_space_ldl, address_space_stl, MemoryMap } from '../../adapter/stack/softmmu/memory.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../../adapter/stack/util/host.ts';
import { qemu_clock_run_all_timers } from '../../adapter/stack/util/timer.ts';

/** Inputs of one turn, or a function that makes them when the turn comes. */
export type Turn = readonly Input[] | (() => readonly Input[]);

/** A call of the stack that reached the host. */
export interface HostCall {
  readonly call: string;
  readonly fd: number;
  readonly data?: Uint8Array;
  readonly addr?: sockaddr;
}

/** A host in memory. Without inputs left it lets time pass until a timer is due, and quits when none is. */
export class FakeHost implements Host {
  now_ns = 0;
  seed = 1;
  nameservers: readonly sockaddr[] = [];
  readonly turns: Turn[];
  readonly calls: HostCall[] = [];
  readonly reports: string[] = [];
  readonly replies: Map<number, string> = new Map();
  readonly frames: { readonly dir: FrameDirection; readonly data: Uint8Array }[] = [];
  readonly shared: Map<string, ArrayBufferLike> = new Map();
  console = '';
  /** Answers `listen`; null: every port is free, and port 0 becomes 40000. */
  onListen: ((type: number, addr: sockaddr) => { readonly errno: string; readonly port: number }) | null = null;
  /** Called with every frame at the user network's edge. */
  onFrame: ((dir: FrameDirection, buf: Uint8Array, size: number) => void) | null = null;
  /** Asked for inputs when no scripted turn is left. */
  onPoll: (() => readonly Input[]) | null = null;
  /** The machine quits when its clock reaches this. */
  deadlineNs = 600e9;
  constructor(turns: readonly Turn[] = []) {
    this.turns = [...turns];
  }

  poll(timeoutNs: number): readonly Input[] {
    const turn = this.turns.shift();
    if (turn) {
      this.now_ns += 1000;
      return typeof turn === 'function' ? turn() : turn;
    }
    const inputs = this.onPoll?.() ?? [];
    if (inputs.length > 0) {
      this.now_ns += 1000;
      return inputs;
    }
    if (timeoutNs < 0 || this.now_ns >= this.deadlineNs) {
      return [{ type: 'quit' }];
    }
    this.now_ns += Math.max(timeoutNs, 1000);
    return [];
  }
  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    const b = new SharedArrayBuffer(bytes);
    this.shared.set(name, b);
    return b;
  }
  listen(fd: number, type: number, addr: sockaddr): { readonly errno: string; readonly port: number } {
    this.calls.push({ call: 'listen', fd, addr });
    return this.onListen ? this.onListen(type, addr) : { errno: '', port: addr.sin_port || 40000 };
  }
  connect(fd: number, addr: sockaddr): void {
    this.calls.push({ call: 'connect', fd, addr });
  }
  open(fd: number): void {
    this.calls.push({ call: 'open', fd });
  }
  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    this.calls.push({ call: 'send', fd, data: buf.slice(off, off + len) });
  }
  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr): void {
    this.calls.push({ call: 'sendto', fd, data: buf.slice(off, off + len), addr: to });
  }
  consumed(): void {}
  shutdown(fd: number): void {
    this.calls.push({ call: 'shutdown', fd });
  }
  close(fd: number, reset: boolean): void {
    this.calls.push({ call: reset ? 'reset' : 'close', fd });
  }
  console_write(text: string): void {
    this.console += text;
  }
  monitor_reply(id: number, text: string): void {
    this.replies.set(id, text);
  }
  report(level: 'info' | 'warning' | 'error', text: string): void {
    this.reports.push(`${level}: ${text}`);
  }
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.frames.push({ dir, data: buf.slice(0, size) });
    this.onFrame?.(dir, buf, size);
  }
}

/** Puts the machine back to what it is when the process starts. */
export function resetMachine(host: Host): void {
  Object.assign(machine, new MachineState());
  machine.host = host;
}

/** Where the firmware puts the first NIC's registers. */
export const BAR0 = 0xfebc0000;
export const BAR1 = 0xc000;

/** The peer of a bare machine's NIC. */
export class TestPeer {
  nc!: NetClientState;
  /** Frames that the NIC sent, in order. */
  readonly received: Uint8Array[] = [];
  onReceive: ((frame: Uint8Array) => void) | null = null;
}

/** The peer's receive function. */
function testPeerReceive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const peer = nc.opaque as TestPeer;
  const frame = buf.slice(0, size);
  peer.received.push(frame);
  peer.onReceive?.(frame);
  return size;
}

export const testPeerInfo: NetClientInfo = {
  type: 'user',
  receive: testPeerReceive,
  receive_iov: null,
  can_receive: null,
  link_status_changed: null,
  do_not_pad: false,
};

/** Memory, PCI bus and net core, no devices yet. */
export function emptyMachine(ramMib = 8): FakeHost {
  const host = new FakeHost();
  resetMachine(host);
  machine.ram = new Uint8Array(host.alloc_shared('ram', ramMib * 1048576));
  machine.memory = new MemoryMap(machine.ram);
  machine.net = new NetState();
  machine.pci = pci_root_bus_new();
  machine.cpu = new CPUState(null_guest_ops, new NullGuest());
  return host;
}

/** A machine with one e1000 that is mapped and bus master, linked to a client of the test. */
export class BareMachine {
  readonly host: FakeHost;
  readonly s: E1000State;
  readonly peer: TestPeer;
  constructor(command: number) {
    this.host = emptyMachine();
    this.peer = new TestPeer();
    this.peer.nc = qemu_new_net_client(testPeerInfo, null, 'test', '', this.peer);
    this.s = pci_e1000_realize(e1000_default_properties(this.peer.nc), 3 << 3);
    pci_bios_init(machine.pci);
    pci_config_write(3 << 3, PCI_COMMAND, command, 2);
  }
  /** Reads a register by byte offset, as a guest does. */
  rr(offset: number): number {
    return address_space_ldl(BAR0 + offset);
  }
  wr(offset: number, val: number): void {
    address_space_stl(BAR0 + offset, val);
  }
  /** Lets virtual time pass, timer by timer. */
  step(ns: number): void {
    const end = this.host.now_ns + ns;
    for (;;) {
      const due = Math.min(
        ...machine.timers.map((l) =>
          l.active_timers ? Math.max(l.active_timers.expire_time, this.host.now_ns) : Infinity,
        ),
      );
      if (due > end) {
        break;
      }
      this.host.now_ns = due;
      qemu_clock_run_all_timers();
    }
    this.host.now_ns = end;
  }
  /** Sends a frame to the NIC. */
  send(frame: Uint8Array): number {
    return qemu_send_packet(this.peer.nc, frame, frame.length);
  }
}

/** A new bare machine; `command` is the NIC's PCI command register. */
export function bareMachine(command = 7): BareMachine {
  return new BareMachine(command);
}
