/** `nc`: bytes between a connection and the program's input and output (Busybox nc). */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { EAGAIN, strerror } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, file_puts, vfs_read, vfs_write } from '../file.ts';
import type { sock } from '../inet_sock.ts';
import { inet_ntoa, NSEC_PER_SEC, parse_number } from '../lib.ts';
import { schedule_timeout, type task_struct } from '../sched.ts';
import { inet_listen, sock_close, sock_graft, tcp_socket, udp_socket } from '../socket.ts';
import type { program } from '../task.ts';
import { inet_csk_accept, tcp_recvmsg, tcp_sendmsg, tcp_shutdown } from '../tcp.ts';
import { tcp_v4_connect } from '../tcp_ipv4.ts';
import { TCP_CLOSE, TCP_SYN_RECV, TCP_SYN_SENT, type tcp_sock } from '../tcp_sock.ts';
import { udp_recvmsg, udp_sendmsg } from '../udp.ts';
import { bb_show_usage, getopt, optarg, type options } from './getopt.ts';
import { res_query, type res_state, res_wait } from './resolver.ts';

/** Bytes moved at a time. */
const BUFFER_SIZE = 65536;

const NC_RESOLVE = 0;
const NC_LISTEN = 1;
const NC_CONNECT = 2;
const NC_OPEN = 3;

/** Bytes read from one side and not written to the other yet. */
class nc_buffer {
  data: Uint8Array = new Uint8Array(BUFFER_SIZE);
  off = 0;
  len = 0;
  eof = false;
}

/** State of a running `nc`. */
export class nc_state {
  phase = NC_RESOLVE;
  listen = false;
  verbose = false;
  udp = false;
  local_port = 0;
  host = '';
  port = 0;
  /** Seconds until it gives up, or 0; and when that is. */
  timeout = 0;
  deadline = 0;
  query: res_state | null = null;
  listener: tcp_sock | null = null;
  sk: sock | null = null;
  /** From the network to the output, and from the input to the network. */
  from_net: nc_buffer = new nc_buffer();
  to_net: nc_buffer = new nc_buffer();
}

/** Parses the command line and starts. */
function nc_main(task: task_struct): void {
  const st = new nc_state();
  task.state = st;
  const o = getopt(task.argv, 'lvnup:w:');
  if (o.error !== '' || !nc_options(st, o)) {
    bb_show_usage(task, o.error);
    return;
  }
  if (st.timeout > 0) {
    nc_touch(task, st);
  }
  if (st.listen) {
    nc_listen(task, st);
  } else {
    st.query = res_query(task, st.host);
    nc_poll(task);
  }
}

/** Takes the options over. Returns false when they make no sense. */
function nc_options(st: nc_state, o: options): boolean {
  st.listen = o.flags.has('l');
  st.verbose = o.flags.has('v');
  st.udp = o.flags.has('u');
  st.local_port = parse_number(optarg(o, 'p', '0'), 0, 65535);
  st.timeout = parse_number(optarg(o, 'w', '0'), 0, 1e6);
  if (st.local_port < 0 || st.timeout < 0) {
    return false;
  }
  if (st.listen) {
    if (st.local_port === 0 && o.args.length === 1) {
      st.local_port = parse_number(o.args[0]!, 1, 65535);
      return st.local_port > 0;
    }
    return o.args.length === 0 && st.local_port > 0;
  }
  st.host = o.args[0] ?? '';
  st.port = parse_number(o.args[1] ?? '', 1, 65535);
  return o.args.length === 2 && st.port > 0;
}

/** Something has happened; does all that can be done now. */
function nc_poll(task: task_struct): void {
  const st = task.state as nc_state;
  if (st.timeout > 0 && cpu_get_ns() >= st.deadline) {
    if (st.phase !== NC_OPEN) {
      bb_error_msg(task, 'timed out');
    }
    do_exit(task, 1);
    return;
  }
  if (st.phase === NC_RESOLVE) {
    nc_resolve(task, st);
  }
  if (st.phase === NC_LISTEN && !task.exited) {
    nc_accept(task, st);
  }
  if (st.phase === NC_CONNECT && !task.exited) {
    nc_connected(task, st);
  }
  if (st.phase === NC_OPEN && !task.exited) {
    nc_readwrite(task, st);
  }
}

