/**
 * Clients that send any request, at any time and all at once, among bytes that are none. Each is answered once; a
 * client that goes in the middle of it all takes its session with it.
 */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage } from '../../adapter/dap/transport.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { type Session, sessionOver, type TestClient } from '../dap/client.ts';
import { toyEngine } from '../engine/toy.ts';
import { capture } from '../kit/paths.ts';
import type { Random } from '../kit/random.ts';
import { soon, until } from '../kit/until.ts';
import { REQUESTS } from './dap-requests.ts';
import { theme } from './theme.ts';

/** What is sent: a request, bytes that are no message; or which machine it is, and turns of the event loop. */
type Piece =
  | { readonly command: string; readonly args: unknown }
  | { readonly bytes: string }
  | { readonly gone: true }
  | { readonly replay: boolean }
  | { readonly turns: number };

const MESSAGES = 400;
/** One session in so many has the real machine. */
const REAL = 6;
/** One client in so many goes without a word. */
const GONE = 5;
/** Milliseconds that a request may take; what takes longer than a moment may be a loop. */
const ANSWERED_MS = 8000;
const LOOP_MS = 500;

const GARBAGE = [
  'hello',
  'Content-Length: 3\r\n\r\n{{{',
  'Content-Length: -1\r\n\r\n',
  'Content-Length: 0\r\n\r\n',
  '\r\n\r\n',
  encodeMessage([1, 2]),
  encodeMessage({ type: 'response', seq: 1, request_seq: 1, command: 'initialize', success: true }),
  encodeMessage({ type: 'event', seq: 2, event: 'stopped' }),
  encodeMessage({ type: 'request', seq: 'x', command: 5 }),
];

const LAUNCH = {
  toy: { args: ['-nodefaults'], guestCommands: ['outer 3000'] },
  real: { trace: capture('02-hello.pcap'), initCommands: ['break qemu_deliver_packet_iov'] },
};

function make(random: Random): Piece[] {
  const replay = random.next(REAL) === 0;
  const begin: Piece[] = [
    { command: 'initialize', args: { adapterID: 'pktgdb', supportsInvalidatedEvent: true } },
    { command: 'launch', args: replay ? LAUNCH.real : LAUNCH.toy },
    { command: 'setFunctionBreakpoints', args: { breakpoints: [{ name: replay ? 'ip_input' : 'inner' }] } },
    { command: 'configurationDone', args: {} },
  ];
  const rest = Array.from({ length: MESSAGES }, (): Piece => {
    const kind = random.next(40);
    if (kind < 8) {
      return { turns: random.next(random.next(5) === 0 ? 30 : 4) };
    }
    return kind === 8 ? { bytes: random.pick(GARBAGE) } : random.pick(REQUESTS)(random);
  });
  if (random.next(GONE) === 0) {
    rest.splice(random.next(MESSAGES), MESSAGES, { gone: true });
  }
  // Sometimes it begins in the middle.
  return [{ replay }, ...(random.next(10) === 0 ? [] : begin), ...rest];
}

async function open(replay: boolean): Promise<Session<Engine>> {
  return sessionOver(
    await (replay ? Engine.create() : toyEngine()),
    (engine, write) => new GdbInterpreter(engine, { write: (text) => write(text), waitForStops: false }),
  );
}

/** How often each request was answered. Messages are looked at once, as there are many of them. */
class Answers {
  readonly #client: TestClient;
  readonly #count = new Map<number, number>();
  #seen = 0;

  constructor(client: TestClient) {
    this.#client = client;
  }

  of(seq: number): number {
    const { received } = this.#client;
    for (; this.#seen < received.length; this.#seen++) {
      const { type, request_seq: answered } = received[this.#seen] as DebugProtocol.Response;
      if (type === 'response') {
        this.#count.set(answered, (this.#count.get(answered) ?? 0) + 1);
      }
    }
    return this.#count.get(seq) ?? 0;
  }
}

/** Sends all that; returns the commands by number. */
async function send(s: Session<Engine>, pieces: readonly Piece[]): Promise<Map<number, string>> {
  const sent = new Map<number, string>();
  for (const piece of pieces) {
    if ('turns' in piece) {
      for (let n = 0; n < piece.turns; n++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if ('bytes' in piece) {
      s.client.raw(piece.bytes);
    } else if ('command' in piece) {
      const seq = 1000 + sent.size;
      sent.set(seq, piece.command);
      s.client.raw(encodeMessage({ seq, type: 'request', command: piece.command, arguments: piece.args }));
    }
  }
  return sent;
}

/** Cancels what the console still does. */
function cancelAll(s: Session<Engine>, sent: ReadonlyMap<number, string>, answers: Answers): void {
  for (const [requestId, command] of sent) {
    if (command === 'evaluate' && answers.of(requestId) === 0) {
      const seq = 100_000 + requestId;
      s.client.raw(encodeMessage({ seq, type: 'request', command: 'cancel', arguments: { requestId } }));
    }
  }
}

/** All that were sent are answered once; what is an endless loop ends when it is cancelled. */
async function allAnswered(s: Session<Engine>, sent: ReadonlyMap<number, string>): Promise<void> {
  const answers = new Answers(s.client);
  const missing = (): string[] =>
    [...sent].filter(([seq]) => answers.of(seq) === 0).map(([seq, command]) => `${command} (${seq})`);
  if (!(await soon(() => missing().length === 0, LOOP_MS))) {
    cancelAll(s, sent, answers);
    await soon(() => missing().length === 0, ANSWERED_MS);
  }
  assert.ok(missing().length === 0, `not answered: ${missing().join(', ')}`);
  s.client.raw(encodeMessage({ seq: 999_999, type: 'request', command: 'disconnect', arguments: {} }));
  await until(() => answers.of(999_999) > 0, 'the end is answered', ANSWERED_MS);
  assert.deepEqual(
    [...sent].filter(([seq]) => answers.of(seq) > 1),
    [],
    'answered more than once',
  );
}

/** The session of a client that is gone is over, whatever it was at. */
async function overAtOnce(s: Session<Engine>): Promise<void> {
  let over = false;
  s.client.input.end();
  void s.ended.then(() => {
    over = true;
  });
  assert.ok(await soon(() => over, ANSWERED_MS), 'goes on without its client');
}

export const dap = theme<Piece>({
  unit: 'messages',
  deadline: 30_000,
  async open() {
    // The toy is compiled once, which is not what is measured.
    await (await toyEngine()).dispose();
  },
  make,
  async attempt(pieces) {
    const s = await open(pieces.some((piece) => 'replay' in piece && piece.replay));
    try {
      const sent = await send(s, pieces);
      await (pieces.some((piece) => 'gone' in piece) ? overAtOnce(s) : allAnswered(s, sent));
      return sent.size + 1;
    } finally {
      s.client.input.end();
      await s.ended;
    }
  },
});
