/**
 * The main thread's end of the mailbox: posts inputs, carries out outputs with `NodeSockets`.
 *
 * Everything here runs on the main thread; the other end, `LiveHost`, on the inferior's.
 * - Inputs: a socket's event or the front end puts a record into the ring, then adds to `CTL.DOORBELL` and, if
 *   `CTL.IN_WAITING` says that the inferior sleeps, notifies it. Of the inputs of one turn of the event loop the first
 *   and the last ring.
 * - Outputs: the inferior fills its ring and posts 'ring' when `CTL.OUT_IDLE` is 1; the engine then calls `drain`.
 *   While the ring is being drained `OUT_IDLE` is 0, so a machine that says much costs one message.
 * - `listen`: the inferior sleeps on `CTL.LISTEN_DONE` until `#listen` has the system's answer.
 * - Room: an input that finds none stays here and is tried every `RETRY_MS`; the inferior does not tell of every byte
 *   that it frees.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Change } from '../mailbox/change.ts';
import { CHANGE_REQUEST, encodeInput, inputRoom, type Reader, type Writer } from '../mailbox/codec.ts';
import { CTL, errnoNumber, type MailboxBuffers, OUT, RecordRing } from '../mailbox/mailbox.ts';
import { ReceivePool } from '../mailbox/receive-pool.ts';
import type { Input, sockaddr } from '../stack/util/host.ts';
import { OutputFiles } from './output-files.ts';
import { NodeSockets } from './sockets.ts';

/** What the machine says besides its socket calls. */
export interface PumpEvents {
  console(text: string): void;
  monitorReply(id: number, text: string): void;
  report(level: 'info' | 'warning' | 'error', text: string): void;
  log(breakpoint: number, probe: number, text: string): void;
  qtest?(text: string): void;
  /** A change that was asked for is done. */
  changed?(id: number): void;
  /** Bytes that were received belong at a place of the log; their memory may be used again afterwards. */
  keep?(data: Uint8Array, place: number): void;
}

/** Asks the inferior to change something in its next poll. */
interface ChangeRequest {
  readonly type: 'change';
  readonly id: number;
  readonly json: string;
}

/** Times that the ring of outputs is emptied in one go. */
const DRAIN_ROUNDS = 16;
/** Characters of text in one input. */
const TEXT_PIECE = 1 << 15;
/** Milliseconds after which inputs that found no room are tried again. */
const RETRY_MS = 2;

export class Pump {
  readonly #ctl: Int32Array;
  readonly #input: RecordRing;
  readonly #output: RecordRing;
  readonly #pool: ReceivePool;
  /** The memory of the pool. */
  readonly #received: Uint8Array;
  readonly #sockets: NodeSockets;
  readonly #events: PumpEvents;
  readonly #files: OutputFiles;
  readonly #later: (Input | ChangeRequest)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;
  /** True from the first input of a turn of the event loop to its end. */
  #bell = false;
  /** What has come of the reply to a monitor command. */
  #reply = '';
  /** Text comes in pieces that may end within a character. */
  readonly #consoleText = new StringDecoder();
  readonly #replyText = new StringDecoder();
  readonly #qtestText = new StringDecoder();
  /** Bytes that the pool took of the last input. */
  #taken = 0;

