/**
 * A machine with the built-in guest, the real e1000 model and, on the other end of its link, a peer that the test
 * scripts. Time is virtual: it jumps to the next timer or frame.
 */
// First, as it and the modules it imports need each other.
import '../../adapter/stack/softmmu/machine.ts';
import assert from 'node:assert/strict';
import { path_lookup, read_whole } from '../../adapter/stack/guest/fs.ts';
import { guest_new, guest_ops } from '../../adapter/stack/guest/guest.ts';
import { guest_os } from '../../adapter/stack/guest/kernel.ts';
import { csum_fold, csum_partial, csum_tcpudp_nofold } from '../../adapter/stack/guest/lib.ts';
import { e1000_default_properties, pci_e1000_realize } from '../../adapter/stack/hw/net/e1000_pci.ts';
import { pci_bios_init, pci_root_bus_new } from '../../adapter/stack/hw/pci/pci.ts';
import { NetState, qemu_new_net_client, qemu_send_packet } from '../../adapter/stack/net/net.ts';
import type { NetClientInfo, NetClientState } from '../../adapter/stack/net/net_client.ts';
import { CPUState, cpu_exec, cpu_has_work } from '../../adapter/stack/softmmu/cpus.ts';
import { MachineState, machine } from '../../adapter/stack/softmmu/machine.ts';
import { MemoryMap } from '../../adapter/stack/softmmu/memory.ts';
import type { Host } from '../../adapter/stack/util/host.ts';
import { qemu_random_seed } from '../../adapter/stack/util/random.ts';
import { qemu_clock_deadline_ns_all, qemu_clock_run_all_timers } from '../../adapter/stack/util/timer.ts';
import { rd16, rd32, wr16, wr32 } from '../../adapter/stack/wire/bytes.ts';

export const GUEST = 0x0a00020f;
export const GATEWAY = 0x0a000202;
export const DNS = 0x0a000203;
/**
 * Whatever the guest sends to this address comes back as if this host had sent it: the guest talks to itself over the
 * wire.
 */
export const MIRROR = 0x0a000263;
const RAM_SIZE = 64 * 1024 * 1024;
const ONE_WAY_NS = 50_000;
const NO_WORDS = new Uint32Array(0);

/** What the peer does with a frame of the guest: the frames to send back, each after a delay on top of the link's. */
export type Peer = (lab: Lab, frame: Uint8Array) => void;

interface Delivery {
  readonly at: number;
  readonly order: number;
  readonly frame: Uint8Array;
}

/** The host of a lab: no sockets, only a clock and the console. */
class LabHost implements Partial<Host> {
  now_ns = 0;
  seed = 1;
  readonly nameservers = [];
  console = '';
  console_write(text: string): void {
    this.console += text;
  }
  alloc_shared(_name: string, bytes: number): ArrayBufferLike {
    return new SharedArrayBuffer(bytes);
  }
  report(): void {}
  frame(): void {}
}

const labClientInfo: NetClientInfo = {
  type: 'user',
  receive: (nc: NetClientState, buf: Uint8Array, size: number): number => {
    (nc.opaque as Lab).fromGuest(buf.slice(0, size));
    return size;
  },
  receive_iov: null,
  can_receive: null,
  link_status_changed: null,
  do_not_pad: false,
};

/** The machine and its surroundings. */
export class Lab {
  readonly host = new LabHost();
  readonly nc: NetClientState;
  /** Every frame that the guest has sent. */
  readonly sent: Uint8Array[] = [];
  peer: Peer;
  readonly #deliveries: Delivery[] = [];
  #order = 0;

  constructor(peer: Peer = defaultPeer) {
    this.peer = peer;
    Object.assign(machine, new MachineState());
    machine.host = this.host as unknown as Host;
    qemu_random_seed(1);
    machine.ram = new Uint8Array(new SharedArrayBuffer(RAM_SIZE));
    machine.memory = new MemoryMap(machine.ram);
    machine.net = new NetState();
    machine.pci = pci_root_bus_new();
    machine.cpu = new CPUState(guest_ops, guest_new());
    this.nc = qemu_new_net_client(labClientInfo, null, 'user', 'lab', this);
    pci_e1000_realize(e1000_default_properties(this.nc), 3 << 3);
    pci_bios_init(machine.pci);
  }

  /** A frame arrives at the peer. */
  fromGuest(frame: Uint8Array): void {
    this.sent.push(frame);
    this.peer(this, frame);
  }

