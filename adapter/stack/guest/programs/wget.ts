/** `wget`: fetches a file by HTTP (Busybox wget). */
import { EAGAIN, strerror } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, file_puts, vfs_write } from '../file.ts';
import { FILE_REGULAR, file, fput, get_file } from '../file_table.ts';
import { path_lookup, path_normalize, vfs_create } from '../fs.ts';
import { inet_ntoa, text_to_bytes } from '../lib.ts';
import type { task_struct } from '../sched.ts';
import { sock_close, tcp_socket } from '../socket.ts';
import type { program } from '../task.ts';
import { tcp_recvmsg, tcp_sendmsg } from '../tcp.ts';
import { tcp_v4_connect } from '../tcp_ipv4.ts';
import { TCP_CLOSE, TCP_SYN_RECV, TCP_SYN_SENT, type tcp_sock } from '../tcp_sock.ts';
import { bb_show_usage, getopt, optarg } from './getopt.ts';
import { res_query, type res_state, res_wait } from './resolver.ts';

const WGET_RESOLVE = 0;
const WGET_CONNECT = 1;
const WGET_HEADER = 2;
const WGET_BODY = 3;

/** Longest header, and redirections that are followed. */
const MAX_HEADER = 16384;
const MAX_REDIRECTS = 5;
const BUFFER_SIZE = 65536;

/** A body in chunks (RFC 9112 7.1): what the next byte belongs to. */
const CHUNK_NONE = 0;
const CHUNK_SIZE = 1;
const CHUNK_DATA = 2;
const CHUNK_END = 3;

/** State of a running `wget`. */
class wget_state {
  phase = WGET_RESOLVE;
  quiet = false;
  /** Name of the output; `-` is standard output. */
  fname = '';
  explicit_name = false;
  host = '';
  port = 80;
  path = '/';
  query!: res_state;
  sk: tcp_sock | null = null;
  redirects = 0;
  header = '';
  out: file | null = null;
  /** Bytes still to come, or -1 when the end of the connection is the end; bytes written. */
  left = -1;
  received = 0;
  chunk = CHUNK_NONE;
  chunk_line = '';
  buf: Uint8Array = new Uint8Array(BUFFER_SIZE);
  /** Body bytes in `buf` that are not written yet. */
  pending_off = 0;
  pending_len = 0;
}

/** Parses the command line and starts. */
function wget_main(task: task_struct): void {
  const o = getopt(task.argv, 'qO:cT:U:');
  if (o.error !== '' || o.args.length !== 1) {
    bb_show_usage(task, o.error);
    return;
  }
  const st = new wget_state();
  task.state = st;
  st.quiet = o.flags.has('q');
  st.explicit_name = o.flags.has('O');
  st.fname = optarg(o, 'O', '');
  if (wget_parse_url(task, st, o.args[0]!)) {
    wget_open_url(task, st);
  }
}

/** Takes a URL apart. Returns false, with the program ended, when it is none that we can fetch. */
function wget_parse_url(task: task_struct, st: wget_state, url: string): boolean {
  const m = /^(?:([a-z]+):\/\/)?([^/:]+)(?::(\d{1,5}))?(\/.*)?$/i.exec(url);
  if (!m || (m[1] !== undefined && m[1].toLowerCase() !== 'http')) {
    wget_fail(task, m ? `not an http url: ${url}` : `bad url: ${url}`);
    return false;
  }
  st.host = m[2]!;
  st.port = Number(m[3] ?? 80);
  st.path = m[4] ?? '/';
  if (st.port < 1 || st.port > 65535) {
    wget_fail(task, `bad port '${m[3]}'`);
    return false;
  }
  if (!st.explicit_name) {
    st.fname = st.path.split('?')[0]!.split('/').at(-1) || 'index.html';
  }
  return true;
}

/** Starts to fetch the current URL. */
function wget_open_url(task: task_struct, st: wget_state): void {
  st.phase = WGET_RESOLVE;
  st.header = '';
  st.query = res_query(task, st.host);
  wget_poll(task);
}

/** Prints an error and ends. */
function wget_fail(task: task_struct, text: string): void {
  bb_error_msg(task, text);
  const st = task.state as wget_state;
  if (st.out) {
    fput(st.out);
  }
  do_exit(task, 1);
}

/** Prints progress, unless `-q`. */
function wget_say(task: task_struct, st: wget_state, text: string): void {
  if (!st.quiet) {
    file_puts(task.stderr, text);
  }
}