  constructor(buffers: MailboxBuffers, events: PumpEvents) {
    this.#ctl = new Int32Array(buffers.ctl);
    this.#input = new RecordRing(buffers.ctl, buffers.input, CTL.IN_HEAD, CTL.IN_TAIL);
    this.#output = new RecordRing(buffers.ctl, buffers.output, CTL.OUT_HEAD, CTL.OUT_TAIL);
    this.#pool = new ReceivePool(buffers.pool);
    this.#received = new Uint8Array(buffers.pool);
    this.#events = events;
    this.#files = new OutputFiles((text) => events.report('warning', text));
    this.#sockets = new NodeSockets({
      post: (input) => this.#postNow(input),
      released: (fd, n) => this.#pool.consumed(fd, n),
      reserve: (fd) => this.#pool.reserve(fd),
      unreserve: (page) => this.#pool.unreserve(page),
      scarce: () => this.#pool.scarce,
      wait: () => this.#scheduleRetry(),
      warn: (text) => events.report('warning', text),
    });
    Atomics.store(this.#ctl, CTL.OUT_IDLE, 1);
  }

  /**
   * Posts an input that does not come from a socket; never lost, in order. Text of any length goes in pieces, a command
   * has to be one.
   */
  post(input: Input): void {
    if (input.type === 'monitor' && input.line.length > TEXT_PIECE) {
      const text = `the command has ${input.line.length} characters; there is room for ${TEXT_PIECE}\n`;
      this.#events.monitorReply(input.id, text);
      return;
    }
    if (input.type === 'console' || input.type === 'qtest') {
      this.#later.push(...pieces(input.text).map((text) => ({ type: input.type, text })));
    } else {
      this.#later.push(input);
    }
    this.#retry();
  }

  /** Asks for a change, in order with the inputs. It has to fit into a record. */
  change(id: number, change: Change): void {
    this.#later.push({ type: 'change', id, json: JSON.stringify(change) });
    this.#retry();
  }

  #postNow(input: Input | ChangeRequest): number {
    const w = this.#input.begin(input.type === 'change' ? 16 + 3 * input.json.length : inputRoom(input));
    if (w === null) {
      this.#scheduleRetry();
      return 0;
    }
    this.#taken = 1;
    if (input.type === 'change') {
      w.u8(CHANGE_REQUEST).u32(input.id).text(input.json);
    } else {
      encodeInput(w, input, this.#pooled);
    }
    if (this.#taken === 0 && 'data' in input && input.data.length > 0) {
      this.#scheduleRetry();
      return 0;
    }
    this.#input.commit();
    if (!this.#bell) {
      // The first input of a turn of the event loop wakes the inferior, while further ones come in; those are told of
      // together.
      this.#bell = true;
      setImmediate(this.#lastRing);
      this.#ring();
    }
    return input.type === 'data' ? this.#taken : 1;
  }

  /** Puts an input's data into the pool. */
  readonly #pooled = (w: Writer, data: Uint8Array, input: Input): void => {
    const at = this.#pool.put('fd' in input ? input.fd : 0, data, input.type === 'datagram');
    this.#taken = at === null ? 0 : at.n;
    w.u32(at?.at ?? 0).u32(this.#taken);
  };

  readonly #lastRing = (): void => {
    this.#bell = false;
    this.#ring();
  };

  /** Tells the inferior of inputs. */
  #ring(): void {
    Atomics.add(this.#ctl, CTL.DOORBELL, 1);
    if (Atomics.exchange(this.#ctl, CTL.IN_WAITING, 0) === 1) {
      Atomics.notify(this.#ctl, CTL.DOORBELL);
    }
  }

  #retry(): void {
    while (this.#later.length > 0 && this.#postNow(this.#later[0] as Input | ChangeRequest) !== 0) {
      this.#later.shift();
    }
    this.#sockets.retry();
    if (this.#later.length > 0 || this.#sockets.waiting) {
      this.#scheduleRetry();
    }
  }

  #scheduleRetry(): void {
    if (!this.#timer && !this.#disposed) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        // What the inferior has consumed may be what there is no room for, and it need not have told of so little.
        if (!this.#output.empty) {
          this.drain();
        }
        this.#retry();
      }, RETRY_MS);
    }
  }

  /** Resolves when the connections the machine has asked for are made or refused, as far as that takes no time. */
  settled(): Promise<void> {
    return this.#sockets.settled();
  }

  /** Carries out the outputs that are in the ring; called when the inferior rings. */
  drain(): void {
    Atomics.store(this.#ctl, CTL.OUT_IDLE, 0);
    for (let round = 0; round < DRAIN_ROUNDS && !this.#output.empty && !this.#disposed; round++) {
      this.#output.drain(this.#output.mark(), this.#carryOut);
    }
    this.#sockets.flush();
    if (this.#output.empty) {
      Atomics.store(this.#ctl, CTL.OUT_IDLE, 1);
    }
    if (!this.#output.empty && !this.#disposed) {
      // A machine that says ever more must not keep this thread from everything else.
      setImmediate(() => this.drain());
    }
    if (this.#sockets.waiting) {
      this.#retry();
    }
  }

  /** Carries out one output: a call of a socket, or something else that the machine says. */
  readonly #carryOut = (r: Reader): void => {
    const sockets = this.#sockets;
    const kind = r.u8();
    switch (kind) {
      case OUT.LISTEN:
        this.#listen(r.u32(), r.u8(), need(r.sockaddr()));
        break;
      case OUT.CONNECT:
        sockets.connect(r.u32(), need(r.sockaddr()), r.sockaddr());
        break;
      case OUT.OPEN:
        sockets.datagrams.open(r.u32(), r.u8(), r.u8(), r.sockaddr());
        break;
      case OUT.SEND:
        sockets.send(r.u32(), r.rest());
        break;
      case OUT.SENDTO: {
        const fd = r.u32();
        const ttl = r.u8();
        const to = need(r.sockaddr());
        sockets.datagrams.sendto(fd, copyOf(r), to, ttl);
        break;
      }
      case OUT.CONSUMED:
        sockets.consumed(r.u32(), r.u32());
        break;
      case OUT.SHUTDOWN:
        sockets.shutdown(r.u32());
        break;
      case OUT.CLOSE: {
        const fd = r.u32();
        sockets.close(fd, r.u8() === 1);
        this.#pool.forget(fd);
        break;
      }
      default:
        this.#hear(kind, r);
    }
  };

  /** Passes on what the machine says besides its socket calls. */
  #hear(kind: number, r: Reader): void {
    switch (kind) {
      case OUT.CONSOLE:
        this.#events.console(this.#consoleText.write(copyOf(r)));
        break;
      case OUT.MONITOR_TEXT:
        this.#reply += this.#replyText.write(copyOf(r));
        break;
      case OUT.MONITOR_REPLY:
        this.#events.monitorReply(r.u32(), this.#reply);
        this.#reply = '';
        break;
      case OUT.CHANGED:
        this.#events.changed?.(r.u32());
        break;
      case OUT.QTEST:
        this.#events.qtest?.(this.#qtestText.write(copyOf(r)));
        break;
      case OUT.WRITE_FILE: {
        const create = r.u8() === 1;
        this.#files.write(r.text(), create, r.rest());
        break;
      }
      case OUT.REPORT:
        this.#events.report(r.text() as 'info', r.text());
        break;
      case OUT.LOG:
        this.#events.log(r.u32(), r.u32(), r.text());
        break;
      case OUT.KEEP: {
        const at = r.u32();
        this.#events.keep?.(this.#received.subarray(at, at + r.u32()), r.f64());
        break;
      }
    }
  }

  #listen(fd: number, type: number, addr: sockaddr): void {
    void this.#sockets.listen(fd, type, addr).then(({ errno, port }) => {
      Atomics.store(this.#ctl, CTL.LISTEN_ERRNO, errnoNumber(errno));
      Atomics.store(this.#ctl, CTL.LISTEN_PORT, port);
      Atomics.add(this.#ctl, CTL.LISTEN_DONE, 1);
      Atomics.notify(this.#ctl, CTL.LISTEN_DONE);
    });
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#sockets.dispose();
    this.#files.dispose();
  }
}

/** Text in pieces of at most `TEXT_PIECE` characters, which end with one. */
function pieces(text: string): string[] {
  return text.match(PIECE) ?? [text];
}

const PIECE = new RegExp(`.{1,${TEXT_PIECE / 2}}`, 'gsu');

/** What is left of a record, in memory of its own. */
const copyOf = (r: Reader): Buffer => Buffer.from(r.rest());

function need(a: sockaddr | null): sockaddr {
  if (!a) {
    throw new RangeError('an output record has no address');
  }
  return a;
}
