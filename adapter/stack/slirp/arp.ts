/** ARP (RFC 826): answers for slirp's addresses, learns the guest's, asks for it (libslirp has it in slirp.c). */
import { drop } from '../util/drop.ts';
import { ARP_LEN } from '../wire/arp.ts';
import { rd16, rd32, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_HLEN, ETH_P_ARP, ETH_P_IP } from '../wire/ethernet.ts';
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

/** Handles an ARP packet of the guest (RFC 826): answers for slirp's addresses, learns the guest's. */
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
  const ar_op = rd16(pkt, ah + 6);
  const ar_sip = rd32(pkt, ah + 14);
  const ar_tip = rd32(pkt, ah + 24);
  if (ar_op === 2) {
    arp_table_add(slirp, ar_sip, pkt, ah + 8);
    return;
  }
  if (ar_op !== 1) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  if (ar_tip === ar_sip) {
    // Gratuitous: the guest announces itself.
    arp_table_add(slirp, ar_sip, pkt, ah + 8);
    return;
  }
  if (!arp_is_ours(slirp, ar_tip)) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  arp_table_add(slirp, ar_sip, pkt, ah + 8);
  arp_fill_reply(slirp.arp_reply, pkt, ar_tip);
  slirp.cb.send_packet(slirp.opaque, slirp.arp_reply, ARP_REPLY_LEN);
}

/**
 * Writes the reply to the ARP request `pkt`: `ip_addr` is at slirp's MAC address for it.
 * @nodebug
 */
function arp_fill_reply(reply: Uint8Array, pkt: Uint8Array, ip_addr: number): void {
  for (let i = 0; i < ETH_ALEN; i++) {
    reply[i] = pkt[i + ETH_ALEN]!;
    reply[ETH_HLEN + 18 + i] = pkt[ETH_HLEN + 8 + i]!;
  }
  if (rd32(reply, ETH_HLEN + 14) !== ip_addr) {
    // Else the last reply was from this address, too.
    slirp_ethaddr(reply, 6, ip_addr);
    slirp_ethaddr(reply, ETH_HLEN + 8, ip_addr);
    wr32(reply, ETH_HLEN + 14, ip_addr);
  }
  for (let i = 0; i < 4; i++) {
    reply[ETH_HLEN + 24 + i] = pkt[ETH_HLEN + 14 + i]!;
  }
}

/**
 * Writes the type of an ARP frame and the fixed fields of its header.
 * @nodebug
 */
export function arp_header(b: Uint8Array, op: number): void {
  wr16(b, 12, ETH_P_ARP);
  wr16(b, ETH_HLEN, 1);
  wr16(b, ETH_HLEN + 2, ETH_P_IP);
  b[ETH_HLEN + 4] = ETH_ALEN;
  b[ETH_HLEN + 5] = 4;
  wr16(b, ETH_HLEN + 6, op);
}

/** Broadcasts a request for the guest's MAC address from the gateway. */
export function arp_send_request(slirp: Slirp, ip_addr: number): void {
  const req = new Uint8Array(ETH_HLEN + ARP_LEN);
  req.fill(0xff, 0, ETH_ALEN);
  slirp_ethaddr(req, 6, slirp.vhost_addr);
  arp_header(req, 1);
  slirp_ethaddr(req, ETH_HLEN + 8, slirp.vhost_addr);
  wr32(req, ETH_HLEN + 14, slirp.vhost_addr);
  wr32(req, ETH_HLEN + 24, ip_addr);
  slirp.cb.send_packet(slirp.opaque, req, req.length);
}
