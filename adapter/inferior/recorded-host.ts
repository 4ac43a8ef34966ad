/** Executes a recording again: a `Host` that gives its inputs, and carries out what the debugger changed. */
import { type Change, type ChangePosition, decodeChange, decodePosition, samePosition } from '../mailbox/change.ts';
import { decodeInput, getInline, type Reader } from '../mailbox/codec.ts';
import { LOG, LogReader, type Recording } from '../mailbox/recorded.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import { RecordedData } from './recorded-data.ts';
import type { ServedPiece } from './served-files.ts';
import { SilentHost } from './silent-host.ts';

const NO_CHANGES: readonly number[] = [];

/** What a re-execution needs from the thread it runs in. */
export interface RecordedHostHooks {
  allocShared(name: string, bytes: number): ArrayBufferLike;
  /** `number` and `grade` are the user network's frame's in a replay (see `LOG.SENT`), and 0 else. */
  frame(dir: FrameDirection, buf: Uint8Array, size: number, number: number, grade: number): void;
  /** A turn's inputs in a replay, and the connections that they began or ended. */
  replayed(inputs: readonly Input[], changes: readonly number[]): void;
  /** In a replay, the rest of a record: what numbers of the account have become. */
  numbers(r: Reader): void;
  /** Ticks of the machine so far; -1 in a build that does not count them. */
  ticks(): number;
  /** A turn begins, at this count of ticks when it was recorded. */
  turn(tick: number): void;
  /** As when it was recorded (see `RecordingHooks`); 0 if this execution computes none. */
  check(): number;
  /** The next change is at this position outside `poll`: when the machine is there, `nextChange` has it. */
  changeAt(at: ChangePosition): void;
  /** The machine is in `poll`, and has to carry out the changes that `nextChange` has. */
  changesInPoll(): void;
  /** The machine asks for the inputs of its next turn, which is at `ns`. */
  polls(ns: number): void;
  /** There is no further turn. */
  ends(): void;
}

/** A moment between two turns of a recording. */
export interface RecordedStart {
  /** Turns that are done. */
  readonly turn: number;
  readonly nowNs: number;
  /** Where the records that follow begin. */
  readonly logAt: number;
  /** Gives the machine's tree the state of that moment. */
  restoreTree(): void;
  /** Gives the machine all of the state of that moment, when it is in its first `poll`. */
  restore(): void;
}

/** A `Host` that gives a recording's inputs again. Outputs go nowhere. At its end the machine is told to quit. */
export class RecordedHost extends SilentHost implements Host {
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly #log: LogReader;
  readonly #hooks: RecordedHostHooks;
  #turns = 0;
  /** Where the first turn is to begin, instead of with the machine as it is set up. */
  #from: RecordedStart | null;
  /** What differs first from when it was recorded; empty if nothing does. */
  differs = '';
  /** Who goes on where the recording has been left. */
  #beyond: Host | null = null;
  /** The machine is in `poll`. */
  inPoll = false;
  /** What reads data of inputs. */
  readonly data: RecordedData;

  constructor(recording: Recording, hooks: RecordedHostHooks, from: RecordedStart | null = null) {
    super();
    this.seed = recording.seed;
    this.nameservers = recording.nameservers;
    this.data = new RecordedData(recording.captures);
    this.#log = new LogReader(recording, from?.logAt);
    this.#hooks = hooks;
    this.#from = from;
    if (!from) {
      this.#lookAhead();
    }
  }

  /** Turns that are done. */
  get turns(): number {
    return this.#turns;
  }

  /** Where in the log the next record is. */
  get at(): number {
    return this.#log.at;
  }

  /** The machine has to stop where the debugger changed it next, if that is not where it is. */
  #lookAhead(here?: ChangePosition): void {
    if (this.#log.peek() === LOG.CHANGE) {
      const at = decodePosition(this.#log.look());
      if (!at.inPoll && !(here && samePosition(at, here))) {
        this.#hooks.changeAt(at);
      }
    }
  }

  /** The next change, if it is at this position. */
  nextChange(here: ChangePosition): Change | null {
    if (this.#log.peek() !== LOG.CHANGE || !samePosition(decodePosition(this.#log.look()), here)) {
      return null;
    }
    this.#log.take();
    decodePosition(this.#log.r);
    this.now_ns = this.#log.r.f64();
    const change = decodeChange(this.#log.r);
    this.#lookAhead(here);
    return change;
  }

  /** Says so when what the machine asks for has not been answered: the present stands in the middle of a turn. */
  #unanswered(): boolean {
    this.#skipSent();
    const ended = this.#log.peek() === 0;
    if (ended) {
      this.#hooks.ends();
    }
    return ended;
  }

  #expect(tag: number, wanted: string): void {
    this.#skipSent();
    const at = this.#log.at;
    const found = this.#log.take();
    if (found !== tag) {
      const isChange = found === LOG.CHANGE;
      const what = isChange ? `a change at ${JSON.stringify(decodePosition(this.#log.r))}` : `record ${found}`;
      const where = `${what} found at byte ${at}, in turn ${this.#turns}, at tick ${this.#hooks.ticks()}`;
      const before = this.differs === '' ? '' : `; ${this.differs}`;
      throw new Error(`the recording does not belong to this program: ${wanted} expected, ${where}${before}`);
    }
  }

  /**
   * What the main loop's frames hold while they are in `poll` comes from the tree. It is restored once more in there:
   * on its way, the loop changes it.
   */
  ready(): void {
    if (this.#from) {
      this.#from.restoreTree();
      this.now_ns = this.#from.nowNs;
    }
  }

