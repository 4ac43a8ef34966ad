/** A system that refuses any of its calls, at any time, of any number of connections: answers, and nothing left. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { OutputFiles } from '../../adapter/host/output-files.ts';
import { NodeSockets } from '../../adapter/host/sockets.ts';
import { AF_UNIX, type Input, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from '../../adapter/stack/util/host.ts';
import { NO_ADDR, sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { ERRNOS, type Errno, type Place, refuse } from '../kit/faults.ts';
import { handles } from '../kit/handles.ts';
import { IDLE_PORT } from '../kit/idle-port.ts';
import type { Random } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { soon } from '../kit/until.ts';
import { theme } from './theme.ts';

/** A call that is refused from its `nth` on, or what the stack asks for of a socket. */
type Piece =
  | { readonly place: Place; readonly call: string; readonly errno: Errno; readonly nth: number }
  | { readonly act: (typeof ACTS)[number]; readonly fd: number }
  | { readonly turns: number };

const PIECES = 40;
const LOOPBACK = 0x7f000001;
/** The first descriptor of those that listen. */
const LISTENING = 100;

const CALLS: readonly (readonly [Place, string])[] = [
  ['tcp', 'connect'],
  ['tcp', 'bind'],
  ['tcp', 'listen'],
  ['pipe', 'connect'],
  ['pipe', 'listen'],
  ['udp', 'bind'],
  ['udp', 'connect'],
  ['udp', 'send'],
  ['stream', 'writeBuffer'],
  ['stream', 'shutdown'],
  ['stream', 'readStart'],
  ['process', 'spawn'],
  ['fs', 'mkdtempSync'],
  ['fs', 'openSync'],
  ['fs', 'writeSync'],
  ['fs', 'symlinkSync'],
];

const ACTS = [
  'connect',
  'bound',
  'unix',
  'exec',
  'send',
  'shutdown',
  'close',
  'udp',
  'ping',
  'listen',
  'file',
] as const;

function make(random: Random): Piece[] {
  return Array.from({ length: PIECES }, (): Piece => {
    const kind = random.next(8);
    if (kind === 0) {
      const [place, call] = random.pick(CALLS);
      return { place, call, errno: random.pick(ERRNOS), nth: 1 + random.next(3) };
    }
    return kind === 1 ? { turns: random.next(20) } : { act: random.pick(ACTS), fd: 10 + random.next(6) };
  });
}

let server: Server;
let port = 0;
/** Its ends of connections: what is refused is refused to them too. */
const connections = new Set<Socket>();
const folder = tempFolder();

/** A host whose stack keeps no socket that has failed, as the sockets' answers say. */
class Host {
  readonly open = new Set<number>();
  readonly warnings: string[] = [];
  #listeners = 0;
  readonly sockets = new NodeSockets({
    post: (input) => this.#heard(input),
    ...IDLE_PORT,
    warn: (text) => void this.warnings.push(text),
  });
  readonly #files = new OutputFiles((text) => this.warnings.push(text));

  #heard(input: Input): number {
    if (input.type === 'error' && 'fd' in input) {
      assert.match(input.errno, /^E[A-Z0-9]+$/);
    }
    return 0;
  }

  act(what: (typeof ACTS)[number], fd: number): void {
    const { sockets, open } = this;
    const fresh = !open.has(fd);
    const unix = (path: string) => ({ ...NO_ADDR, sa_family: AF_UNIX, sun_path: path });
    const begin: Readonly<Partial<Record<typeof what, () => void>>> = {
      connect: () => sockets.connect(fd, sockaddr_in(LOOPBACK, port), null),
      bound: () => sockets.connect(fd, sockaddr_in(LOOPBACK, port), sockaddr_in(LOOPBACK, 0)),
      unix: () => sockets.connect(fd, unix(join(folder, 'none')), null),
      exec: () => sockets.connect(fd, unix('exec:cat'), null),
      udp: () => {
        sockets.datagrams.open(fd, SOCK_DGRAM, 2, null);
        sockets.datagrams.sendto(fd, Buffer.from('?'), sockaddr_in(LOOPBACK, 9), 0);
      },
      ping: () => {
        sockets.datagrams.open(fd, SOCK_RAW, 2, null);
        sockets.datagrams.sendto(fd, new Uint8Array(8), sockaddr_in(LOOPBACK, 0), 0);
      },
    };
    const start = begin[what];
    if (start !== undefined && fresh) {
      open.add(fd);
      start();
    } else if (what === 'close' && !fresh) {
      open.delete(fd);
      sockets.close(fd, fd % 2 === 0);
    } else if (what === 'send' && !fresh) {
      sockets.send(fd, Buffer.alloc(1000));
    } else if (what === 'shutdown' && !fresh) {
      sockets.shutdown(fd);
    } else if (what === 'listen') {
      void sockets.listen(LISTENING + this.#listeners++, SOCK_STREAM, sockaddr_in(LOOPBACK, 0));
    } else if (what === 'file') {
      this.#files.write(join(folder, 'dump'), true, Buffer.from('1'));
    }
  }

  end(): void {
    this.sockets.dispose();
    this.#files.dispose();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const faults = theme<Piece>({
  unit: 'calls',
  async open() {
    server = createServer((c) => {
      connections.add(c);
      c.once('close', () => connections.delete(c))
        .on('error', () => undefined)
        .resume()
        .end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  },
  make,
  async attempt(pieces) {
    const noted = handles();
    const host = new Host();
    const accept: (() => number)[] = [];
    try {
      for (const piece of pieces) {
        if ('act' in piece) {
          host.act(piece.act, piece.fd);
        } else if ('turns' in piece) {
          for (let n = 0; n < piece.turns; n++) {
            await turn();
          }
        } else {
          accept.push(refuse(piece.place, piece.call, piece.errno, piece.nth));
        }
      }
      for (let n = 0; n < 20; n++) {
        await turn();
      }
      return pieces.length;
    } finally {
      // The last one knows the call as the one before has left it.
      for (const end of accept.reverse()) {
        end();
      }
      host.end();
      for (const c of connections) {
        c.destroy();
      }
      const left = !(await soon(() => noted.left().length === 0, 1000, 1));
      noted.end();
      assert.ok(!left, `handles that are not given back: ${noted.left()}`);
    }
  },
  async close() {
    server.close();
  },
});
