/**
 * NC-SI, by which a management controller talks to a NIC (libslirp's
 * ncsi.c; DMTF DSP0222): each command has a fixed answer.
 */
import { drop } from '../util/drop.ts';
import { rd8, rd16, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_DHOST, ETH_HLEN, ETH_P_NCSI, ETH_TYPE } from '../wire/ethernet.ts';
import {
  NCSI_CHANNEL,
  NCSI_CKSUM_LEN,
  NCSI_GC_CAPABILITIES,
  NCSI_GC_FILTERS,
  NCSI_GC_UNICAST_FILTERS,
  NCSI_GC_VLAN_MODES,
  NCSI_GLS_STATUS,
  NCSI_HLEN,
  NCSI_IID,
  NCSI_LENGTH,
  NCSI_MC_ID,
  NCSI_REVISION,
  NCSI_TYPE,
} from '../wire/ncsi.ts';
import type { Slirp } from './instance.ts';

/** Added to a command's number in its response. */
const NCSI_PKT_RSP = 0x80;

const NCSI_PKT_CMD_GLS = 0x0a;
const NCSI_PKT_CMD_GC = 0x16;

/**
 * Length of the response's payload by command, response and reason code included; commands that are not here get none.
 */
const ncsi_payload: ReadonlyMap<number, number> = new Map([
  ...[0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09].map((c): [number, number] => [c, 4]),
  ...[0x0b, 0x0c, 0x0d, 0x0e, 0x10, 0x11, 0x12, 0x13, 0x14].map((c): [number, number] => [c, 4]),
  [NCSI_PKT_CMD_GLS, 16],
  [0x15, 40],
  [NCSI_PKT_CMD_GC, 32],
  [0x17, 40],
  [0x18, 172],
  [0x19, 172],
  [0x1a, 172],
  [0x1b, 8],
  [0x52, 20],
]);

/**
 * Answers an NC-SI command of the guest.
 * @packet pkt pkt_len
 */
export function ncsi_input(slirp: Slirp, pkt: Uint8Array, pkt_len: number): void {
  if (pkt_len < ETH_HLEN + NCSI_HLEN) {
    drop(pkt, pkt_len, 'NCSI_BAD');
    return;
  }
  const type = rd8(pkt, ETH_HLEN + NCSI_TYPE);
  const payload = ncsi_payload.get(type) ?? 0;
  const rsp = new Uint8Array(ETH_HLEN + NCSI_HLEN + payload + NCSI_CKSUM_LEN);
  const nh = ETH_HLEN;
  rsp.fill(0xff, ETH_DHOST, ETH_TYPE);
  wr16(rsp, ETH_TYPE, ETH_P_NCSI);
  rsp[nh + NCSI_MC_ID] = rd8(pkt, nh + NCSI_MC_ID);
  rsp[nh + NCSI_REVISION] = 1;
  rsp[nh + NCSI_IID] = rd8(pkt, nh + NCSI_IID);
  rsp[nh + NCSI_TYPE] = type + NCSI_PKT_RSP;
  rsp[nh + NCSI_CHANNEL] = rd8(pkt, nh + NCSI_CHANNEL);
  wr16(rsp, nh + NCSI_LENGTH, payload);
  if (type === NCSI_PKT_CMD_GLS) {
    // The link is up.
    rsp[nh + NCSI_GLS_STATUS] = 1;
  } else if (type === NCSI_PKT_CMD_GC) {
    // All capabilities, two unicast filters, all VLAN modes.
    rsp.fill(0xff, nh + NCSI_GC_CAPABILITIES, nh + NCSI_GC_FILTERS);
    rsp[nh + NCSI_GC_UNICAST_FILTERS] = 2;
    rsp[nh + NCSI_GC_VLAN_MODES] = 0xff;
  }
  ncsi_checksum(rsp);
  slirp.cb.send_packet(slirp.opaque, rsp, rsp.length);
}

/**
 * Writes the checksum: the two's complement of the sum of the 16-bit words (DSP0222, section 8.2.2.3).
 * @nodebug
 */
function ncsi_checksum(rsp: Uint8Array): void {
  let sum = 0;
  for (let i = ETH_HLEN; i < rsp.length - NCSI_CKSUM_LEN; i += 2) {
    sum += rd16(rsp, i);
  }
  wr32(rsp, rsp.length - NCSI_CKSUM_LEN, -sum >>> 0);
}