/** Restarts the time-out of `-w`. */
function nc_touch(task: task_struct, st: nc_state): void {
  if (st.timeout > 0) {
    st.deadline = cpu_get_ns() + st.timeout * NSEC_PER_SEC;
    schedule_timeout(task, st.timeout * NSEC_PER_SEC);
  }
}

/** Opens the port to listen on. */
function nc_listen(task: task_struct, st: nc_state): void {
  let bound = true;
  if (st.udp) {
    st.sk = udp_socket(task, st.local_port);
    bound = st.sk !== null;
    st.phase = NC_OPEN;
  } else {
    st.listener = tcp_socket(task);
    bound = inet_listen(st.listener, st.local_port, 1) === 0;
    st.phase = NC_LISTEN;
  }
  if (!bound) {
    bb_error_msg(task, 'bind: Address in use');
    do_exit(task, 1);
    return;
  }
  if (st.verbose) {
    file_puts(task.stderr, `listening on 0.0.0.0:${st.local_port} ...\n`);
  }
  nc_poll(task);
}

/** Waits for the address of a name, then connects. */
function nc_resolve(task: task_struct, st: nc_state): void {
  const addr = res_wait(task, st.query!);
  if (addr === -EAGAIN) {
    return;
  }
  if (addr < 0) {
    bb_error_msg(task, `bad address '${st.host}'`);
    do_exit(task, 1);
    return;
  }
  if (st.udp) {
    nc_open_udp(task, st, addr);
    return;
  }
  const sk = tcp_socket(task);
  st.sk = sk;
  sk.inet_num = st.local_port;
  const err = tcp_v4_connect(sk, addr, st.port);
  st.phase = NC_CONNECT;
  if (err < 0) {
    nc_connect_failed(task, st, addr, err);
  }
}

/** A UDP socket aimed at one peer. */
function nc_open_udp(task: task_struct, st: nc_state, addr: number): void {
  const sk = udp_socket(task, st.local_port);
  if (!sk) {
    bb_error_msg(task, 'bind: Address in use');
    do_exit(task, 1);
    return;
  }
  sk.inet_daddr = addr;
  sk.inet_dport = st.port;
  st.sk = sk;
  st.phase = NC_OPEN;
}

/** Says why there is no connection. */
function nc_connect_failed(task: task_struct, st: nc_state, addr: number, err: number): void {
  bb_error_msg(task, `can't connect to remote host (${inet_ntoa(addr)}): ${strerror(err)}`);
  st.sk = null;
  do_exit(task, 1);
}

/** Takes the first connection, and no other. */
function nc_accept(task: task_struct, st: nc_state): void {
  const child = inet_csk_accept(st.listener!);
  if (!child) {
    return;
  }
  sock_graft(task, child);
  sock_close(task, st.listener!);
  st.listener = null;
  st.sk = child;
  st.phase = NC_OPEN;
  nc_touch(task, st);
  if (st.verbose) {
    const local = `${inet_ntoa(child.inet_saddr)}:${child.inet_num}`;
    const peer = `${inet_ntoa(child.inet_daddr)}:${child.inet_dport}`;
    file_puts(task.stderr, `connect to ${local} from ${peer}\n`);
  }
}

/** Looks whether the connection has come about. */
function nc_connected(task: task_struct, st: nc_state): void {
  const sk = st.sk as tcp_sock;
  if (sk.sk_state === TCP_SYN_SENT || sk.sk_state === TCP_SYN_RECV) {
    return;
  }
  if (sk.sk_err || sk.sk_state === TCP_CLOSE) {
    nc_connect_failed(task, st, sk.inet_daddr, sk.sk_err);
    return;
  }
  st.phase = NC_OPEN;
  nc_touch(task, st);
  if (st.verbose) {
    const peer = `${inet_ntoa(sk.inet_daddr)}:${sk.inet_dport}`;
    file_puts(task.stderr, `${st.host} (${peer}) open\n`);
  }
}

