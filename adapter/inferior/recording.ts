/**
 * The recording: what each turn of the main loop consumed. It determines everything the stack does, so a second
 * inferior that is given the same bytes does the same thing, tick for tick.
 */

import { type Change, changeRoom, encodeChange } from '../mailbox/change.ts';
import { beginInline, encodeInput, inlineRoom, putInline, type Writer } from '../mailbox/codec.ts';
import { LogLimit } from '../mailbox/log-limit.ts';
import { LOG, LogWriter, RECORD_HEADER } from '../mailbox/recorded.ts';
import { NUMBERS_ROOM, toldNothing, writeNumbers } from '../replay/recorded-numbers.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import type { ServedPiece } from './served-files.ts';

/** Numbers of a TURN record. */
const TURN_ROOM = 24;
/** A number, a grade, and numbers of the account. */
const SENT_ROOM = 5 + NUMBERS_ROOM;
/** Everything of an answer but its bytes. */
const ANSWER_ROOM = 128;

const NO_CHANGES: readonly number[] = [];
const NO_NUMBERS = new Float64Array(0);

/** Who is told of turns: one ends when the machine asks for inputs, and the next begins when it gets them. */
export interface TurnWatch {
  /** It is to wait for up to `timeoutNs`; below 0: for ever. */
  turnEnds(timeoutNs: number): void;
  turnBegins(): void;
}

/** What a replay tells besides its inputs. */
export interface ReplayFacts {
  /** The packet of the capture that the user network's last frame is (0: none), and how they compare. */
  readonly sentPacket: number;
  readonly sentGrade: number;
  readonly known: { readonly changes: readonly number[]; readonly numbers: Float64Array };
  /** Writes where in the capture data of an input is, instead of the data; false if that cannot be said. */
  refer?(w: Writer, data: Uint8Array, input: Input): boolean;
}

/** What recording needs from the thread it runs in. */
export interface RecordingHooks {
  /** Ticks of the machine so far. */
  ticks(): number;
  /** A sum over what the machine has done so far, by which a re-execution is compared; 0 if none is kept. */
  check(): number;
  /** A chunk has been begun, which was a spare one or not. */
  newChunk(chunk: SharedArrayBuffer, spare: boolean): void;
  /** A chunk that is free to be used again, if there is one. */
  spareChunk(): SharedArrayBuffer | undefined;
  /** Asks the main thread for more room (see `LogLimit`). */
  full(): void;
  /** Has bytes of an input copied to a place of the log, by somebody else; false if they are to be copied here. */
  keep?(data: Uint8Array, place: number): boolean;
}

/** A `Host` that records what another one gives, until there is no room left. */
export class RecordingHost implements Host {
  readonly words_sum: Host['words_sum'];
  readonly #inner: Host;
  readonly #limit: LogLimit;
  readonly #hooks: RecordingHooks;
  readonly #turns: TurnWatch | null;
  readonly #replay: ReplayFacts | null;
  readonly #log: LogWriter;
  /** Numbers of the replay's account as the log has them. */
  readonly #told = toldNothing();
  #inPoll = false;
  #full = false;

