/** The TFTP server (libslirp's tftp.c; RFC 1350, 2347, 2348, 2349): reads of files below `tftp=`, for booting. */
import { machine } from '../softmmu/machine.ts';
import { AF_INET, AF_INET6 } from '../util/host.ts';
import { put_string, rd8, rd16, rd32, wr16 } from '../wire/bytes.ts';
import { IP_HLEN, IP_SRC, IPTOS_LOWDELAY } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_SRC } from '../wire/ip6.ts';
import {
  TFTP_ACK,
  TFTP_BLOCK,
  TFTP_BLOCK_DATA,
  TFTP_DATA,
  TFTP_ERROR,
  TFTP_ERROR_CODE,
  TFTP_ERROR_MSG,
  TFTP_OACK,
  TFTP_OP,
  TFTP_OP_LEN,
  TFTP_RRQ,
  TFTP_SERVER,
} from '../wire/tftp.ts';
import { UDP_HLEN, UH_SPORT } from '../wire/udp.ts';
import type { Slirp } from './instance.ts';
import { M_IP, m_drop, m_free, m_get, m_inc, type mbuf } from './mbuf.ts';
import { tftp_request, type tftp_session, tftp_session_allocate, tftp_session_find } from './tftp_sessions.ts';
import { udp_output, udp6_output } from './udp_output.ts';

/** Longest file name with its directory, and the largest block. */
export const TFTP_FILENAME_MAX = 512;
export const TFTP_BLOCKSIZE_MAX = 1428;

/**
 * So many milliseconds after a block, the acknowledgement of an earlier
 * one is a client's second try; it may go back by so many blocks.
 */
const TFTP_RETRY_MS = 500;
const TFTP_REWIND_MAX = 16;

/** The only mode of transfer, with its NUL; a request whose rest is shorter has none. */
const TFTP_MODE = 'octet\0';
const TFTP_OPTIONS_MAX = 2;

const ERR_NOT_FOUND = 1;
const ERR_ACCESS = 2;
const ERR_MODE = 4;

/**
 * Reads who sent a datagram, to which address, and where its payload is.
 * @packet m
 */
function tftp_read_request(m: mbuf, af: number): tftp_request {
  const r = new tftp_request();
  const hlen = af === AF_INET ? IP_HLEN : IP6_HLEN;
  r.family = af;
  if (af === AF_INET) {
    r.addr = rd32(m.m_dat, m.m_data + IP_SRC);
  } else {
    r.addr6 = m.m_dat.slice(m.m_data + IP6_SRC, m.m_data + IP6_DST);
    r.server_addr6 = m.m_dat.slice(m.m_data + IP6_DST, m.m_data + IP6_HLEN);
  }
  r.port = rd16(m.m_dat, m.m_data + hlen + UH_SPORT);
  r.at = m.m_data + hlen + UDP_HLEN;
  r.end = m.m_data + m.m_len;
  return r;
}

/**
 * A packet with room for a TFTP message of `len` bytes, and its opcode.
 * @packet m
 */
function tftp_packet(slirp: Slirp, s: tftp_session, opcode: number, len: number): mbuf {
  const m = m_get(slirp);
  m.m_data = M_IP + UDP_HLEN + (s.family === AF_INET ? IP_HLEN : IP6_HLEN);
  m_inc(m, len);
  m.m_len = len;
  wr16(m.m_dat, m.m_data + TFTP_OP, opcode);
  return m;
}

/**
 * Sends a TFTP message to a session's client.
 * @packet m
 */
function tftp_udp_output(slirp: Slirp, s: tftp_session, m: mbuf): void {
  if (s.family === AF_INET6) {
    udp6_output(null, m, s.server_addr6!, TFTP_SERVER, s.client_addr6!, s.client_port, IPTOS_LOWDELAY);
  } else {
    udp_output(null, m, slirp.vhost_addr, TFTP_SERVER, s.client_addr, s.client_port, IPTOS_LOWDELAY);
  }
}

