/**
 * QEMU's test protocol (softmmu/qtest.c): lines that read and write memory and ports, move the virtual clock and watch
 * interrupts.
 *
 * With `-qtest` no guest runs, no firmware has set the machine up, and `QEMU_CLOCK_VIRTUAL` stands still but for
 * `clock_step` and `clock_set`; sockets of the host go on in real time.
 */

import { pit_skip } from '../hw/timer/i8254.ts';
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns, qemu_clock_run_timers } from '../util/timer.ts';
import { machine } from './machine.ts';
import {
  address_space_ldl,
  address_space_ldub,
  address_space_lduw,
  address_space_read,
  address_space_stb,
  address_space_stl,
  address_space_stw,
  address_space_write,
  cpu_inb,
  cpu_inl,
  cpu_inw,
  cpu_outb,
  cpu_outl,
  cpu_outw,
} from './memory.ts';
import { base64_decode, base64_encode, hex_decode, hex_encode } from './qtest_data.ts';
import { qtest_send } from './qtest_irq.ts';

/** The other end of the protocol. */
export class QTestState {
  /** Bytes of a line that is not complete. */
  inbuf = '';
  /** The virtual clock. */
  clock_ns = 0;
  /** The device whose interrupt inputs or outputs are reported, and which; empty: none. */
  irq_intercept_dev = '';
  irq_intercept_in = false;
}

/** A line longer than this is no command, and forgotten: half of what V8's strings hold. */
const LINE_MAX = 1 << 28;
/** Characters of a wrong word that the answer repeats. */
const WORD_MAX = 100;
/** Most bytes one command reads. */
const READ_MAX = 1 << 28;

/** Has the machine driven by the protocol. */
export function qtest_init(): void {
  machine.qtest = new QTestState();
}

/** Bytes arrive: complete lines are carried out. */
export function qtest_read(text: string): void {
  const s = machine.qtest;
  if (!s) {
    return;
  }
  s.inbuf = s.inbuf.length + text.length > LINE_MAX ? '' : s.inbuf + text;
  // A line that comes in many parts is looked at when it is whole.
  if (text.includes('\n')) {
    qtest_process_inbuf(s);
  }
}

/** Carries out the complete lines. */
export function qtest_process_inbuf(s: QTestState): void {
  let start = 0;
  for (let end = s.inbuf.indexOf('\n'); end >= 0; end = s.inbuf.indexOf('\n', start)) {
    const line = s.inbuf.slice(start, end);
    start = end + 1;
    qtest_process_command(s, line.trim().split(/\s+/));
  }
  s.inbuf = s.inbuf.slice(start);
}

/** A read (of one argument) or write of memory or ports. */
type QTestAccess = (addr: number, val: number) => unknown;

/** A command of the protocol: how many arguments it needs, and what it does. Returns the answer. */
interface QTestCommand {
  readonly args: number;
  readonly run: (s: QTestState, words: readonly string[], access: QTestAccess) => string;
  readonly access: QTestAccess;
}

/**
 * Carries out one command and answers it: `OK`, `OK VALUE`, `FAIL why` for a command that is not known or cannot be
 * done, `ERR why` for arguments that make no sense.
 */
export function qtest_process_command(s: QTestState, words: readonly string[]): void {
  const name = words[0]!;
  const command = Object.hasOwn(qtest_commands, name) ? qtest_commands[name] : undefined;
  if (!command) {
    qtest_send(`FAIL Unknown command '${name.slice(0, WORD_MAX)}'`);
  } else if (words.length <= command.args) {
    qtest_send(`ERR ${name} needs ${command.args} argument${command.args === 1 ? '' : 's'}, got ${words.length - 1}`);
  } else {
    qtest_send(command.run(s, words, command.access));
  }
}

/**
 * A number as C's `strtoull` takes it, or null when it is none: decimal, 0x or octal, with a sign (a negative one
 * counts from 2^64 down).
 * @nodebug
 */