  /** Sends a frame to the guest, `delay` ns later than the link takes. */
  toGuest(frame: Uint8Array, delay = 0): void {
    this.#deliveries.push({ at: this.host.now_ns + ONE_WAY_NS + delay, order: this.#order++, frame });
    this.#deliveries.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  /**
   * Runs until `done` is true. Fails when nothing more will happen, or after `limit` seconds of virtual time. The clock
   * also stops at `wake` (ns).
   */
  run(done: () => boolean, limit = 600, wake = Number.POSITIVE_INFINITY): void {
    const end = this.host.now_ns + limit * 1e9;
    for (;;) {
      while (cpu_has_work(machine.cpu)) {
        cpu_exec(machine.cpu);
      }
      if (done()) {
        return;
      }
      const timer = qemu_clock_deadline_ns_all();
      const next = Math.min(
        timer < 0 ? Number.POSITIVE_INFINITY : this.host.now_ns + timer,
        this.#deliveries[0]?.at ?? Number.POSITIVE_INFINITY,
        wake,
      );
      if (next > end) {
        assert.fail(`nothing more happens. The console:\n${this.host.console}`);
      }
      this.host.now_ns = Math.max(this.host.now_ns, next);
      while (this.#deliveries[0] && this.#deliveries[0].at <= this.host.now_ns) {
        const { frame } = this.#deliveries.shift()!;
        qemu_send_packet(this.nc, frame, frame.length);
      }
      qemu_clock_run_all_timers();
    }
  }

  /** Lets `seconds` of virtual time pass. */
  sleep(seconds: number): void {
    const end = this.host.now_ns + seconds * 1e9;
    this.run(() => this.host.now_ns >= end, seconds + 1, end);
  }

  /** Runs until the console shows `text` after what was there at the call. */
  expect(text: string, limit = 600): void {
    const from = this.host.console.length;
    this.run(() => this.host.console.includes(text, from), limit);
  }

  /** Boots until the first prompt. */
  boot(): this {
    this.run(() => this.host.console.endsWith('~ # '));
    return this;
  }

  /** Types text on the console. */
  type(text: string): void {
    machine.cpu.ops.console_input(machine.cpu, text);
  }

  /** Types a command, runs until the prompt is back, and returns what was printed in between. */
  sh(command: string, limit = 600): string {
    const from = this.host.console.length;
    this.type(`${command}\n`);
    const echo = `${command}\n`;
    this.run(() => / # $/.test(this.host.console.slice(from + echo.length)), limit);
    return this.host.console.slice(from + echo.length).replace(/[^\n]* # $/, '');
  }

  /** A file of the guest. */
  file(path: string): Buffer {
    const node = path_lookup(path);
    assert.ok(node, `${path} is not there`);
    return Buffer.from(read_whole(node));
  }

  /** How often packets were dropped for `reason`. */
  drops(reason: string): number {
    return machine.drops.by_reason.get(reason) ?? 0;
  }

  /** All packets that were given up, by reason. */
  reasons(): string {
    return [...machine.drops.by_reason].map(([reason, n]) => `${reason} ${n}`).join(', ') || 'no drops';
  }
}

/** MAC address of the peer's host `addr`. */
export function macOf(addr: number): Uint8Array {
  return new Uint8Array([0x52, 0x55, addr >>> 24, addr >>> 16, addr >>> 8, addr]);
}

/** An Ethernet frame to the guest. */
export function ethernet(src: number, type: number, payload: Uint8Array, broadcast = false): Uint8Array {
  const f = new Uint8Array(Math.max(60, 14 + payload.length));
  f.set(broadcast ? new Uint8Array(6).fill(255) : [0x52, 0x54, 0, 0x12, 0x34, 0x56]);
  f.set(macOf(src), 6);
  wr16(f, 12, type);
  f.set(payload, 14);
  return f;
}

/** An IP packet in a frame to the guest. */
export function ip(src: number, dst: number, proto: number, payload: Uint8Array, frag = 0, id = 7): Uint8Array {
  const p = new Uint8Array(20 + payload.length);
  p[0] = 0x45;
  wr16(p, 2, p.length);
  wr16(p, 4, id);
  wr16(p, 6, frag);
  p[8] = 64;
  p[9] = proto;
  wr32(p, 12, src);
  wr32(p, 16, dst);
  wr16(p, 10, csum_fold(csum_partial(p, NO_WORDS, 1, 0, sum(p.subarray(0, 20)))));
  p.set(payload, 20);
  return ethernet(src, 0x0800, p, dst === 0xffffffff);
}

/** Ones' complement sum of bytes, without the stack's own code. */
export function sum(b: Uint8Array): number {
  let s = 0;
  for (let i = 0; i < b.length; i++) {
    s += b[i]! << (i % 2 ? 0 : 8);
  }
  return s;
}

/** A UDP datagram in a frame to the guest. */
export function udp(src: number, sport: number, dst: number, dport: number, data: Uint8Array): Uint8Array {
  return ip(src, dst, 17, udpPayload(src, sport, dst, dport, data));
}

/** A UDP datagram. */
export function udpPayload(src: number, sport: number, dst: number, dport: number, data: Uint8Array): Uint8Array {
  const u = new Uint8Array(8 + data.length);
  wr16(u, 0, sport);
  wr16(u, 2, dport);
  wr16(u, 4, u.length);
  u.set(data, 8);
  wr16(u, 6, csum_fold(sum(u) + csum_tcpudp_nofold(src, dst, u.length, 17)));
  return u;
}

/** A TCP segment in a frame to the guest. */
export function tcp(
  src: number,
  sport: number,
  dport: number,
  seq: number,
  ack: number,
  flags: number,
  data: Uint8Array = new Uint8Array(0),
  window = 65535,
  options: readonly number[] = [],
): Uint8Array {
  const doff = 20 + options.length;
  const t = new Uint8Array(doff + data.length);
  wr16(t, 0, sport);
  wr16(t, 2, dport);
  wr32(t, 4, seq >>> 0);
  wr32(t, 8, ack >>> 0);
  t[12] = doff << 2;
  t[13] = flags;
  wr16(t, 14, window);
  t.set(options, 20);
  t.set(data, doff);
  wr16(t, 16, csum_fold(sum(t) + csum_tcpudp_nofold(src, GUEST, t.length, 6)));
  return ip(src, GUEST, 6, t);
}

/** What a frame of the guest holds, for scripted peers. */
export interface Parsed {
  readonly src: number;
  readonly dst: number;
  readonly proto: number;
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly data: Uint8Array;
}

/** Parses an IPv4 frame of the guest, whose checksums must be right; null for other types. */
export function parse(f: Uint8Array): Parsed | null {
  if (rd16(f, 12) !== 0x0800) {
    return null;
  }
  const len = rd16(f, 16);
  const l4 = f.slice(34, 14 + len);
  const src = rd32(f, 26);
  const dst = rd32(f, 30);
  const proto = f[23]!;
  assert.equal(csum_fold(sum(f.slice(14, 34))), 0, 'IP checksum');
  if ((rd16(f, 20) & 0x3fff) === 0) {
    const pseudo = proto === 1 ? 0 : csum_tcpudp_nofold(src, dst, l4.length, proto);
    assert.equal(csum_fold(sum(l4) + pseudo), 0, `checksum of protocol ${proto}`);
  }
  const off = proto === 6 ? (l4[12]! >> 4) * 4 : 8;
  return {
    src,
    dst,
    proto,
    sport: rd16(l4, 0),
    dport: rd16(l4, 2),
    seq: proto === 6 ? rd32(l4, 4) : 0,
    ack: proto === 6 ? rd32(l4, 8) : 0,
    flags: proto === 6 ? l4[13]! : 0,
    window: proto === 6 ? rd16(l4, 14) : 0,
    data: l4.slice(off),
  };
}

/**
 * Answers ARP for every host but the guest's and .99's neighbours above .100, DHCP, pings of the gateway, and mirrors.
 */
export function defaultPeer(lab: Lab, frame: Uint8Array): void {
  arpResponder(lab, frame);
  const p = parse(frame);
  if (!p) {
    return;
  }
  if (p.proto === 17 && p.dport === 67) {
    lab.toGuest(dhcpReply(p.data));
  } else if (p.proto === 1 && p.dst === GATEWAY && frame[34] === 8) {
    lab.toGuest(echo(frame));
  } else if (p.dst === MIRROR) {
    lab.toGuest(mirror(frame));
  }
}

/** Answers ARP requests for addresses up to 10.0.2.99, but not the guest's own. */
export function arpResponder(lab: Lab, f: Uint8Array): void {
  const target = rd32(f, 38);
  if (rd16(f, 12) !== 0x0806 || rd16(f, 20) !== 1 || target === GUEST || (target & 255) > 99) {
    return;
  }
  const a = new Uint8Array(28);
  a.set([0, 1, 8, 0, 6, 4, 0, 2]);
  a.set(macOf(target), 8);
  wr32(a, 14, target);
  a.set(f.subarray(22, 32), 18);
  lab.toGuest(ethernet(target, 0x0806, a));
}

/** An OFFER or ACK of 10.0.2.15, as slirp would send. */
export function dhcpReply(request: Uint8Array): Uint8Array {
  const r = new Uint8Array(548);
  r.set([2, 1, 6, 0]);
  r.set(request.subarray(4, 8), 4);
  wr32(r, 16, GUEST);
  wr32(r, 20, GATEWAY);
  r.set(request.subarray(28, 34), 28);
  wr32(r, 236, 0x63825363);
  const kind = request[242] === 1 ? 2 : 5;
  const four = (code: number, v: number): number[] => [code, 4, v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255];
  r.set(
    [
      53,
      1,
      kind,
      ...four(54, GATEWAY),
      ...four(1, 0xffffff00),
      ...four(3, GATEWAY),
      ...four(6, DNS),
      ...four(51, 86400),
      255,
    ],
    240,
  );
  return udp(GATEWAY, 67, 0xffffffff, 68, r);
}

/** The reply to a ping. */
export function echo(f: Uint8Array): Uint8Array {
  const r = mirror(f);
  r[34] = 0;
  wr16(r, 36, 0);
  wr16(r, 36, csum_fold(sum(r.subarray(34, 14 + rd16(r, 16)))));
  return r;
}

/** A frame sent back with its addresses swapped, which leaves the checksums right. */
export function mirror(f: Uint8Array): Uint8Array {
  const r = f.slice();
  r.set(f.subarray(6, 12), 0);
  r.set(f.subarray(0, 6), 6);
  r.set(f.subarray(26, 30), 30);
  r.set(f.subarray(30, 34), 26);
  return r;
}

export { guest_os, machine };