/**
 * Sends an error, and ends the transfer.
 * @packet m
 */
function tftp_send_error(slirp: Slirp, s: tftp_session, code: number, message: string): void {
  const m = tftp_packet(slirp, s, TFTP_ERROR, TFTP_ERROR_MSG + message.length + 1);
  const text = m.m_data + TFTP_ERROR_MSG;
  wr16(m.m_dat, m.m_data + TFTP_ERROR_CODE, code);
  put_string(m.m_dat, text, message);
  m.m_dat[text + message.length] = 0;
  tftp_udp_output(slirp, s, m);
  s.filename = '';
}

/**
 * Sends the options that were accepted (RFC 2347).
 * @packet m
 */
function tftp_send_oack(slirp: Slirp, s: tftp_session, options: readonly (readonly [string, number])[]): void {
  const text = options.map(([name, value]) => `${name}\0${value}\0`).join('');
  const m = tftp_packet(slirp, s, TFTP_OACK, TFTP_OP_LEN + text.length);
  put_string(m.m_dat, m.m_data + TFTP_OP_LEN, text);
  tftp_udp_output(slirp, s, m);
}

/**
 * Sends the next block.
 * @packet m
 */
function tftp_send_next_block(slirp: Slirp, s: tftp_session): void {
  const file = machine.host.read_file?.(slirp.tftp_prefix, s.filename, s.offset, s.block_size);
  if (file?.errno !== '') {
    tftp_send_error(slirp, s, ERR_NOT_FOUND, 'File not found');
    return;
  }
  const n = Math.min(file.data.length, s.block_size);
  s.block_nr = (s.block_nr + 1) & 0xffff;
  const m = tftp_packet(slirp, s, TFTP_DATA, TFTP_BLOCK_DATA + n);
  wr16(m.m_dat, m.m_data + TFTP_BLOCK, s.block_nr);
  m.m_dat.set(n === file.data.length ? file.data : file.data.subarray(0, n), m.m_data + TFTP_BLOCK_DATA);
  s.offset += n;
  s.last_size = n;
  s.timestamp = slirp.curtime;
  tftp_udp_output(slirp, s, m);
}

/**
 * An acknowledgement asks for the next block, whatever its number, as with libslirp. But
 * one of an earlier block may come so late that the client must have waited in vain: it
 * asks for what was lost again. The last block is kept until it is acknowledged.
 * @packet m
 */
function tftp_handle_ack(slirp: Slirp, s: tftp_session, r: tftp_request, m: mbuf): void {
  const nr = r.end - r.at >= TFTP_BLOCK_DATA ? rd16(m.m_dat, r.at + TFTP_BLOCK) : s.block_nr;
  const behind = (s.block_nr - nr) & 0xffff;
  const ended = s.last_size >= 0 && s.last_size < s.block_size;
  if (behind > 0 && behind <= TFTP_REWIND_MAX && s.last_size >= 0 && slirp.curtime - s.timestamp >= TFTP_RETRY_MS) {
    s.block_nr = nr;
    s.offset -= s.last_size + (behind - 1) * s.block_size;
  } else if (ended) {
    if (behind > 0) {
      m_drop(m, 'TFTP_BAD');
      return;
    }
    s.filename = '';
    m_free(m);
    return;
  }
  m_free(m);
  tftp_send_next_block(slirp, s);
}

/** The text of a request, one character a byte. */
function tftp_text(b: Uint8Array, at: number, end: number): string {
  let text = '';
  for (let i = at; i < end; i++) {
    text += String.fromCharCode(rd8(b, i));
  }
  return text;
}

/** True if a file name may stay below the directory: no `../`, no directory at its end. */
function tftp_name_ok(name: string): boolean {
  return name.length < TFTP_FILENAME_MAX && name !== '' && !name.includes('../') && !name.endsWith('/');
}

