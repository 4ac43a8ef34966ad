/** A system that refuses: each call of the host, with each errno, ends in an answer to the stack and leaves nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { serveDebuggers } from '../../adapter/attach/server.ts';
import { OutputFiles } from '../../adapter/host/output-files.ts';
import { openSocket, parseChardev } from '../../adapter/host/qtest.ts';
import { NodeSockets } from '../../adapter/host/sockets.ts';
import { readServed } from '../../adapter/inferior/served-files.ts';
import { QemuProcess } from '../../adapter/qemu/run.ts';
import { AF_UNIX, type Input, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from '../../adapter/stack/util/host.ts';
import { NO_ADDR, sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { fakeInterpreter } from '../dap/client.ts';
import { DapEngine } from '../dap/fake-engine.ts';
import { ERRNOS, type Errno, listeners, type Place, refuse } from '../kit/faults.ts';
import { handles } from '../kit/handles.ts';
import { IDLE_PORT } from '../kit/idle-port.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';

const LOOPBACK = 0x7f000001;
const FD = 4;

const unix = (path: string) => ({ ...NO_ADDR, sa_family: AF_UNIX, sun_path: path });

/** What the stack hears of its sockets. */
class Heard {
  readonly inputs: Input[] = [];
  readonly warnings: string[] = [];
  readonly sockets = new NodeSockets({
    post: (input) => this.inputs.push(input.type === 'data' ? { ...input, data: input.data.slice() } : input),
    ...IDLE_PORT,
    warn: (text) => void this.warnings.push(text),
  });

  errno(): string | undefined {
    return this.inputs.flatMap((input) => (input.type === 'error' ? [input.errno] : []))[0];
  }
}