/** Something has happened; does all that can be done now. */
function wget_poll(task: task_struct): void {
  const st = task.state as wget_state;
  if (st.phase === WGET_RESOLVE) {
    wget_resolved(task, st);
  }
  if (!task.exited && st.phase === WGET_CONNECT) {
    wget_connected(task, st);
  }
  while (!task.exited && (st.phase === WGET_HEADER || st.phase === WGET_BODY)) {
    if (!wget_read(task, st)) {
      return;
    }
  }
}

/** Connects once the address is known. */
function wget_resolved(task: task_struct, st: wget_state): void {
  const addr = res_wait(task, st.query);
  if (addr === -EAGAIN) {
    return;
  }
  if (addr < 0) {
    wget_fail(task, `bad address '${st.host}'`);
    return;
  }
  const shown = st.port === 80 ? st.host : `${st.host}:${st.port}`;
  wget_say(task, st, `Connecting to ${shown} (${inet_ntoa(addr)}:${st.port})\n`);
  st.sk = tcp_socket(task);
  const err = tcp_v4_connect(st.sk, addr, st.port);
  st.phase = WGET_CONNECT;
  if (err < 0) {
    wget_fail(task, `can't connect to remote host (${inet_ntoa(addr)}): ${strerror(err)}`);
  }
}

/** Sends the request once the connection is there. */
function wget_connected(task: task_struct, st: wget_state): void {
  const sk = st.sk!;
  if (sk.sk_state === TCP_SYN_SENT || sk.sk_state === TCP_SYN_RECV) {
    return;
  }
  if (sk.sk_err || sk.sk_state === TCP_CLOSE) {
    wget_fail(task, `can't connect to remote host (${inet_ntoa(sk.inet_daddr)}): ${strerror(sk.sk_err)}`);
    return;
  }
  const host = st.port === 80 ? st.host : `${st.host}:${st.port}`;
  const request = text_to_bytes(
    `GET ${st.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Wget\r\nConnection: close\r\n\r\n`,
  );
  tcp_sendmsg(sk, request, 0, request.length);
  st.phase = WGET_HEADER;
}

/** Reads a piece. Returns false when there is none now. */
function wget_read(task: task_struct, st: wget_state): boolean {
  if (st.pending_len > 0) {
    return wget_write(task, st);
  }
  const n = tcp_recvmsg(st.sk!, st.buf, 0, BUFFER_SIZE);
  if (n === -EAGAIN) {
    return false;
  }
  if (n < 0) {
    wget_fail(task, `error getting response: ${strerror(n)}`);
  } else if (n === 0) {
    wget_end(task, st);
  } else if (st.phase === WGET_HEADER) {
    wget_header(task, st, n);
  } else {
    st.pending_off = 0;
    st.pending_len = n;
  }
  return !task.exited;
}

/** The connection is at its end: so is the file, if nothing is missing. */
function wget_end(task: task_struct, st: wget_state): void {
  if (st.phase === WGET_HEADER) {
    wget_fail(task, 'error getting response');
  } else if (st.left > 0 || (st.chunk !== CHUNK_NONE && st.chunk !== CHUNK_END)) {
    wget_fail(task, 'connection closed prematurely');
  } else {
    wget_finish(task, st);
  }
}

/** Collects the header from `n` bytes of `buf`; what is behind it belongs to the body. */
function wget_header(task: task_struct, st: wget_state, n: number): void {
  const before = st.header.length;
  for (let i = 0; i < n; i++) {
    st.header += String.fromCharCode(st.buf[i]!);
  }
  const end = /\r?\n\r?\n/.exec(st.header);
  if (!end) {
    if (st.header.length > MAX_HEADER) {
      wget_fail(task, 'header too long');
    }
    return;
  }
  st.pending_off = end.index + end[0].length - before;
  st.pending_len = n - st.pending_off;
  const [status = '', ...lines] = st.header.slice(0, end.index).split(/\r?\n/);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  wget_status(task, st, status, fields);
}

/** Acts on the status line and the header fields. */
function wget_status(task: task_struct, st: wget_state, status: string, fields: ReadonlyMap<string, string>): void {
  const code = Number(/^HTTP\/\d\.\d (\d{3})/.exec(status)?.[1] ?? 0);
  const location = fields.get('location');
  if (code >= 301 && code <= 308 && location !== undefined) {
    wget_redirect(task, st, location);
    return;
  }
  if (code < 200 || code > 299) {
    wget_fail(task, `server returned error: ${status}`);
    return;
  }
  if (/chunked/i.test(fields.get('transfer-encoding') ?? '')) {
    st.chunk = CHUNK_SIZE;
  } else if (/^\d{1,15}$/.test(fields.get('content-length') ?? '')) {
    st.left = Number(fields.get('content-length'));
  }
  st.phase = WGET_BODY;
  if (!wget_open_output(task, st)) {
    return;
  }
  if (st.left === 0) {
    wget_finish(task, st);
  }
}

