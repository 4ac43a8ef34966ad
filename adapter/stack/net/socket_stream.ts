/** Packets over a stream of bytes: each behind its length, 4 bytes in network order (net/net.c, `net_fill_rstate`). */

import { machine } from '../softmmu/machine.ts';
import { EAGAIN, type HostSocket, recv, send, send_space } from '../util/sockets.ts';
import { rd32, wr32 } from '../wire/bytes.ts';
import { NET_BUFSIZE } from './net_client.ts';

/** Bytes of the length. */
const HEADER = 4;

/** A stream that is being taken apart into packets. */
export class SocketReadState {
  readonly buf: Uint8Array = new Uint8Array(HEADER + NET_BUFSIZE);
  /** Its part behind the length. */
  readonly packet: Uint8Array = this.buf.subarray(HEADER);
  /** Bytes of the header and packet that are there. */
  index = 0;
  /** The length that was too long, if one was. */
  oversized = 0;
}

/** Length in the header. */
function rs_packet_len(rs: SocketReadState): number {
  return rd32(rs.buf, 0);
}

/**
 * Reads until a packet is complete. Returns its length (it is in `rs.packet`), 0 when more has to come, -1 at the end
 * of the stream, and when the other side does not speak this protocol.
 */
export function net_fill_rstate(rs: SocketReadState, s: HostSocket): number {
  for (;;) {
    const want = rs.index < HEADER ? HEADER : HEADER + rs_packet_len(rs);
    if (rs.index === want && want > HEADER) {
      rs.index = 0;
      return want - HEADER;
    }
    if (rs.index >= HEADER && want > rs.buf.length) {
      rs.oversized = want - HEADER;
      return -1;
    }
    if (rs.index === HEADER && want === HEADER) {
      rs.index = 0;
      continue;
    }
    const n = recv(machine.host, s, rs.buf, rs.index, want - rs.index);
    if (n <= 0) {
      return n === EAGAIN ? 0 : -1;
    }
    rs.index += n;
  }
}

/**
 * Sends a packet with its length in front, whole or not at all. Returns false when there is no room: POLLOUT comes when
 * there is.
 * @packet buf size
 */
export function net_stream_send(s: HostSocket, scratch: Uint8Array, buf: Uint8Array, size: number): boolean {
  const total = HEADER + size;
  if (send_space(s) < total) {
    s.tx_blocked = true;
    return false;
  }
  wr32(scratch, 0, size);
  scratch.set(size === buf.length ? buf : buf.subarray(0, size), HEADER);
  send(machine.host, s, scratch, 0, total);
  return true;
}
