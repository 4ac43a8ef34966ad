/** `announce_self` (net/announce.c): NICs make themselves known by RARP requests, so that switches learn where they are. */
import { machine } from '../softmmu/machine.ts';
import { QEMU_CLOCK_REALTIME, type QEMUTimer, qemu_clock_get_ns, timer_mod_ns, timer_new_ns } from '../util/timer.ts';
import { QEMU_NET_PACKET_FLAG_RAW, qemu_get_queue, qemu_send_packet_async_with_flags } from './net.ts';

/** Times between rounds in milliseconds: the first, how much longer each is, the longest; and how many rounds. */
const ANNOUNCE_INITIAL_MS = 50;
const ANNOUNCE_STEP_MS = 100;
const ANNOUNCE_MAX_MS = 550;
const ANNOUNCE_ROUNDS = 5;

const SELF_ANNOUNCE_SIZE = 60;
const ETH_P_RARP = 0x8035;
const ETH_P_IP = 0x0800;
/** RARP request (RFC 903). */
const ARP_OP_REQUEST_REV = 3;

/** Announcements that are under way. */
export class AnnounceTimer {
  tm!: QEMUTimer;
  /** Rounds left. */
  round = ANNOUNCE_ROUNDS;
}

/** The announcement of an address. */
export function announce_self_create(mac_addr: Uint8Array): Uint8Array {
  const buf = new Uint8Array(SELF_ANNOUNCE_SIZE);
  const view = new DataView(buf.buffer);
  buf.fill(0xff, 0, 6);
  buf.set(mac_addr, 6);
  view.setUint16(12, ETH_P_RARP);
  view.setUint16(14, 1);
  view.setUint16(16, ETH_P_IP);
  buf[18] = 6;
  buf[19] = 4;
  view.setUint16(20, ARP_OP_REQUEST_REV);
  buf.set(mac_addr, 22);
  buf.set(mac_addr, 32);
  return buf;
}

/** Every NIC sends its announcement. */
export function qemu_announce_self_iter(): void {
  for (const s of machine.nics) {
    const buf = announce_self_create(s.macaddr);
    qemu_send_packet_async_with_flags(qemu_get_queue(s.nic), QEMU_NET_PACKET_FLAG_RAW, buf, buf.length, null);
  }
}

/** One round, and the time of the next. */
export function qemu_announce_self_once(timer: AnnounceTimer): void {
  qemu_announce_self_iter();
  timer.round--;
  if (timer.round === 0) {
    machine.net.announce = null;
    return;
  }
  const delay = ANNOUNCE_INITIAL_MS + (ANNOUNCE_ROUNDS - timer.round - 1) * ANNOUNCE_STEP_MS;
  timer_mod_ns(timer.tm, qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + Math.min(delay, ANNOUNCE_MAX_MS) * 1e6);
}

/** Starts the rounds anew. */
export function qemu_announce_self(): void {
  const timer = machine.net.announce ?? new AnnounceTimer();
  if (!machine.net.announce) {
    timer.tm = timer_new_ns(QEMU_CLOCK_REALTIME, qemu_announce_self_once, timer);
    machine.net.announce = timer;
  }
  timer.round = ANNOUNCE_ROUNDS;
  qemu_announce_self_once(timer);
}