/** True for names that are taken for those of no file: with `..` as a component, with either slash (CVE-2020-7211). */
function tftp_name_absent(name: string): boolean {
  return /(^|[/\\])\.\.([/\\]|$)/.test(name) || name.includes('..\\');
}

/**
 * A request to read a file: checks it, and sends the options or the first block.
 * @packet m
 */
function tftp_handle_rrq(slirp: Slirp, r: tftp_request, m: mbuf): void {
  const old = tftp_session_find(slirp, r);
  if (old) {
    old.filename = '';
  }
  const s = tftp_session_allocate(slirp, r);
  const text = tftp_text(m.m_dat, r.at + TFTP_OP_LEN, r.end);
  if (!s) {
    m_drop(m, 'TFTP_BAD');
    return;
  }
  m_free(m);
  const name = text.split('\0', 1)[0]!;
  const rest = text.slice(name.length + 1);
  if (slirp.tftp_prefix === '' || rest.length < TFTP_MODE.length) {
    tftp_send_error(slirp, s, ERR_ACCESS, 'Access violation');
    return;
  }
  if (rest.slice(0, TFTP_MODE.length).toLowerCase() !== TFTP_MODE) {
    tftp_send_error(slirp, s, ERR_MODE, 'Unsupported transfer mode');
    return;
  }
  if (!tftp_name_ok(name)) {
    tftp_send_error(slirp, s, ERR_ACCESS, 'Access violation');
    return;
  }
  const filename = name.replace(/^\/+/, '');
  const file = tftp_name_absent(name) ? undefined : machine.host.read_file?.(slirp.tftp_prefix, filename, 0, 0);
  if (file?.errno !== '') {
    tftp_send_error(slirp, s, ERR_NOT_FOUND, 'File not found');
    return;
  }
  const options = tftp_options(s, rest.slice(TFTP_MODE.length), file.size);
  if (!options) {
    tftp_send_error(slirp, s, ERR_ACCESS, 'Access violation');
    return;
  }
  s.filename = filename;
  if (options.length > 0) {
    tftp_send_oack(slirp, s, options);
  } else {
    tftp_send_next_block(slirp, s);
  }
}

/**
 * The options of a request that are granted, two at most: the file's size, and a block size of at most 1428. Null if
 * one has no value, or the request does not end with a NUL.
 */
function tftp_options(s: tftp_session, text: string, size: number): [string, number][] | null {
  const fields = text.split('\0');
  if (fields.pop() !== '') {
    return null;
  }
  const granted: [string, number][] = [];
  for (let i = 0; i < fields.length && granted.length < TFTP_OPTIONS_MAX; i += 2) {
    if (i + 1 === fields.length) {
      return null;
    }
    const name = fields[i]!.toLowerCase();
    const value = Number.parseInt(fields[i + 1]!, 10) || 0;
    if (name === 'tsize') {
      granted.push(['tsize', value === 0 ? size : value >>> 0]);
    } else if (name === 'blksize' && value > 0) {
      s.block_size = Math.min(value, TFTP_BLOCKSIZE_MAX);
      granted.push(['blksize', s.block_size]);
    }
  }
  return granted;
}

/**
 * Takes a TFTP message from the guest; `m` begins with the IP header.
 * @packet m
 */
export function tftp_input(m: mbuf, af: number): void {
  const slirp = m.slirp;
  const r = tftp_read_request(m, af);
  if (r.end - r.at < TFTP_OP_LEN) {
    m_drop(m, 'TFTP_BAD');
    return;
  }
  const opcode = rd16(m.m_dat, r.at + TFTP_OP);
  const s = tftp_session_find(slirp, r);
  if (opcode === TFTP_RRQ) {
    tftp_handle_rrq(slirp, r, m);
  } else if (opcode === TFTP_ACK && s) {
    tftp_handle_ack(slirp, s, r, m);
  } else if (opcode === TFTP_ERROR && s) {
    m_free(m);
    s.filename = '';
  } else {
    m_drop(m, 'TFTP_BAD');
  }
}