  #begin(from: RecordedStart): void {
    this.#from = null;
    from.restore();
    this.now_ns = from.nowNs;
    this.#turns = from.turn;
    this.#lookAhead();
  }

  /** The recording is left where the machine stands: `go` gets the log there, and makes the host that goes on. */
  leave(go: (log: LogReader) => Host): void {
    this.#beyond = go(this.#log);
  }

  poll(timeoutNs: number): readonly Input[] {
    this.inPoll = true;
    const inputs = this.#beyond === null ? this.#recorded(timeoutNs) : this.#pollBeyond(this.#beyond, timeoutNs);
    this.inPoll = false;
    return inputs;
  }

  #pollBeyond(beyond: Host, timeoutNs: number): readonly Input[] {
    const inputs = beyond.poll(timeoutNs);
    this.now_ns = beyond.now_ns;
    return inputs;
  }

  #recorded(timeoutNs: number): readonly Input[] {
    if (this.#from) {
      this.#begin(this.#from);
    }
    this.#skipSent();
    if (this.#log.peek() === LOG.CHANGE) {
      this.#hooks.changesInPoll();
    }
    if (this.#log.peek() === 0) {
      this.#hooks.polls(Number.POSITIVE_INFINITY);
      this.#hooks.ends();
      return this.#beyond === null ? [{ type: 'quit' }] : this.#pollBeyond(this.#beyond, timeoutNs);
    }
    this.#hooks.polls(this.#nextTime());
    if (this.#beyond !== null) {
      return this.#pollBeyond(this.#beyond, timeoutNs);
    }
    this.#expect(LOG.TURN, 'a turn');
    const { r } = this.#log;
    this.#turns++;
    const tick = r.f64();
    this.now_ns = r.f64();
    this.#compare(tick, r.u32());
    this.#hooks.turn(tick);
    const inputs: Input[] = [];
    for (let n = r.u32(); n > 0; n--) {
      inputs.push(decodeInput(r, this.data.read));
    }
    this.#hooks.numbers(r);
    this.#hooks.replayed(inputs, this.#changes());
    this.#lookAhead();
    return inputs;
  }

  /** The record of the connections that the inputs began or ended, if there is one. */
  #changes(): readonly number[] {
    if (this.#log.peek() !== LOG.FLOWS) {
      return NO_CHANGES;
    }
    this.#log.take();
    const { r } = this.#log;
    const changes: number[] = [];
    while (r.pos < r.end) {
      changes.push(r.u32());
    }
    return changes;
  }

  /** The user network has sent fewer frames than when it was recorded: what was said of the others is left out. */
  #skipSent(): void {
    while (this.#log.peek() === LOG.SENT) {
      this.#log.take();
      this.#differ('fewer frames are sent');
    }
  }

  #differ(how: string): void {
    if (this.differs === '') {
      this.differs = `turn ${this.#turns} is the first that differs: ${how}, at ${this.now_ns} ns`;
    }
  }

  /** The clock of the turn that comes. */
  #nextTime(): number {
    const r = this.#log.look();
    r.f64();
    return r.f64();
  }

  /** Notes the first turn before which the machine did something else than when it was recorded. */
  #compare(tick: number, check: number): void {
    const ticks = this.#hooks.ticks();
    if (this.differs !== '' || ticks < 0) {
      return;
    }
    const now = this.#hooks.check();
    // Sums are 0 where they are not computed, which says nothing of the turn.
    const sumsDiffer = now !== 0 && check !== 0 && now !== check;
    if (ticks !== tick || sumsDiffer) {
      const what = ticks === tick ? 'its sums differ' : `${ticks} ticks instead of ${tick}`;
      this.differs = `turn ${this.#turns} is the first that begins otherwise: ${what}, at ${this.now_ns} ns`;
    }
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    if (this.#beyond !== null) {
      return this.#beyond.listen(fd, type, addr);
    }
    if (this.#from) {
      // What the machine is told while it is set up is replaced with the state that it is to have.
      return { errno: '', port: 1 };
    }
    if (this.#unanswered()) {
      return { errno: 'EAGAIN', port: 0 };
    }
    this.#expect(LOG.LISTEN, 'the answer to a listen');
    const answer = { errno: this.#log.r.text(), port: this.#log.r.u32() };
    this.#lookAhead();
    return answer;
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    if (this.#beyond?.read_file) {
      return this.#beyond.read_file(dir, name, off, len);
    }
    if (this.#unanswered()) {
      return { errno: 'EAGAIN', size: 0, data: new Uint8Array() };
    }
    this.#expect(LOG.READ_FILE, 'the answer to a read of a file');
    const { r } = this.#log;
    const answer = { errno: r.text(), size: r.f64(), data: getInline(r) };
    this.#lookAhead();
    return answer;
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#hooks.allocShared(name, bytes);
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    if (this.#beyond !== null) {
      this.#beyond.frame(dir, buf, size);
      return;
    }
    if (dir === 0 || this.#from !== null || this.#log.peek() !== LOG.SENT) {
      this.#hooks.frame(dir, buf, size, 0, 0);
      return;
    }
    this.#log.take();
    const number = this.#log.r.u32();
    const grade = this.#log.r.u8();
    this.#hooks.numbers(this.#log.r);
    this.#hooks.frame(dir, buf, size, number, grade);
    this.#lookAhead();
  }

  qtest_send(): void {}
  write_file(): void {}
  report(): void {}
}
