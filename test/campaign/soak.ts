/** One session that goes on and on: traffic both ways, byte by byte, stops, the past, questions, restarts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { queryRequest } from '../../adapter/commands/query-text.ts';
import { Session } from '../core/session.ts';
import { scattered } from '../kit/random.ts';
import { until } from '../kit/until.ts';
import { theme } from './theme.ts';

/** What happens: bytes to the guest and back; a stop with the past and a question; a machine that is new. */
type Piece =
  | { readonly bytes: number; readonly loss: number }
  | { readonly stop: string; readonly back: boolean; readonly ask: boolean }
  | { readonly restart: true };

const PLACES = ['e1000_send_packet', 'slirp_input', 'ip_input', 'slirp_output', 'e1000_receive_iov', 'main_loop_wait'];
const HISTORY = 16 << 20;
const PIECES = 10;
/** Bytes that a file of the guest's takes. */
const FILE_MAX = 128 << 10;
/** Part of the frames that a bad link loses, repeats, or puts out of order, each. */
const LOSS = 0.01;
/** Milliseconds that the guest may take. */
const PATIENCE_MS = 60_000;

let s: Session;
let server: Server;
let marks = 0;

async function launch(): Promise<void> {
  s.console = '';
  s.port = 0;
  await s.launch({ historySize: HISTORY });
  await s.printed('lease of');
}

/** Has the guest do something and say so at its end. */
function guest(line: string): () => boolean {
  const mark = `mark ${++marks}`;
  s.guest(`${line}; echo ${mark}`);
  return () => s.console.includes(`\n${mark}`);
}

/** Sends until the guest's program is there, which refuses those before it. */
function send(bytes: Uint8Array, done: () => boolean): void {
  const client = s.connect();
  client.end(bytes);
  client.resume();
  client.once('close', () => {
    if (!done() && s.engine.state === 'running') {
      send(bytes, done);
    }
  });
}

/** Bytes go into a file of the guest's and come back as they were. */
async function roundTrip({ bytes, loss }: { bytes: number; loss: number }): Promise<void> {
  const sent = scattered(bytes, marks);
  s.engine.setLink('user.0', { loss, duplicate: loss, reorder: loss, delayNs: 0 });
  const taken = guest('nc -l -p 5556 > got');
  send(sent, taken);
  await until(taken, 'the guest has taken it', PATIENCE_MS);
  const { port } = server.address() as AddressInfo;
  const came = once(server, 'connection') as Promise<[Socket]>;
  const given = guest(`nc 10.0.2.2 ${port} < got`);
  const [socket] = await came;
  const back = await buffer(socket);
  // Its program ends when this side does, whatever it has still to give.
  socket.end();
  await until(given, 'the guest has given it', PATIENCE_MS);
  s.engine.setLink('user.0', { loss: 0, duplicate: 0, reorder: 0, delayNs: 0 });
  assert.ok(back.equals(sent), `${back.length} of ${sent.length} bytes came back, or others`);
  s.console = '';
}

async function look({ stop, back, ask }: { stop: string; back: boolean; ask: boolean }): Promise<void> {
  const { engine } = s;
  s.unseen();
  s.break(stop, undefined, { temporary: true });
  const done = guest('ping -c 1 -W 1 10.0.2.2');
  await s.stop();
  assert.ok((await s.frameNames()).length > 1);
  if (ask) {
    const { complete } = await engine.query(queryRequest(engine, s.evaluator, 'calls', stop), {
      rows: () => undefined,
    });
    assert.ok(complete);
  }
  if (back) {
    await engine.reverse('into');
    await s.stop();
    await engine.goTo('present');
    await s.stop();
  }
  await s.resume();
  await until(done, 'the ping is over', PATIENCE_MS);
  s.console = '';
}

export const soak = theme<Piece>({
  unit: 'acts',
  deadline: 180_000,
  async open() {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    s = await Session.create();
    await launch();
  },
  make(random) {
    return Array.from({ length: PIECES }, (): Piece => {
      const kind = random.next(20);
      if (kind === 0) {
        return { restart: true };
      }
      return kind < 8
        ? { bytes: 1 + random.next(FILE_MAX), loss: random.next(3) === 0 ? LOSS : 0 }
        : { stop: random.pick(PLACES), back: random.next(4) === 0, ask: random.next(8) === 0 };
    });
  },
  async attempt(pieces) {
    for (const piece of pieces) {
      if ('restart' in piece) {
        await launch();
      } else if ('bytes' in piece) {
        await roundTrip(piece);
      } else {
        await look(piece);
      }
    }
    // Its past and its questions have threads: without a new machine what is held would depend on what came last.
    await launch();
    return pieces.length;
  },
  async close() {
    await s.dispose();
    server.close();
  },
});
