/**
 * The boundary of the inferior: everything the stack takes from or gives to the world outside goes through one `Host`.
 *
 * The stack never reads a clock, a socket or a random source. Each turn of the main loop it asks `Host.poll` for the
 * time and the inputs that have arrived; that list is the recording, and it determines everything the stack does.
 */

/** Address families, as in Linux's `<sys/socket.h>`. */
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/**
 * Socket types, as in Linux's `<sys/socket.h>`; `SOCK_RAW` stands for the unprivileged ping socket (`SOCK_DGRAM`,
 * `IPPROTO_ICMP`).
 */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

/**
 * A socket address (`struct sockaddr_storage`). IPv4 addresses are numbers in host byte order: 127.0.0.1 is 0x7f000001.
 */
export interface sockaddr {
  readonly sa_family: number;
  readonly sin_addr: number;
  readonly sin_port: number;
  /** 16 bytes for AF_INET6, else null. */
  readonly sin6_addr: Uint8Array | null;
  /** The path for AF_UNIX, else empty. `FD_PREFIX` and a number stand for a socket that is open already. */
  readonly sun_path: string;
}

/** What is before the number of an open socket in `sun_path`. */
export const FD_PREFIX = 'fd:';

/** Something that happened outside, consumed by one turn of the main loop. `fd` names a `HostSocket`. */
export type Input =
  /** A connection was accepted on `listener`; the host chose `fd` (odd numbers). */
  | { readonly type: 'accepted'; readonly fd: number; readonly listener: number; readonly peer: sockaddr }
  /** An outgoing connection was established; `local` is the host's own end. */
  | { readonly type: 'connected'; readonly fd: number; readonly local: sockaddr }
  /** Bytes of a stream. The memory belongs to the stack until it has reported them with `Host.consumed`. */
  | { readonly type: 'data'; readonly fd: number; readonly data: Uint8Array }
  /** One datagram; `data` as for 'data'. */
  | { readonly type: 'datagram'; readonly fd: number; readonly data: Uint8Array; readonly from: sockaddr }
  /** The peer closed its sending side. */
  | { readonly type: 'eof'; readonly fd: number }
  /**
   * The socket failed: `errno` is the name, such as `ECONNREFUSED`. `from` is the offender of an ICMP error, if known.
   */
  | { readonly type: 'error'; readonly fd: number; readonly errno: string; readonly from: sockaddr | null }
  /** The host's kernel took `bytes` more of what was sent on a stream. */
  | { readonly type: 'written'; readonly fd: number; readonly bytes: number }
  /** Typed on the guest's console. */
  | { readonly type: 'console'; readonly text: string }
  /** A monitor (HMP) command; answered with `Host.monitor_reply(id, ...)`. */
  | { readonly type: 'monitor'; readonly id: number; readonly line: string }
  /** Bytes of the qtest protocol, as they came; answered with `Host.qtest_send`. */
  | { readonly type: 'qtest'; readonly text: string }
  /**
   * A frame of a trace that the trace guest is to transmit; `number` is its packet's in the capture, 0 if it is none of
   * them.
   */
  | { readonly type: 'frame'; readonly data: Uint8Array; readonly number: number }
  /** A frame, in hexadecimal, that is put in at an edge (`net_inject`). */
  | { readonly type: 'inject'; readonly edge: 'slirp' | 'net' | 'nic'; readonly hex: string }
  /** Parts of packets that the link `name` loses, repeats and reorders, and its delay in ns (`net_set_faults`). */
  | { readonly type: 'link'; readonly name: string; readonly faults: readonly [number, number, number, number] }
  /** Power off: the main loop returns. */
  | { readonly type: 'quit' };

/** Which way a frame passed the user network's edge: 0 = guest to slirp, 1 = slirp to guest. */
export type FrameDirection = 0 | 1;

/**
 * Adds the 16-bit words, low byte first, of `len` bytes of `dat` from `off`; `len` is a multiple of 32, `dat` has at
 * most 128 kB.
 */
export type WordsSum = (dat: Uint8Array, off: number, len: number) => number;