describe('a system that refuses', () => {
  let heard: Heard;
  const folder = tempFolder();
  const temporary = tempFolder();
  const runtimeFolder = tempFolder();
  const given = process.env['TMPDIR'];

  beforeEach(() => {
    process.env['TMPDIR'] = temporary;
    heard = new Heard();
  });

  afterEach(async () => {
    heard.sockets.dispose();
    await until(() => readdirSync(temporary).length === 0, 'no temporary folder is left');
    if (given === undefined) {
      delete process.env['TMPDIR'];
    } else {
      process.env['TMPDIR'] = given;
    }
  });

  /** Has one call refused with each errno while `use` runs, which says what came of it. */
  function refused(
    what: string,
    calls: readonly (readonly [Place, string])[],
    use: (errno: Errno) => Promise<string | undefined>,
    expected: (errno: Errno) => string = (errno) => errno,
  ): void {
    for (const [place, call] of calls) {
      it(`${what}: ${place}.${call}`, async () => {
        for (const errno of ERRNOS) {
          heard.sockets.dispose();
          heard = new Heard();
          const accept = refuse(place, call, errno);
          try {
            assert.equal(await use(errno), expected(errno));
          } finally {
            assert.ok(accept() > 0, `${call} was not called`);
          }
        }
      });
    }
  }

  async function failed(): Promise<string | undefined> {
    await until(() => heard.errno() !== undefined, 'an error');
    return heard.errno();
  }

  refused('a connection', [['tcp', 'connect']], () => {
    heard.sockets.connect(FD, sockaddr_in(LOOPBACK, 9), null);
    return failed();
  });

  refused('a connection from a port of its own', [['tcp', 'bind']], () => {
    heard.sockets.connect(FD, sockaddr_in(LOOPBACK, 9), sockaddr_in(LOOPBACK, 0));
    return failed();
  });

  refused('a connection to a Unix socket', [['pipe', 'connect']], () => {
    heard.sockets.connect(FD, unix(join(folder, 's')), null);
    return failed();
  });

  refused('what is sent', [['stream', 'writeBuffer']], async () => {
    const server = createServer((c) => c.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    heard.sockets.connect(FD, sockaddr_in(LOOPBACK, (server.address() as AddressInfo).port), null);
    await until(() => heard.inputs.some((input) => input.type === 'connected'), 'connected');
    heard.sockets.send(FD, Buffer.from('GET'));
    heard.sockets.flush();
    server.close();
    return failed();
  });

  it('a reset of a connection whose direction is being shut leaves no descriptor', async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const came = once(server, 'connection') as Promise<[Socket]>;
    heard.sockets.connect(FD, sockaddr_in(LOOPBACK, (server.address() as AddressInfo).port), null);
    const [peer] = await came;
    peer.on('error', () => undefined).resume();
    await until(() => heard.inputs.some((input) => input.type === 'connected'), 'connected');
    heard.sockets.shutdown(FD);
    heard.sockets.close(FD, true);
    // Where the descriptor is still open all of this is taken.
    await until(() => {
      peer.write('more');
      return peer.destroyed;
    }, 'the end of the connection');
    server.close();
  });

  const listen = async (address = sockaddr_in(LOOPBACK, 0), type = SOCK_STREAM): Promise<string> =>
    (await heard.sockets.listen(2, type, address)).errno;
  const listening: [Place, string][] = [
    ['tcp', 'bind'],
    ['tcp', 'listen'],
  ];
  refused('a forward of TCP', listening, () => listen());
  refused('a forward of a Unix socket', [['pipe', 'listen']], () => listen(unix(join(folder, 's'))));
  refused('a forward of UDP', [['udp', 'bind']], () => listen(sockaddr_in(LOOPBACK, 0), SOCK_DGRAM));

  const sending: [Place, string][] = [
    ['udp', 'bind'],
    ['udp', 'connect'],
    ['udp', 'send'],
  ];
  refused('a datagram', sending, () => {
    heard.sockets.datagrams.open(FD, SOCK_DGRAM, 2, null);
    heard.sockets.datagrams.sendto(FD, Buffer.from('?'), sockaddr_in(LOOPBACK, 9), 0);
    return failed();
  });

  for (const [place, call] of sending) {
    it(`a datagram after one that was refused: ${place}.${call}`, async () => {
      const server = createSocket('udp4').bind(0, '127.0.0.1');
      await once(server, 'listening');
      const came = once(server, 'message') as Promise<[Buffer]>;
      const to = sockaddr_in(LOOPBACK, server.address().port);
      heard.sockets.datagrams.open(FD, SOCK_DGRAM, 2, null);
      const accept = refuse(place, call, 'EMFILE');
      heard.sockets.datagrams.sendto(FD, Buffer.from('lost'), to, 0);
      await failed();
      accept();
      heard.sockets.datagrams.sendto(FD, Buffer.from('hello'), to, 0);
      assert.equal(String((await came)[0]), 'hello');
      server.close();
    });
  }

  for (const call of ['bind', 'connect']) {
    it(`a datagram whose socket is closed before the system refuses: udp.${call}`, async () => {
      const noted = handles();
      const accept = refuse('udp', call, 'EMFILE');
      heard.sockets.datagrams.open(FD, SOCK_DGRAM, 2, null);
      heard.sockets.datagrams.sendto(FD, Buffer.from('?'), sockaddr_in(LOOPBACK, 9), 0);
      heard.sockets.close(FD, false);
      await until(() => noted.left().length === 0, 'its handle is given back');
      accept();
      noted.end();
      assert.deepEqual(heard.inputs, []);
    });
  }

  it('a connection to a forward, which takes the next one', async () => {
    const all = listeners();
    const { port } = await heard.sockets.listen(2, SOCK_STREAM, sockaddr_in(LOOPBACK, 0));
    all.end();
    for (const errno of ERRNOS) {
      assert.equal(all.refuse(errno), 1);
    }
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    await until(() => heard.inputs.some((input) => input.type === 'accepted'), 'a connection');
    client.destroy();
  });

  const echo = (): Promise<string | undefined> => {
    heard.sockets.datagrams.open(FD, SOCK_RAW, 2, null);
    heard.sockets.datagrams.sendto(FD, new Uint8Array(8), sockaddr_in(LOOPBACK, 0), 0);
    return failed();
  };
  const pinging: [Place, string][] = [
    ['process', 'spawn'],
    ['fs', 'mkdtempSync'],
    ['fs', 'openSync'],
  ];
  refused('a ping', pinging, echo, () => 'EACCES');

  it('a ping, and no handle is left', async () => {
    const noted = handles();
    for (const errno of ERRNOS) {
      const accept = refuse('process', 'spawn', errno);
      await echo();
      accept();
      heard.sockets.close(FD, false);
      heard.inputs.length = 0;
    }
    await until(() => noted.left().length === 0, 'its handles are given back');
    noted.end();
  });

  const starting: [Place, string][] = [
    ['fs', 'mkdtempSync'],
    ['pipe', 'listen'],
    ['pipe', 'connect'],
    ['process', 'spawn'],
  ];
  refused('a command of guestfwd', starting, async () => {
    heard.sockets.connect(FD, unix('exec:cat'), null);
    const errno = await failed();
    assert.match(heard.warnings.join(), /^a connection of the guest's cannot be served: /);
    return errno;
  });

  it('files that it serves: a file that cannot be opened or read is refused with what the system says', () => {
    writeFileSync(join(folder, 'served'), 'hello');
    for (const call of ['realpathSync', 'openSync', 'fstatSync', 'readSync']) {
      for (const errno of ERRNOS) {
        const descriptors = readdirSync('/proc/self/fd').length;
        const accept = refuse('fs', call, errno);
        const piece = readServed(folder, 'served', 0, 5);
        assert.equal(accept(), 1);
        assert.deepEqual(piece, { errno, size: 0, data: new Uint8Array(0) });
        assert.equal(readdirSync('/proc/self/fd').length, descriptors);
      }
    }
    assert.equal(String(Buffer.from(readServed(folder, 'served', 0, 5).data)), 'hello');
  });

  it('a debugger of a machine that runs, which takes the next one', async () => {
    const runtime = process.env['XDG_RUNTIME_DIR'];
    process.env['XDG_RUNTIME_DIR'] = runtimeFolder;
    const all = listeners();
    const log: string[] = [];
    const server = await serveDebuggers(new DapEngine(), {
      owner: 'a test',
      version: '1',
      args: [],
      createInterpreter: fakeInterpreter,
      log: (text) => log.push(text),
    });
    all.end();
    try {
      for (const errno of ERRNOS) {
        assert.equal(all.refuse(errno), 1);
        assert.match(log.pop() ?? '', new RegExp(`^debugger: .*${errno}`));
      }
    } finally {
      server.close();
      if (runtime === undefined) {
        delete process.env['XDG_RUNTIME_DIR'];
      } else {
        process.env['XDG_RUNTIME_DIR'] = runtime;
      }
    }
  });

  refused('a QEMU that is started', [['process', 'spawn']], async () => {
    let how = '';
    const command = { command: 'true -serial none', sockets: { netdev: 'user,id=n0', qmp: 'q', serial: 's' } };
    const child = new QemuProcess(command, {
      console: () => undefined,
      said: () => undefined,
      ended: (what) => {
        how = what;
      },
    });
    await until(() => how !== '', 'the end');
    child.end();
    return /\bE[A-Z]+$/.exec(how)?.[0];
  });

  const sharing: [Place, string][] = ['mkdtempSync', 'symlinkSync', 'writeFileSync'].map((call) => ['fs', call]);
  refused('a shared folder', sharing, () => listen(unix(`smb:${folder}`)));

  const writing: [Place, string][] = ['openSync', 'writeSync'].map((call) => ['fs', call]);
  refused('a capture of -object filter-dump', writing, async (errno) => {
    const files = new OutputFiles((text) => heard.warnings.push(text));
    const path = join(folder, 'dump.pcap');
    files.write(path, true, Buffer.from('1'));
    files.write(path, false, Buffer.from('2'));
    files.dispose();
    assert.equal(heard.warnings.length, 1);
    assert.match(heard.warnings[0] ?? '', new RegExp(`^cannot write .*dump.pcap: ${errno}: `));
    return errno;
  });

  it('a Unix socket whose path the system does not take, which Node would cut off', async () => {
    const long = unix(join(folder, 'x'.repeat(200)));
    assert.deepEqual(await heard.sockets.listen(FD, SOCK_STREAM, long), { errno: 'ENAMETOOLONG', port: 0 });
    heard.sockets.connect(FD, long, null);
    assert.equal(heard.errno(), 'ENAMETOOLONG');
    const nowhere = unix(join(folder, 'none/socket'));
    assert.deepEqual(await heard.sockets.listen(FD, SOCK_STREAM, nowhere), { errno: 'ENOENT', port: 0 });
    const server = parseChardev('-qtest', `unix:${long.sun_path},server=on`);
    await assert.rejects(openSocket('-qtest', server), /the path of a Unix socket has \d+ bytes at most/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('x')),
      [],
    );
  });

  it('a capture of -object filter-dump: a pipe gets what is read, and nobody waits for one that is not', async () => {
    const files = new OutputFiles((text) => heard.warnings.push(text));
    const path = join(folder, 'dump.pipe');
    execFileSync('mkfifo', [path]);
    files.write(path, true, Buffer.from('head'));
    assert.deepEqual(heard.warnings, [`cannot write ${path}: nobody reads this pipe`]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    files.write(path, true, Buffer.from('head'));
    const bytes = Buffer.alloc(8);
    await until(() => readSync(reader, bytes) === 4, 'the first bytes are there');
    // More than a pipe holds, and than waits for whoever reads it.
    for (let i = 0; i < 65; i++) {
      files.write(path, false, Buffer.alloc(1 << 20));
    }
    files.dispose();
    closeSync(reader);
    assert.deepEqual(heard.warnings.slice(1), [`cannot write ${path}: whoever reads this pipe does not keep up`]);
  });
});
