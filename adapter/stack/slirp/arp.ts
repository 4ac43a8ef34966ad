/** ARP (RFC 826): answers for slirp's addresses, learns the guest's, asks for it (libslirp has it in slirp.c). */
import { drop } from '../util/drop.ts';
import {
  AR_HLN,
  AR_HRD,
  AR_OP,
  AR_PLN,
  AR_PRO,
  AR_SHA,
  AR_SPA,
  AR_THA,
  AR_TPA,
  ARP_LEN,
  ARPHRD_ETHER,
  ARPOP_REPLY,
  ARPOP_REQUEST,
} from '../wire/arp.ts';
import { rd8, rd16, rd32, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_DHOST, ETH_HLEN, ETH_P_ARP, ETH_P_IP, ETH_SHOST, ETH_TYPE } from '../wire/ethernet.ts';
import { IN_ADDR_LEN } from '../wire/ip.ts';
import { arp_table_add } from './arp_table.ts';
import { slirp_ethaddr } from './ethaddr.ts';
import { ARP_REPLY_LEN, type Slirp } from './instance.ts';

/** True for the addresses whose ARP requests slirp answers: the gateway, the name server and the guest forwards. */
function arp_is_ours(slirp: Slirp, ip_addr: number): boolean {
  if ((ip_addr & slirp.vnetwork_mask) >>> 0 !== slirp.vnetwork_addr) {
    return false;
  }
  return (
    ip_addr === slirp.vhost_addr ||
    ip_addr === slirp.vnameserver_addr ||
    slirp.guestfwd_list.some((f) => f.ex_addr === ip_addr)
  );
}

/**
 * Handles an ARP packet of the guest (RFC 826): answers for slirp's addresses, learns the guest's.
 * @packet pkt pkt_len
 */
export function arp_input(slirp: Slirp, pkt: Uint8Array, pkt_len: number): void {
  const ah = ETH_HLEN;
  if (!slirp.in_enabled) {
    drop(pkt, pkt_len, 'IPV4_OFF');
    return;
  }
  if (pkt_len < ETH_HLEN + ARP_LEN) {
    drop(pkt, pkt_len, 'ARP_SHORT');
    return;
  }
  const ar_op = rd16(pkt, ah + AR_OP);
  const ar_sip = rd32(pkt, ah + AR_SPA);
  const ar_tip = rd32(pkt, ah + AR_TPA);
  if (ar_op === ARPOP_REPLY) {
    arp_table_add(slirp, ar_sip, pkt, ah + AR_SHA);
    return;
  }
  if (ar_op !== ARPOP_REQUEST) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  if (ar_tip === ar_sip) {
    // Gratuitous: the guest announces itself.
    arp_table_add(slirp, ar_sip, pkt, ah + AR_SHA);
    return;
  }
  if (!arp_is_ours(slirp, ar_tip)) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  arp_table_add(slirp, ar_sip, pkt, ah + AR_SHA);
  arp_fill_reply(slirp.arp_reply, pkt, ar_tip);
  slirp.cb.send_packet(slirp.opaque, slirp.arp_reply, ARP_REPLY_LEN);
}

/**
 * Writes the reply to the ARP request `pkt`: `ip_addr` is at slirp's MAC address for it.
 * @nodebug
 */
function arp_fill_reply(reply: Uint8Array, pkt: Uint8Array, ip_addr: number): void {
  const ah = ETH_HLEN;
  for (let i = 0; i < ETH_ALEN; i++) {
    reply[ETH_DHOST + i] = rd8(pkt, ETH_SHOST + i);
    reply[ah + AR_THA + i] = rd8(pkt, ah + AR_SHA + i);
  }
  if (rd32(reply, ah + AR_SPA) !== ip_addr) {
    // Else the last reply was from this address, too.
    slirp_ethaddr(reply, ETH_SHOST, ip_addr);
    slirp_ethaddr(reply, ah + AR_SHA, ip_addr);
    wr32(reply, ah + AR_SPA, ip_addr);
  }
  wr32(reply, ah + AR_TPA, rd32(pkt, ah + AR_SPA));
}

/**
 * Writes the type of an ARP frame and the fixed fields of its header.
 * @nodebug
 */
export function arp_header(b: Uint8Array, op: number): void {
  const ah = ETH_HLEN;
  wr16(b, ETH_TYPE, ETH_P_ARP);
  wr16(b, ah + AR_HRD, ARPHRD_ETHER);
  wr16(b, ah + AR_PRO, ETH_P_IP);
  b[ah + AR_HLN] = ETH_ALEN;
  b[ah + AR_PLN] = IN_ADDR_LEN;
  wr16(b, ah + AR_OP, op);
}

/** Broadcasts a request for the guest's MAC address from the gateway. */
export function arp_send_request(slirp: Slirp, ip_addr: number): void {
  const req = new Uint8Array(ETH_HLEN + ARP_LEN);
  const ah = ETH_HLEN;
  req.fill(0xff, ETH_DHOST, ETH_SHOST);
  slirp_ethaddr(req, ETH_SHOST, slirp.vhost_addr);
  arp_header(req, ARPOP_REQUEST);
  slirp_ethaddr(req, ah + AR_SHA, slirp.vhost_addr);
  wr32(req, ah + AR_SPA, slirp.vhost_addr);
  wr32(req, ah + AR_TPA, ip_addr);
  slirp.cb.send_packet(slirp.opaque, req, req.length);
}