/** Goes on at another URL. */
function wget_redirect(task: task_struct, st: wget_state, location: string): void {
  if (++st.redirects > MAX_REDIRECTS) {
    wget_fail(task, 'too many redirections');
    return;
  }
  sock_close(task, st.sk!);
  st.sk = null;
  st.pending_len = 0;
  const url = location.startsWith('/') ? `http://${st.host}:${st.port}${location}` : location;
  if (wget_parse_url(task, st, url)) {
    st.phase = WGET_RESOLVE;
    wget_open_url(task, st);
  }
}

/** Opens what the body goes to. */
function wget_open_output(task: task_struct, st: wget_state): boolean {
  if (st.fname === '-') {
    st.out = get_file(task.stdout);
    wget_say(task, st, 'writing to stdout\n');
    return true;
  }
  const path = path_normalize(task.cwd, st.fname);
  if (!st.explicit_name && path_lookup(path)) {
    wget_fail(task, `can't open '${st.fname}': File exists`);
    return false;
  }
  const node = vfs_create(path, true);
  if (typeof node === 'number') {
    wget_fail(task, `can't open '${st.fname}': ${strerror(node)}`);
    return false;
  }
  st.out = new file(FILE_REGULAR, node, null);
  wget_say(task, st, `saving to '${st.fname}'\n`);
  return true;
}

/** Writes what can be written of the pending bytes. Returns false when the output is full for now. */
function wget_write(task: task_struct, st: wget_state): boolean {
  if (st.chunk !== CHUNK_NONE && st.chunk !== CHUNK_DATA) {
    wget_chunk_line(task, st);
    return !task.exited;
  }
  const limit = st.left >= 0 ? Math.min(st.pending_len, st.left) : st.pending_len;
  const n = vfs_write(task, st.out!, st.buf, st.pending_off, limit);
  if (n === -EAGAIN) {
    return false;
  }
  if (n < 0) {
    wget_fail(task, `write error: ${strerror(n)}`);
    return false;
  }
  st.pending_off += n;
  st.pending_len -= n;
  st.received += n;
  st.left -= st.left >= 0 ? n : 0;
  if (st.left === 0 && st.chunk === CHUNK_DATA) {
    st.chunk = CHUNK_SIZE;
    st.chunk_line = '';
  } else if (st.left === 0) {
    wget_finish(task, st);
  }
  return !task.exited;
}

/** Reads the line with a chunk's size; the line feed behind the chunk before counts as an empty one. */
function wget_chunk_line(task: task_struct, st: wget_state): void {
  while (st.pending_len > 0 && st.chunk === CHUNK_SIZE) {
    const c = st.buf[st.pending_off++]!;
    st.pending_len--;
    if (c !== 10) {
      st.chunk_line += String.fromCharCode(c);
      if (st.chunk_line.length > MAX_HEADER) {
        wget_fail(task, 'bad chunk length');
        return;
      }
      continue;
    }
    const text = st.chunk_line.trim();
    st.chunk_line = '';
    if (text === '') {
      continue;
    }
    const size = /^[0-9a-f]{1,12}(?:\s*;.*)?$/i.test(text) ? Number.parseInt(text, 16) : -1;
    if (size < 0) {
      wget_fail(task, `bad chunk length '${text}'`);
      return;
    }
    st.left = size;
    st.chunk = size === 0 ? CHUNK_END : CHUNK_DATA;
  }
  if (st.chunk === CHUNK_END) {
    wget_finish(task, st);
  }
}

/** All is there. */
function wget_finish(task: task_struct, st: wget_state): void {
  const name = st.fname;
  if (name === '-') {
    wget_say(task, st, 'written to stdout\n');
  } else {
    const bar = `${name.slice(0, 20).padEnd(20)} 100% |${'*'.repeat(32)}|`;
    wget_say(task, st, `${bar} ${String(st.received).padStart(5)}  0:00:00 ETA\n'${name}' saved\n`);
  }
  fput(st.out!);
  st.out = null;
  do_exit(task, 0);
}

/** `wget`. */
export const wget_program: program = {
  name: 'wget',
  usage: `wget [-q] [-O FILE] URL

Retrieve files via HTTP

	-O FILE	Save to FILE ('-' for stdout)
	-q	Quiet`,
  main: wget_main,
  poll: wget_poll,
};