function qtest_strtoull(word: string): bigint | null {
  const m = /^([+-]?)(?:(0x[0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(word);
  if (!m) {
    return null;
  }
  const magnitude = BigInt(m[2] ?? (m[3] === undefined ? m[4]! : `0o0${m[3]}`));
  return BigInt.asUintN(64, m[1] === '-' ? -magnitude : magnitude);
}

/**
 * A number, exact below 2^53; -1 when it is none.
 * @nodebug
 */
function qtest_number(word: string): number {
  // The common case: what drivers of the protocol write.
  if (/^0x[0-9a-f]{1,13}$/.test(word)) {
    return Number(word);
  }
  return Number(qtest_strtoull(word) ?? -1);
}

/**
 * The lower and upper 32 bits of a number.
 * @nodebug
 */
function qtest_number64(word: string): [number, number] {
  const v = qtest_strtoull(word);
  return v === null ? [-1, -1] : [Number(v & 0xffffffffn), Number(v >> 32n)];
}

/**
 * The answer to a size that is none.
 * @nodebug
 */
function bad_size(word: string): string {
  return `ERR invalid size '${word.slice(0, WORD_MAX)}', expected 1 to ${READ_MAX}`;
}

/**
 * The answer to a number that is none.
 * @nodebug
 */
function bad_number(word: string): string {
  return `ERR invalid number '${word.slice(0, WORD_MAX)}'`;
}

/**
 * The answer to a read of memory.
 * @nodebug
 */
function ok_hex(value: number, digits: number): string {
  return `OK 0x${value.toString(16).padStart(digits, '0')}`;
}

/**
 * `readb ADDR` and so on: memory, in the guest's byte order.
 * @nodebug
 */
function qtest_readX(s: QTestState, words: readonly string[], access: QTestAccess): string {
  const addr = qtest_number(words[1]!);
  return addr < 0 ? bad_number(words[1]!) : ok_hex(Number(access(addr, 0)), 16);
}

/**
 * `writeb ADDR VALUE` and so on, and `outb PORT VALUE`.
 * @nodebug
 */
function qtest_writeX(s: QTestState, words: readonly string[], access: QTestAccess): string {
  const addr = qtest_number(words[1]!);
  const val = qtest_number64(words[2]!);
  if (addr < 0 || val[0] < 0) {
    return bad_number(addr < 0 ? words[1]! : words[2]!);
  }
  access(addr, val[0]);
  return 'OK';
}

/**
 * `inb PORT` and so on.
 * @nodebug
 */
function qtest_inX(s: QTestState, words: readonly string[], access: QTestAccess): string {
  const port = qtest_number(words[1]!);
  return port < 0 ? bad_number(words[1]!) : ok_hex(Number(access(port & 0xffff, 0)), 4);
}

/**
 * `readq ADDR`.
 * @nodebug
 */
function qtest_readq(s: QTestState, words: readonly string[]): string {
  const addr = qtest_number(words[1]!);
  if (addr < 0) {
    return bad_number(words[1]!);
  }
  // One transfer, not two of 4 bytes: at an odd address a device sees other accesses.
  const data = new Uint8Array(8);
  address_space_read(addr, data, 0, 8);
  return `OK 0x${hex_encode(data.reverse())}`;
}

/**
 * `writeq ADDR VALUE`.
 * @nodebug
 */
function qtest_writeq(s: QTestState, words: readonly string[]): string {
  const addr = qtest_number(words[1]!);
  const [low, high] = qtest_number64(words[2]!);
  if (addr < 0 || low < 0) {
    return bad_number(addr < 0 ? words[1]! : words[2]!);
  }
  const data = new DataView(new ArrayBuffer(8));
  data.setUint32(0, low, true);
  data.setUint32(4, high, true);
  address_space_write(addr, new Uint8Array(data.buffer), 0, 8);
  return 'OK';
}

/**
 * The bytes that `read ADDR SIZE` asks for, or why not.
 * @nodebug
 */
function qtest_read_memory(words: readonly string[]): Uint8Array | string {
  const addr = qtest_number(words[1]!);
  const len = qtest_number(words[2]!);
  if (addr < 0) {
    return bad_number(words[1]!);
  }
  if (len < 1 || len > READ_MAX) {
    return bad_size(words[2]!);
  }
  const data = new Uint8Array(len);
  address_space_read(addr, data, 0, len);
  return data;
}

/**
 * Writes what `write ADDR SIZE DATA` gives: data that is too short is followed by zeros.
 * @nodebug
 */
function qtest_write_memory(words: readonly string[], data: Uint8Array | null): string {
  const addr = qtest_number(words[1]!);
  const len = qtest_number(words[2]!);
  if (addr < 0) {
    return bad_number(words[1]!);
  }
  if (len < 1 || len > READ_MAX) {
    return bad_size(words[2]!);
  }
  if (!data) {
    return `ERR invalid data for ${words[0]}`;
  }
  if (data.length >= len) {
    address_space_write(addr, data, 0, len);
  } else {
    const padded = new Uint8Array(len);
    padded.set(data);
    address_space_write(addr, padded, 0, len);
  }
  return 'OK';
}

/**
 * `read ADDR SIZE`.
 * @nodebug
 */
function qtest_hexread(s: QTestState, words: readonly string[]): string {
  const data = qtest_read_memory(words);
  return typeof data === 'string' ? data : `OK 0x${hex_encode(data)}`;
}

/**
 * `b64read ADDR SIZE`.
 * @nodebug
 */
function qtest_b64read(s: QTestState, words: readonly string[]): string {
  const data = qtest_read_memory(words);
  return typeof data === 'string' ? data : `OK ${base64_encode(data)}`;
}

/**
 * `write ADDR SIZE 0xDATA`.
 * @nodebug
 */
function qtest_hexwrite(s: QTestState, words: readonly string[]): string {
  return qtest_write_memory(words, hex_decode(words[3]!));
}

/**
 * `b64write ADDR SIZE DATA`.
 * @nodebug
 */
function qtest_b64write(s: QTestState, words: readonly string[]): string {
  return qtest_write_memory(words, base64_decode(words[3]!));
}

/**
 * `endianness`: of the guest.
 * @nodebug
 */
function qtest_endianness(): string {
  return 'OK little';
}

/**
 * `memset ADDR SIZE VALUE`; a size of 0 is fine.
 * @nodebug
 */
function qtest_memset(s: QTestState, words: readonly string[]): string {
  const pattern = qtest_number(words[3]!);
  if (pattern < 0) {
    return bad_number(words[3]!);
  }
  const len = qtest_number(words[2]!);
  if (len === 0) {
    return 'OK';
  }
  return len < 0 || len > READ_MAX ? bad_size(words[2]!) : qtest_write_memory(words, new Uint8Array(len).fill(pattern));
}

/** Moves the virtual clock to `dest`, running timers on the way at their time. */
export function qtest_clock_warp(s: QTestState, dest: number): void {
  if (machine.pit && s.irq_intercept_dev === '') {
    pit_skip(machine.pit, dest);
  }
  while (s.clock_ns < dest) {
    const t = machine.timers[QEMU_CLOCK_VIRTUAL]!.active_timers;
    s.clock_ns = t ? Math.min(dest, Math.max(s.clock_ns, t.expire_time)) : dest;
    qemu_clock_run_timers(QEMU_CLOCK_VIRTUAL);
  }
}

/**
 * `clock_step [NS]`: without NS to the next timer. Answers the time.
 * @nodebug
 */
function qtest_clock_step(s: QTestState, words: readonly string[]): string {
  let dest = s.clock_ns;
  if (words[1] === undefined) {
    const t = machine.timers[QEMU_CLOCK_VIRTUAL]!.active_timers;
    dest = t ? Math.max(dest, t.expire_time) : dest;
  } else {
    const ns = qtest_strtoull(words[1]);
    if (ns === null) {
      return bad_number(words[1]);
    }
    // Back in time there is nothing to do.
    dest += Math.max(0, Number(BigInt.asIntN(64, ns)));
  }
  return qtest_clock_go(s, dest);
}

/**
 * Moves the clock and answers the time.
 * @nodebug
 */
function qtest_clock_go(s: QTestState, dest: number): string {
  if (dest > Number.MAX_SAFE_INTEGER) {
    return `ERR the clock ends at ${Number.MAX_SAFE_INTEGER} ns`;
  }
  qtest_clock_warp(s, dest);
  return `OK ${qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL)}`;
}

/**
 * `clock_set NS`: never back. Answers the time.
 * @nodebug
 */
function qtest_clock_set(s: QTestState, words: readonly string[]): string {
  const ns = qtest_number(words[1]!);
  if (ns < 0) {
    return bad_number(words[1]!);
  }
  return qtest_clock_go(s, ns);
}

/**
 * Devices whose interrupt lines can be watched, by the last part of their path.
 * @nodebug
 */
function qtest_find_device(path: string): boolean {
  const name = path.split('/').at(-1)!;
  return ['ioapic', 'i8259', 'piix3', 'PIIX3'].includes(name) || machine.nics.some((n) => n.nic.nc.name === name);
}

/**
 * `irq_intercept_in PATH`, `irq_intercept_out PATH`: from now on `IRQ raise N` and `IRQ lower N` tell of each edge.
 * @nodebug
 */
function qtest_irq_intercept(s: QTestState, words: readonly string[]): string {
  const path = words[1]!;
  if (!qtest_find_device(path)) {
    return 'FAIL Unknown device';
  }
  const name = path.split('/').at(-1)!;
  const input = words[0] === 'irq_intercept_in';
  if (s.irq_intercept_dev !== '') {
    return s.irq_intercept_dev === name ? 'OK' : 'FAIL IRQ intercept already enabled';
  }
  s.irq_intercept_dev = name;
  s.irq_intercept_in = input;
  return 'OK';
}

/**
 * For commands that need none.
 * @nodebug
 */
function no_access(): void {}

const qtest_commands: Readonly<Record<string, QTestCommand>> = {
  irq_intercept_in: { args: 1, run: qtest_irq_intercept, access: no_access },
  irq_intercept_out: { args: 1, run: qtest_irq_intercept, access: no_access },
  outb: { args: 2, run: qtest_writeX, access: cpu_outb },
  outw: { args: 2, run: qtest_writeX, access: cpu_outw },
  outl: { args: 2, run: qtest_writeX, access: cpu_outl },
  inb: { args: 1, run: qtest_inX, access: cpu_inb },
  inw: { args: 1, run: qtest_inX, access: cpu_inw },
  inl: { args: 1, run: qtest_inX, access: cpu_inl },
  writeb: { args: 2, run: qtest_writeX, access: address_space_stb },
  writew: { args: 2, run: qtest_writeX, access: address_space_stw },
  writel: { args: 2, run: qtest_writeX, access: address_space_stl },
  writeq: { args: 2, run: qtest_writeq, access: no_access },
  readb: { args: 1, run: qtest_readX, access: address_space_ldub },
  readw: { args: 1, run: qtest_readX, access: address_space_lduw },
  readl: { args: 1, run: qtest_readX, access: address_space_ldl },
  readq: { args: 1, run: qtest_readq, access: no_access },
  read: { args: 2, run: qtest_hexread, access: no_access },
  b64read: { args: 2, run: qtest_b64read, access: no_access },
  write: { args: 3, run: qtest_hexwrite, access: no_access },
  b64write: { args: 3, run: qtest_b64write, access: no_access },
  memset: { args: 3, run: qtest_memset, access: no_access },
  endianness: { args: 0, run: qtest_endianness, access: no_access },
  clock_step: { args: 0, run: qtest_clock_step, access: no_access },
  clock_set: { args: 1, run: qtest_clock_set, access: no_access },
};