/** Moves bytes both ways until neither side can go on. Ends when the peer has sent all. */
function nc_readwrite(task: task_struct, st: nc_state): void {
  let progress = true;
  while (progress && !task.exited) {
    progress = nc_net_to_stdout(task, st);
    if (!task.exited && nc_stdin_to_net(task, st)) {
      progress = true;
    }
    if (progress) {
      nc_touch(task, st);
    }
  }
}

/** One step from the network to the output. Returns true if it got on. */
function nc_net_to_stdout(task: task_struct, st: nc_state): boolean {
  const b = st.from_net;
  if (b.len > 0) {
    const n = vfs_write(task, task.stdout, b.data, b.off, b.len);
    if (n === -EAGAIN) {
      return false;
    }
    if (n < 0) {
      bb_error_msg(task, `write error: ${strerror(n)}`);
      do_exit(task, 1);
      return false;
    }
    b.off += n;
    b.len -= n;
    return n > 0;
  }
  const n = nc_recv(st, b.data);
  if (n === -EAGAIN) {
    return false;
  }
  if (n < 0) {
    bb_error_msg(task, `read error: ${strerror(n)}`);
    do_exit(task, 1);
    return false;
  }
  if (n === 0 && !st.udp) {
    do_exit(task, 0);
    return false;
  }
  b.off = 0;
  b.len = n;
  return true;
}

/** Reads from the socket. A UDP socket that listens answers to the first who sent. */
function nc_recv(st: nc_state, buf: Uint8Array): number {
  if (!st.udp) {
    return tcp_recvmsg(st.sk as tcp_sock, buf, 0, buf.length);
  }
  const sk = st.sk!;
  const n = udp_recvmsg(sk, buf);
  if (n >= 0 && sk.inet_daddr === 0) {
    sk.inet_daddr = sk.msg_addr;
    sk.inet_dport = sk.msg_port;
  }
  return n;
}

/** One step from the input to the network. Returns true if it got on. */
function nc_stdin_to_net(task: task_struct, st: nc_state): boolean {
  const b = st.to_net;
  const sk = st.sk!;
  if (b.eof || (st.udp && sk.inet_daddr === 0)) {
    return false;
  }
  if (b.len === 0) {
    const limit = st.udp ? 1024 : BUFFER_SIZE;
    const n = vfs_read(task, task.stdin, b.data, 0, limit);
    if (n === -EAGAIN) {
      return false;
    }
    if (n <= 0) {
      b.eof = true;
      if (!st.udp) {
        tcp_shutdown(sk as tcp_sock);
      }
      return false;
    }
    b.off = 0;
    b.len = n;
  }
  const n = st.udp
    ? udp_sendmsg(sk, b.data, b.off, b.len, sk.inet_daddr, sk.inet_dport)
    : tcp_sendmsg(sk as tcp_sock, b.data, b.off, b.len);
  if (n === -EAGAIN) {
    return false;
  }
  if (n < 0) {
    bb_error_msg(task, `write error: ${strerror(n)}`);
    do_exit(task, 1);
    return false;
  }
  b.off += n;
  b.len -= n;
  return n > 0;
}

/** `nc`. */
export const nc_program: program = {
  name: 'nc',
  usage: `nc [OPTIONS] HOST PORT  - connect
nc [OPTIONS] -l -p PORT  - listen

	-l	Listen mode, for inbound connects
	-p PORT	Local port
	-u	UDP mode
	-v	Verbose
	-n	Don't do DNS resolution
	-w SEC	Timeout for connects and final net reads`,
  main: nc_main,
  poll: nc_poll,
};
