/** `announce_self` (net/announce.c): NICs make themselves known by RARP requests, so that switches learn where they are. */

import { machine } from '../softmmu/machine.ts';
import { QEMU_CLOCK_REALTIME, qemu_clock_get_ns, timer_del, timer_mod_ns, timer_new_ns } from '../util/timer.ts';
import { ETH_P_IP } from '../wire/ethernet.ts';
import { AnnounceTimer } from './announce_timer.ts';
import { qemu_get_queue, qemu_send_packet_async_with_flags } from './net.ts';
import { QEMU_NET_PACKET_FLAG_RAW } from './net_client.ts';

const SELF_ANNOUNCE_SIZE = 60;
const ETH_P_RARP = 0x8035;
/** RARP request (RFC 903). */
const ARP_OP_REQUEST_REV = 3;

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

/** Every NIC that is meant sends its announcement. */
export function qemu_announce_self_iter(timer: AnnounceTimer): void {
  for (const s of machine.nics) {
    const nc = qemu_get_queue(s.nic);
    if (timer.interfaces.length === 0 || timer.interfaces.includes(nc.name)) {
      const buf = announce_self_create(s.macaddr);
      qemu_send_packet_async_with_flags(nc, QEMU_NET_PACKET_FLAG_RAW, buf, buf.length, null);
    }
  }
}

/** Milliseconds to the next round. */
function qemu_announce_delay(timer: AnnounceTimer): number {
  const { initial, max, rounds, step } = timer.params;
  return Math.min(initial + (rounds - timer.round - 1) * step, max);
}

/** One round, and the time of the next. */
export function qemu_announce_self_once(timer: AnnounceTimer): void {
  qemu_announce_self_iter(timer);
  timer.round--;
  if (timer.round <= 0) {
    machine.net.announce.delete(timer.id);
    return;
  }
  timer_mod_ns(timer.tm, qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + qemu_announce_delay(timer) * 1e6);
}

/** Starts the rounds of announcements `id`; those of the same id that are under way end. */
export function qemu_announce_self(interfaces: readonly string[], id: string): void {
  const { announce, announce_params } = machine.net;
  const old = announce.get(id);
  if (old) {
    timer_del(old.tm);
  }
  const timer = new AnnounceTimer(id, { ...announce_params }, interfaces);
  timer.tm = timer_new_ns(QEMU_CLOCK_REALTIME, qemu_announce_self_once, timer);
  announce.set(id, timer);
  qemu_announce_self_once(timer);
}
