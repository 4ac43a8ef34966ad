/** The transfers of the TFTP server, one for each address and port of the guest. */
import { AF_INET, AF_INET6 } from '../util/host.ts';
import type { Slirp } from './instance.ts';
import { in6_equal } from './solist.ts';

export const TFTP_SESSIONS_MAX = 20;
const TFTP_BLOCKSIZE = 512;
/** Milliseconds without traffic after which a transfer may be forgotten. */
const TFTP_IDLE = 5000;

/** A transfer: one for each address and port of the guest. */
export class tftp_session {
  /** The file's name below the directory; '' while the session is free. */
  filename = '';
  block_size = TFTP_BLOCKSIZE;
  /** Blocks sent so far, modulo 65536, and the offset of the next one. */
  block_nr = 0;
  offset = 0;
  /** Bytes of the block that was sent last, -1 before the first; fewer than the block size: it is the file's last. */
  last_size = -1;
  family = 0;
  client_addr = 0;
  client_addr6: Uint8Array | null = null;
  client_port = 0;
  /** The address the client asked, from which it is answered. */
  server_addr6: Uint8Array | null = null;
  timestamp = 0;
}

/** The datagram that is answered: who sent it, and where its payload is. */
export class tftp_request {
  family = AF_INET;
  addr = 0;
  addr6: Uint8Array | null = null;
  port = 0;
  server_addr6: Uint8Array | null = null;
  at = 0;
  end = 0;
}

/** The transfer of the client that sent a request, or null. */
export function tftp_session_find(slirp: Slirp, r: tftp_request): tftp_session | null {
  for (const s of slirp.tftp_sessions) {
    const same = r.family === AF_INET6 ? in6_equal(s.client_addr6, r.addr6) : s.client_addr === r.addr;
    if (s.filename !== '' && s.family === r.family && same && s.client_port === r.port) {
      return s;
    }
  }
  return null;
}

/** A free session for a client, or one that has been idle; null if all are busy. */
export function tftp_session_allocate(slirp: Slirp, r: tftp_request): tftp_session | null {
  for (const s of slirp.tftp_sessions) {
    if (s.filename === '' || slirp.curtime - s.timestamp > TFTP_IDLE) {
      s.filename = '';
      s.block_size = TFTP_BLOCKSIZE;
      s.block_nr = 0;
      s.offset = 0;
      s.last_size = -1;
      s.family = r.family;
      s.client_addr = r.addr;
      s.client_addr6 = r.addr6;
      s.client_port = r.port;
      s.server_addr6 = r.server_addr6;
      s.timestamp = slirp.curtime;
      return s;
    }
  }
  return null;
}
