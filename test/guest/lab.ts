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
import { decode } from '../kit/decode.ts';
import {
  arp,
  BROADCAST,
  BROADCAST_MAC,
  udp as datagram,
  udpPayload as datagramPayload,
  eth,
  fixChecksums,
  GUEST_MAC,
  type Ip4,
  ip4,
  join,
  tcp as segment,
  u32,
} from '../kit/frames.ts';

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

/** The link and the addresses of a packet from the peer's host `src`. */
const from = (src: number, dst: number): Ip4 => ({
  src,
  dst,
  mac: [...macOf(src)],
  to: dst === BROADCAST ? BROADCAST_MAC : GUEST_MAC,
  id: 7,
  min: 60,
});

/** An Ethernet frame to the guest. */
export const ethernet = (src: number, type: number, payload: Uint8Array, broadcast = false): Uint8Array =>
  eth(type, payload, from(src, broadcast ? BROADCAST : GUEST));

/** An IP packet in a frame to the guest; the payload has its checksum. */
export const ip = (src: number, dst: number, proto: number, payload: Uint8Array, frag = 0, id = 7): Uint8Array =>
  ip4(proto, payload, { ...from(src, dst), frag, id, raw: true });

/** A UDP datagram in a frame to the guest. */
export const udp = (src: number, sport: number, dst: number, dport: number, data: Uint8Array): Uint8Array =>
  datagram(sport, dport, data, from(src, dst));

/** A UDP datagram. */
export const udpPayload = (src: number, sport: number, dst: number, dport: number, data: Uint8Array): Uint8Array =>
  datagramPayload(sport, dport, data, { src, dst });

/** A TCP segment in a frame to the guest. */
export const tcp = (
  src: number,
  sport: number,
  dport: number,
  seq: number,
  ack: number,
  flags: number,
  data: Uint8Array = new Uint8Array(0),
  win = 65535,
  opt: readonly number[] = [],
): Uint8Array => segment(sport, dport, flags, seq >>> 0, ack >>> 0, { ...from(src, GUEST), data, win, opt });

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
  const { ip: header, tcp: t, udp: u, icmp, ok } = decode(f);
  if (header?.version !== 4) {
    return null;
  }
  assert.ok(ok, `checksums of a packet of protocol ${header.proto}`);
  const [src, dst] = [header.src.readUInt32BE(), header.dst.readUInt32BE()];
  const { seq = 0, ack = 0, flags = 0, win = 0 } = t ?? {};
  const { sport = 0, dport = 0 } = t ?? u ?? {};
  const data = Uint8Array.from((t ?? u ?? icmp)?.data ?? header.payload);
  return { src, dst, proto: header.proto, sport, dport, seq, ack, flags, window: win, data };
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
  const { arp: request } = decode(f);
  const target = request?.tip.readUInt32BE() ?? 0;
  if (request?.op !== 1 || target === GUEST || (target & 255) > 99) {
    return;
  }
  const who = { sha: [...macOf(target)], tha: [...request.sha], to: GUEST_MAC, min: 60 };
  lab.toGuest(arp(2, target, request.sip.readUInt32BE(), who));
}

/** An OFFER or ACK of 10.0.2.15, as slirp would send. */
export function dhcpReply(request: Uint8Array): Uint8Array {
  const four = (code: number, v: number): number[] => [code, 4, ...u32(v)];
  const options = [
    ...[53, 1, request[242] === 1 ? 2 : 5],
    ...four(54, GATEWAY),
    ...four(1, 0xffffff00),
    ...four(3, GATEWAY),
    ...four(6, DNS),
    ...four(51, 86400),
    255,
  ];
  const addresses = join(new Uint8Array(8), u32(GUEST), u32(GATEWAY), new Uint8Array(4), request.subarray(28, 34));
  const fixed = join([2, 1, 6, 0], request.subarray(4, 8), addresses, new Uint8Array(202), [0x63, 0x82, 0x53, 0x63]);
  const message = join(fixed, options, new Uint8Array(548 - fixed.length - options.length));
  return udp(GATEWAY, 67, BROADCAST, 68, message);
}

/** The reply to a ping. */
export function echo(f: Uint8Array): Uint8Array {
  const r = mirror(f);
  r[34] = 0;
  return fixChecksums(r);
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
