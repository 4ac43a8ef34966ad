/** `httpd`: serves files by HTTP (Busybox httpd). */
import { EAGAIN } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg } from '../file.ts';
import { get_file } from '../file_table.ts';
import { generic_file_read, path_lookup, path_normalize } from '../fs.ts';
import type { inode } from '../inode.ts';
import { bytes_to_text, parse_number, text_to_bytes } from '../lib.ts';
import { kernel_clone, type task_struct } from '../sched.ts';
import { inet_listen, sock_close, sock_graft, tcp_socket } from '../socket.ts';
import type { program } from '../task.ts';
import { inet_csk_accept, tcp_recvmsg, tcp_sendmsg, tcp_shutdown } from '../tcp.ts';
import type { tcp_sock } from '../tcp_sock.ts';
import { bb_show_usage, getopt, optarg } from './getopt.ts';

/** Longest request, connections at a time, bytes sent at a time. */
const MAX_REQUEST = 8192;
const MAX_CONNECTIONS = 64;
const BUFFER_SIZE = 32768;

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  html: 'text/html',
  htm: 'text/html',
  txt: 'text/plain',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
};

/** A client. */
class http_connection {
  readonly sk: tcp_sock;
  request = '';
  /** The answer's header, then the body's file; bytes of each sent so far. */
  header: Uint8Array | null = null;
  body: inode | null = null;
  sent = 0;
  body_sent = 0;
  constructor(sk: tcp_sock) {
    this.sk = sk;
  }
}

/** State of a running `httpd`. */
class httpd_state {
  home: string;
  listener: tcp_sock;
  connections: http_connection[] = [];
  buf: Uint8Array = new Uint8Array(BUFFER_SIZE);
  constructor(home: string, listener: tcp_sock) {
    this.home = home;
    this.listener = listener;
  }
}

/** Parses the command line and listens. Without `-f` it goes on in the background. */
function httpd_main(task: task_struct): void {
  const o = getopt(task.argv, 'fvp:h:');
  const port = parse_number(optarg(o, 'p', '80').replace(/^.*:/, ''), 1, 65535);
  if (o.error !== '' || o.args.length > 0 || port < 0) {
    bb_show_usage(task, o.error);
    return;
  }
  const home = path_normalize(task.cwd, optarg(o, 'h', '.'));
  if (!path_lookup(home)?.children) {
    bb_error_msg(task, `can't change directory to '${optarg(o, 'h', '.')}': No such file or directory`);
    do_exit(task, 1);
    return;
  }
  if (!o.flags.has('f')) {
    const argv = ['httpd', '-f', '-p', String(port), '-h', home];
    kernel_clone(httpd_program, argv, task.parent, get_file(task.stdin), get_file(task.stdout), get_file(task.stderr));
    do_exit(task, 0);
    return;
  }
  const listener = tcp_socket(task);
  if (inet_listen(listener, port, 9) < 0) {
    bb_error_msg(task, 'bind: Address in use');
    do_exit(task, 1);
    return;
  }
  task.state = new httpd_state(home, listener);
}

/** Accepts clients and serves them as far as it goes. */
function httpd_poll(task: task_struct): void {
  const st = task.state as httpd_state;
  while (st.connections.length < MAX_CONNECTIONS) {
    const sk = inet_csk_accept(st.listener);
    if (!sk) {
      break;
    }
    sock_graft(task, sk);
    st.connections.push(new http_connection(sk));
  }
  for (const c of [...st.connections]) {
    if (!serve(st, c)) {
      st.connections.splice(st.connections.indexOf(c), 1);
      sock_close(task, c.sk);
    }
  }
}

/** Goes on with one client. Returns false when it is done. */
function serve(st: httpd_state, c: http_connection): boolean {
  while (!c.header) {
    const n = tcp_recvmsg(c.sk, st.buf, 0, st.buf.length);
    if (n === -EAGAIN) {
      return true;
    }
    if (n <= 0) {
      return false;
    }
    c.request += bytes_to_text(st.buf, 0, n);
    if (/\r?\n\r?\n/.test(c.request) || c.request.length > MAX_REQUEST) {
      handle_request(st, c);
    }
  }
  return send_response(st, c);
}

/** Decides on the answer. */
function handle_request(st: httpd_state, c: http_connection): void {
  const m = /^([A-Z]+) (\S+)(?: HTTP\/\d\.\d)?\r?\n/.exec(c.request);
  if (!m || c.request.length > MAX_REQUEST) {
    send_headers_and_error(c, '400 Bad Request', 'Unsupported method');
    return;
  }
  if (m[1] !== 'GET' && m[1] !== 'HEAD') {
    send_headers_and_error(c, '501 Not Implemented', 'The requested method is not recognized');
    return;
  }
  const path = percent_decode(m[2]!.split('?')[0]!);
  let node = path_lookup(st.home + path_normalize('/', path));
  let name = path;
  if (node?.children) {
    name = 'index.html';
    node = node.children.get(name) ?? null;
  }
  if (!node || node.children) {
    send_headers_and_error(c, '404 Not Found', 'The requested URL was not found');
    return;
  }
  const type = CONTENT_TYPES[name.split('.').at(-1)!.toLowerCase()] ?? 'application/octet-stream';
  c.header = text_to_bytes(
    `HTTP/1.1 200 OK\r\nContent-type: ${type}\r\nContent-Length: ${node.i_size}\r\nConnection: close\r\n\r\n`,
  );
  c.body = m[1] === 'GET' ? node : null;
}

/** `%41` and the like as characters. */
function percent_decode(path: string): string {
  const raw = path.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    if (raw.charCodeAt(i) > 255) {
      return raw;
    }
    bytes[i] = raw.charCodeAt(i);
  }
  return bytes_to_text(bytes, 0, bytes.length);
}

/** An answer that says what is wrong. */
function send_headers_and_error(c: http_connection, status: string, text: string): void {
  const body = `<HTML><HEAD><TITLE>${status}</TITLE></HEAD>\n<BODY><H1>${status}</H1>\n${text}\n</BODY></HTML>\n`;
  const fields = `Content-type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close`;
  const head = `HTTP/1.1 ${status}\r\n${fields}\r\n\r\n`;
  c.header = text_to_bytes(head + body);
}

/** Sends what there is room for. Returns false when all is sent, or the client has gone. */
function send_response(st: httpd_state, c: http_connection): boolean {
  const header = c.header!;
  while (c.sent < header.length) {
    const n = tcp_sendmsg(c.sk, header, c.sent, header.length - c.sent);
    if (n < 0) {
      return n === -EAGAIN;
    }
    c.sent += n;
  }
  while (c.body) {
    const have = generic_file_read(c.body, c.body_sent, st.buf, 0, st.buf.length);
    if (have === 0) {
      break;
    }
    const n = tcp_sendmsg(c.sk, st.buf, 0, have);
    if (n < 0) {
      return n === -EAGAIN;
    }
    c.body_sent += n;
  }
  tcp_shutdown(c.sk);
  return false;
}

/** `httpd`. */
export const httpd_program: program = {
  name: 'httpd',
  usage: `httpd [-f] [-p PORT] [-h HOME]

Listen for incoming HTTP requests

	-f	Run in foreground
	-p PORT	Bind to PORT (default 80)
	-h HOME	Home directory (default .)`,
  main: httpd_main,
  poll: httpd_poll,
};
