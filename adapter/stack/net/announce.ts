/**
 * `announce_self` (net/announce.c): NICs make themselves known by RARP requests, so that switches learn where they are.
 */

import { machine } from '../softmmu/machine.ts';
import { QEMU_CLOCK_REALTIME, qemu_clock_get_ns, timer_del, timer_mod_ns, timer_new_ns } from '../util/timer.ts';
import { AR_HLN, AR_HRD, AR_OP, AR_PLN, AR_PRO, AR_SHA, AR_THA, ARPHRD_ETHER } from '../wire/arp.ts';
import { wr16 } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_DHOST, ETH_HLEN, ETH_P_IP, ETH_SHOST, ETH_TYPE, ETH_ZLEN } from '../wire/ethernet.ts';
import { IN_ADDR_LEN } from '../wire/ip.ts';
import { AnnounceTimer } from './announce_timer.ts';
import { qemu_get_queue, qemu_send_packet_async_with_flags } from './net.ts';
import { QEMU_NET_PACKET_FLAG_RAW } from './net_client.ts';

const ETH_P_RARP = 0x8035;
/** RARP request (RFC 903). */
const ARP_OP_REQUEST_REV = 3;

/**
 * The announcement of an address.
 * @packet buf
 */
export function announce_self_create(mac_addr: Uint8Array): Uint8Array {
  const buf = new Uint8Array(ETH_ZLEN);
  const arp = ETH_HLEN;
  buf.fill(0xff, ETH_DHOST, ETH_DHOST + ETH_ALEN);
  buf.set(mac_addr, ETH_SHOST);
  wr16(buf, ETH_TYPE, ETH_P_RARP);
  wr16(buf, arp + AR_HRD, ARPHRD_ETHER);
  wr16(buf, arp + AR_PRO, ETH_P_IP);
  buf[arp + AR_HLN] = ETH_ALEN;
  buf[arp + AR_PLN] = IN_ADDR_LEN;
  wr16(buf, arp + AR_OP, ARP_OP_REQUEST_REV);
  buf.set(mac_addr, arp + AR_SHA);
  buf.set(mac_addr, arp + AR_THA);
  return buf;
}

/**
 * Every NIC that is meant sends its announcement.
 * @packet buf
 */
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