  constructor(
    inner: Host,
    limit: SharedArrayBuffer,
    hooks: RecordingHooks,
    turns: TurnWatch | null = null,
    replay: ReplayFacts | null = null,
    at = 0,
  ) {
    this.#replay = replay;
    this.#inner = inner;
    this.words_sum = inner.words_sum;
    this.#limit = new LogLimit(limit);
    this.#hooks = hooks;
    this.#turns = turns;
    this.#log = new LogWriter(
      (chunk, spare) => hooks.newChunk(chunk, spare),
      () => hooks.spareChunk(),
      this.#limit.chunkBytes,
    );
    this.#log.at = at;
  }

  get #numbers(): Float64Array {
    return this.#replay?.known.numbers ?? NO_NUMBERS;
  }

  /** Where in the log the next record will be. */
  get at(): number {
    return this.#log.at;
  }

  /** Bytes of the log after which a checkpoint is due. */
  get checkpointBytes(): number {
    return this.#limit.checkpointBytes;
  }

  get now_ns(): number {
    return this.#inner.now_ns;
  }

  get seed(): number {
    return this.#inner.seed;
  }

  get nameservers(): readonly sockaddr[] {
    return this.#inner.nameservers;
  }

  /** True if a record of `max` bytes may be written. The main thread says it to the user when none may any more. */
  #room(max: number): boolean {
    while (!this.#full) {
      const limit = this.#limit.at;
      if (this.#log.at + RECORD_HEADER + max <= limit) {
        return true;
      }
      this.#limit.wanted = this.#log.at + RECORD_HEADER + max;
      this.#limit.wait(() => this.#hooks.full());
      this.#full = this.#limit.refused;
    }
    return false;
  }

  poll(timeoutNs: number): readonly Input[] {
    this.#turns?.turnEnds(timeoutNs);
    const tick = this.#hooks.ticks();
    this.#inPoll = true;
    const inputs = this.#inner.poll(timeoutNs);
    this.#inPoll = false;
    this.#turns?.turnBegins();
    if (!this.#full) {
      let max = TURN_ROOM + (this.#replay === null ? 0 : NUMBERS_ROOM);
      for (const input of inputs) {
        max += inlineRoom(input);
      }
      if (this.#room(max)) {
        const w = this.#log.begin(LOG.TURN, max).f64(tick).f64(this.#inner.now_ns).u32(this.#hooks.check());
        w.u32(inputs.length);
        for (const input of inputs) {
          encodeInput(w, input, this.#put);
        }
        writeNumbers(w, this.#numbers, this.#told);
        this.#log.commit();
      }
    }
    const changes = this.#replay?.known.changes ?? NO_CHANGES;
    if (changes.length > 0) {
      this.#flows(changes);
    }
    return inputs;
  }

  /** Data of an input, inline or as a reference. Nobody reads it before the machine stands still. */
  readonly #put = (w: Writer, data: Uint8Array, input: Input): void => {
    if (this.#replay?.refer?.(w, data, input)) {
      return;
    }
    beginInline(w, data);
    if (this.#hooks.keep?.(data, this.#log.place)) {
      w.skip(data.length);
    } else {
      w.raw(data, 0, data.length);
    }
  };

  #flows(changes: readonly number[]): void {
    const max = 4 * changes.length;
    if (this.#room(max)) {
      const w = this.#log.begin(LOG.FLOWS, max);
      for (const change of changes) {
        w.u32(change);
      }
      this.#log.commit();
    }
  }

  /** The debugger is about to change something, or has just done so, while the machine stands at `probe`. */
  change(probe: number, change: Change, inPoll = this.#inPoll): void {
    const max = changeRoom(change);
    if (this.#room(max)) {
      const at = { tick: this.#hooks.ticks(), probe, inPoll };
      encodeChange(this.#log.begin(LOG.CHANGE, max), at, this.#inner.now_ns, change);
      this.#log.commit();
      this.#limit.noteChange();
    }
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const r = this.#inner.listen(fd, type, addr);
    if (this.#room(ANSWER_ROOM)) {
      this.#log.begin(LOG.LISTEN, ANSWER_ROOM).text(r.errno).u32(r.port);
      this.#log.commit();
    }
    return r;
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    const r = this.#inner.read_file?.(dir, name, off, len) ?? { errno: 'ENOENT', size: 0, data: new Uint8Array(0) };
    const max = ANSWER_ROOM + r.data.length;
    if (this.#room(max)) {
      putInline(this.#log.begin(LOG.READ_FILE, max).text(r.errno).f64(r.size), r.data);
      this.#log.commit();
    }
    return r;
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#inner.alloc_shared(name, bytes);
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    this.#inner.connect(fd, addr, bind);
  }

  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    this.#inner.open(fd, type, family, bind);
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    this.#inner.send(fd, buf, off, len);
  }

  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void {
    this.#inner.sendto(fd, buf, off, len, to, ttl);
  }

  consumed(fd: number, bytes: number): void {
    this.#inner.consumed(fd, bytes);
  }

  shutdown(fd: number): void {
    this.#inner.shutdown(fd);
  }

  close(fd: number, reset: boolean): void {
    this.#inner.close(fd, reset);
  }

  console_write(text: string): void {
    this.#inner.console_write(text);
  }

  monitor_reply(id: number, text: string): void {
    this.#inner.monitor_reply(id, text);
  }

  qtest_send(text: string): void {
    this.#inner.qtest_send?.(text);
  }

  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    this.#inner.write_file?.(path, create, buf, off, len);
  }

  report(level: 'info' | 'warning' | 'error', text: string): void {
    this.#inner.report(level, text);
  }

  received(buf: Uint8Array, size: number): void {
    this.#inner.received?.(buf, size);
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.#inner.frame(dir, buf, size);
    if (dir === 1 && this.#replay !== null && this.#room(SENT_ROOM)) {
      const w = this.#log.begin(LOG.SENT, SENT_ROOM).u32(this.#replay.sentPacket).u8(this.#replay.sentGrade);
      writeNumbers(w, this.#numbers, this.#told);
      this.#log.commit();
    }
  }
}