/** What the machine's `main` is given. Implemented outside the stack: live, from a trace, or from a recording. */
export interface Host {
  /** Nanoseconds since the machine started, as of the last `poll` (the only clock there is). */
  readonly now_ns: number;
  /** A seed for the machine's pseudo random numbers, a 32-bit integer (part of the recording). */
  readonly seed: number;
  /**
   * The host's name servers, in order (`nameserver` lines of its resolv.conf); fixed for the session, part of the
   * recording.
   */
  readonly nameservers: readonly sockaddr[];
  /** The machine is set up, and turns for the first time next. */
  ready?(): void;
  /**
   * Blocks until an input is there or `timeout_ns` has passed (-1: no limit, 0: only look). Updates `now_ns` and
   * returns the inputs of this turn, in order (the array is reused by the next call).
   */
  poll(timeout_ns: number): readonly Input[];

  /**
   * Allocates memory that the debugger can read while the stack runs, under a name such as `ram` or `e1000.0/mac_reg`.
   * Zeroed.
   */
  alloc_shared(name: string, bytes: number): ArrayBufferLike;
  /** A function of its arguments alone, which takes less time than a loop; not every host has one. */
  readonly words_sum?: WordsSum | undefined;

  /**
   * Binds and listens (SOCK_STREAM) or binds (SOCK_DGRAM); waits for the answer. `errno` is empty on success, `port`
   * the real one.
   */
  listen(fd: number, type: number, addr: sockaddr): { readonly errno: string; readonly port: number };
  /** Starts to connect a stream; 'connected' or 'error' follows. `bind` is the local address to use, or null. */
  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void;
  /** Opens an unbound datagram (SOCK_DGRAM) or ping (SOCK_RAW) socket of `family`. */
  open(fd: number, type: number, family: number, bind: sockaddr | null): void;
  /**
   * Sends `len` bytes of `buf` at `off` on a stream; the bytes are copied before it returns. 'written' inputs follow.
   */
  send(fd: number, buf: Uint8Array, off: number, len: number): void;
  /** As `send`, with the last byte as TCP urgent data, on hosts that can (Node cannot). */
  send_oob?(fd: number, buf: Uint8Array, off: number, len: number): void;
  /**
   * Reads up to `len` bytes at `off` of the file `name`, which the guest chose, below the directory `dir` of `tftp=`;
   * waits for the answer. `errno` is empty on success, `size` the file's. A name that leads out of the directory is
   * `EACCES`. Absent: the machine serves no files.
   */
  read_file?(
    dir: string,
    name: string,
    off: number,
    len: number,
  ): { readonly errno: string; readonly size: number; readonly data: Uint8Array };
  /** Sends one datagram; `ttl` 0 leaves the host's default. */
  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void;
  /** The stack is done with `bytes` of what 'data' / 'datagram' inputs brought on `fd`, in order. */
  consumed(fd: number, bytes: number): void;
  /** No more will be sent (`shutdown(SHUT_WR)`), after what is still in flight. */
  shutdown(fd: number): void;
  /** Closes; `reset` sends a RST instead of a FIN. No input for `fd` follows. */
  close(fd: number, reset: boolean): void;

  /** The guest printed `text` on its console. */
  console_write(text: string): void;
  /** Answer to a 'monitor' input. */
  monitor_reply(id: number, text: string): void;
  /** Bytes of the qtest protocol for whoever drives the machine. */
  qtest_send?(text: string): void;
  /**
   * Appends `len` bytes of `buf` at `off` to a file of the user's (`-object filter-dump`); `create` empties or makes it
   * first.
   */
  write_file?(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void;
  /** A line for the user about the machine: `level` is 'info', 'warning' or 'error'. */
  report(level: 'info' | 'warning' | 'error', text: string): void;
  /** A frame passed between the user network and the rest of the machine (hashed, counted, written to captures). */
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void;
  /** In a replay: the guest took a frame of `size` bytes from its receive ring. */
  received?(buf: Uint8Array, size: number): void;
}
