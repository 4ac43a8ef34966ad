/** DAP on a port, over real sockets: who gets in, who does not, and what is left when they are gone. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type DapServer, listen } from '../../adapter/dap/listen.ts';
import { encodeMessage } from '../../adapter/dap/transport.ts';
import { ERRNOS, listeners } from '../kit/faults.ts';
import { root } from '../lint/sources.ts';
import { fakeInterpreter, TestClient, watch } from './client.ts';
import { DapEngine } from './fake-engine.ts';

const TOKEN = 'the token of these tests';
const E1000 = '/pktgdb/adapter/stack/hw/net/e1000.ts';

/** A connected client and its socket. */
async function clientOf(port: number): Promise<{ client: TestClient; socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const client = new TestClient(socket, socket);
  watch(client, socket);
  await once(socket, 'connect');
  return { client, socket };
}

/** Resolves when the other side has closed the connection. */
async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.readableEnded && !socket.destroyed) {
    await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  }
  socket.destroy();
}

/** Resolves to the error of a connection that must not come about. */
async function refusal(host: string, port: number): Promise<string> {
  const socket = connect({ port, host });
  try {
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    return error.code ?? error.message;
  } finally {
    socket.destroy();
  }
}

const events = (client: TestClient, name: string): number =>
  client.received.filter((m) => 'event' in m && m.event === name).length;

describe('DAP on a port', () => {
  let server: DapServer;
  let listening: ReturnType<typeof listeners>;
  /** The engines of the sessions, in their order. */
  let engines: DapEngine[];
  let log: string[];
  let disposed: (() => void)[];

  /** Resolves when the engine of a session is freed. */
  function freed(index: number): Promise<void> {
    return engines[index]?.disposed
      ? Promise.resolve()
      : new Promise((resolve) => {
          disposed[index] = resolve;
        });
  }

  beforeEach(async () => {
    [engines, log, disposed] = [[], [], []];
    const createEngine = async (): Promise<DapEngine> => {
      const index = engines.length;
      const engine = new (class extends DapEngine {
        override async dispose(): Promise<void> {
          await super.dispose();
          disposed[index]?.();
        }
      })();
      engines.push(engine);
      return engine;
    };
    const factories = { createEngine, createInterpreter: fakeInterpreter, token: TOKEN };
    listening = listeners();
    server = await listen({ ...factories, log: (text) => log.push(text) }, 0);
    listening.end();
  });

  afterEach(async () => {
    await server.close();
    assert.deepEqual(
      engines.map((engine) => engine.disposed),
      engines.map(() => true),
    );
  });

  it('serves who knows the token, and says `initialized` when the token has come', async () => {
    const { client, socket } = await clientOf(server.port);
    await client.ask('initialize', { adapterID: 'pktgdb' });
    assert.equal(events(client, 'initialized'), 0);
    const launched = client.send('launch', { token: TOKEN, stopOnEntry: true });
    await client.event('initialized');
    const breakpoints = { source: { path: E1000 }, breakpoints: [{ line: 102 }] };
    const set = await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', breakpoints);
    assert.equal(set.breakpoints[0]?.verified, true);
    await client.ask('configurationDone');
    await launched;
    await client.stoppedEvent();
    assert.equal(events(client, 'initialized'), 1);
    await client.ask('disconnect');
    await closed(socket);
    assert.deepEqual(log, []);
  });

  it('answers `initialize` first when `launch` comes in the same packet', async () => {
    const { client } = await clientOf(server.port);
    const request = (seq: number, command: string, args: object): string =>
      encodeMessage({ type: 'request', seq, command, arguments: args });
    client.raw(request(1, 'initialize', { adapterID: 'pktgdb' }) + request(2, 'launch', { token: TOKEN }));
    await client.event('initialized');
    await client.ask('configurationDone');
    const [first, second] = client.received as { command?: string; event?: string }[];
    assert.deepEqual([first?.command, second?.event], ['initialize', 'initialized']);
  });

  it('serves a client that waits for the answer to `launch` before it configures', async () => {
    const { client } = await clientOf(server.port);
    await client.ask('initialize', { adapterID: 'pktgdb' });
    await client.ask('launch', { token: TOKEN, stopOnEntry: true });
    await client.event('initialized');
    await client.ask('configurationDone');
    await client.stoppedEvent();
  });

  it('refuses everything else before the token, and does nothing of it', async () => {
    const { client } = await clientOf(server.port);
    await client.ask('initialize', { adapterID: 'pktgdb' });
    await client.ask('cancel', {});
    const commands: [string, object][] = [
      ['setBreakpoints', { source: { path: E1000 }, breakpoints: [{ line: 102 }] }],
      ['setFunctionBreakpoints', { breakpoints: [{ name: 'e1000_receive_iov' }] }],
      ['configurationDone', {}],
      ['evaluate', { expression: 'break e1000_receive_iov', context: 'repl' }],
      ['threads', {}],
      ['terminate', {}],
      ['restart', { arguments: { token: TOKEN } }],
      ['pktgdb/registerLayout', {}],
    ];
    for (const [command, args] of commands) {
      assert.match(await client.refused(command, args), /does nothing before a "launch" with the attribute "token"/);
    }
    assert.match(
      await client.refused('attach', {}),
      /^attach: the attribute "token" is missing; the adapter printed it/,
    );
    assert.deepEqual([engines[0]?.breakpoints, engines[0]?.launches], [[], []]);
    assert.equal(events(client, 'initialized') + events(client, 'terminated'), 0);
    // It is not too late for the token.
    await client.begin({ token: TOKEN });
    assert.equal(engines[0]?.launches.length, 1);
  });

  it('takes the token of an `attach`, which is then refused as ever', async () => {
    const { client } = await clientOf(server.port);
    await client.ask('initialize', { adapterID: 'pktgdb' });
    assert.match(await client.refused('attach', { token: TOKEN }), /^attach takes "pid"/);
    await client.event('initialized');
  });

  const wrong: [string, unknown][] = [
    ['another', 'the token of other tests'],
    ['a shorter', TOKEN.slice(0, -1)],
    ['an empty', ''],
    ['no text for a', 5],
  ];
  for (const [name, token] of wrong) {
    it(`ends the connection after ${name} token has come three times`, async () => {
      const { client, socket } = await clientOf(server.port);
      await client.ask('initialize', { adapterID: 'pktgdb' });
      for (let i = 0; i < 3; i++) {
        assert.match(await client.refused('launch', { token }), /^launch: the attribute "token" is wrong/);
      }
      await closed(socket);
      await freed(0);
      assert.deepEqual(engines[0]?.launches, []);
      assert.deepEqual(log, ['a client was wrong about the token too often']);
    });
  }

  const garbage: [string, string][] = [
    ['bytes', '\x16\x03\x01\x02\x00 hello\r\n\r\n'],
    ['what is not JSON', 'Content-Length: 3\r\n\r\n{{{'],
    ['a message that is no request', encodeMessage([1])],
    [
      'a web page',
      `POST / HTTP/1.1\r\nHost: x\r\n${encodeMessage({ type: 'request', seq: 1, command: 'initialize' })}`,
    ],
  ];
  for (const [name, text] of garbage) {
    it(`ends the connection of ${name}`, async () => {
      const { client, socket } = await clientOf(server.port);
      client.raw(text);
      await closed(socket);
      await freed(0);
      assert.equal(client.received.length, 0);
      assert.equal(log.length, 1);
      assert.match(log[0] ?? '', /^DAP input: /);
    });
  }

  it('serves the next client after some that could not be taken', async () => {
    for (const errno of ERRNOS) {
      assert.equal(listening.refuse(errno), 1);
    }
    assert.equal(log.length, ERRNOS.length);
    assert.match(log[0] ?? '', /^DAP client: .*EMFILE/);
    const { client } = await clientOf(server.port);
    await client.begin({ token: TOKEN });
  });

  it('ends the machine of a client that closes its half, resets the connection, or was never heard of', async () => {
    const half = await clientOf(server.port);
    await half.client.begin({ token: TOKEN });
    half.socket.end();
    await closed(half.socket);
    await freed(0);

    const reset = await clientOf(server.port);
    await reset.client.begin({ token: TOKEN });
    reset.socket.resetAndDestroy();
    await freed(1);

    const silent = await clientOf(server.port);
    silent.socket.destroy();
    await freed(2);
  });

  it('serves two clients in turn and two at a time, each with its own machine', async () => {
    const first = await clientOf(server.port);
    await first.client.begin({ token: TOKEN });
    await first.client.ask('disconnect');
    await freed(0);
    const [second, third] = [await clientOf(server.port), await clientOf(server.port)];
    await second.client.begin({ token: TOKEN });
    await third.client.begin({ token: TOKEN, args: '-nic none' });
    assert.deepEqual(engines[2]?.launches[0]?.args, ['-nic', 'none']);
    await second.client.ask('disconnect');
    await freed(1);
    assert.equal(engines[2]?.state, 'running');
    await server.close();
    await closed(third.socket);
  });

  it('knows one client by its token, and not the next one', async () => {
    const first = await clientOf(server.port);
    await first.client.begin({ token: TOKEN });
    const second = await clientOf(server.port);
    await second.client.ask('initialize', { adapterID: 'pktgdb' });
    assert.match(await second.client.refused('launch', {}), /"token" is missing/);
  });
});

describe('pktgdb -i dap=PORT', () => {
  const children = new Set<ChildProcess>();

  afterEach(() => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
  });

  /** Starts it; `line` is the first one that it prints. */
  async function start(port: string, env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; line: string }> {
    const args = [join(root, 'dist/pktgdb.js'), '-i', `dap=${port}`];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    let text = '';
    child.stderr?.setEncoding('utf8');
    while (!text.includes('\n')) {
      text += ((await once(child.stderr!, 'data')) as [string])[0];
    }
    return { child, line: text.split('\n')[0]! };
  }

  async function exitCode(child: ChildProcess): Promise<number | null> {
    return child.exitCode ?? ((await once(child, 'exit')) as [number | null])[0];
  }

  it('prints a new token, serves the machine on the loopback alone, and ends all sessions on SIGTERM', async () => {
    const { child, line } = await start('0');
    const [, port, token] = /^DAP on 127\.0\.0\.1:(\d+), token=([0-9a-f]{32})$/.exec(line) ?? assert.fail(line);
    const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const outside = others.filter(({ internal, family }) => !internal && family === 'IPv4').map((a) => a.address);
    for (const address of ['::1', '127.0.0.2', ...outside]) {
      assert.match(await refusal(address, Number(port)), /ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT/, address);
    }
    const { client, socket } = await clientOf(Number(port));
    const trace = join(root, 'test/traces/02-hello.pcap');
    await client.begin({ token, trace, initCommands: ['break e1000_receive_iov'] });
    assert.equal((await client.stoppedEvent()).body.reason, 'breakpoint');
    const another = await start('0');
    assert.notEqual(another.line.split('token=')[1], token);
    for (const [one, signal] of [
      [child, 'SIGTERM'],
      [another.child, 'SIGINT'],
    ] as const) {
      const code = exitCode(one);
      one.kill(signal);
      assert.equal(await code, 0);
    }
    await closed(socket);
  });

  it('stops, steps and ends two real machines apart', async () => {
    const { line } = await start('0', { PKTGDB_DAP_TOKEN: TOKEN });
    const port = Number(/:(\d+),/.exec(line)?.[1]);
    const launch = { token: TOKEN, trace: join(root, 'test/traces/02-hello.pcap') };
    const [one, other] = [await clientOf(port), await clientOf(port)];
    const place = async (client: TestClient): Promise<string | undefined> => {
      await client.stoppedEvent();
      const body = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      return body.stackFrames[0]?.name;
    };
    await Promise.all([
      one.client.begin({ ...launch, initCommands: ['break e1000_receive_iov'] }),
      other.client.begin({ ...launch, initCommands: ['break slirp_output'] }),
    ]);
    const both = [one.client, other.client];
    assert.deepEqual(await Promise.all(both.map(place)), ['e1000_receive_iov', 'slirp_output']);
    await one.client.ask('disconnect');
    await other.client.ask('next', { threadId: 1 });
    assert.equal(await place(other.client), 'slirp_output');
    await other.client.ask('continue', { threadId: 1 });
    assert.equal(await place(other.client), 'slirp_output');
  });

  it('takes the token that PKTGDB_DAP_TOKEN fixes, and no short one', async () => {
    const { line } = await start('0', { PKTGDB_DAP_TOKEN: TOKEN });
    assert.ok(line.endsWith(`, token=${TOKEN}`), line);
    const short = await start('0', { PKTGDB_DAP_TOKEN: 'short' });
    assert.equal(short.line, 'pktgdb: PKTGDB_DAP_TOKEN must have at least 16 characters');
    assert.equal(await exitCode(short.child), 1);
  });

  it('says that a port is taken, or is none', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as { port: number };
      const { child, line } = await start(String(port));
      assert.equal(line, `pktgdb: cannot listen on 127.0.0.1:${port}: the port is taken by another program`);
      assert.equal(await exitCode(child), 1);
    } finally {
      other.close();
    }
    for (const port of ['x', '65536', '-1', '']) {
      const { child, line } = await start(port);
      assert.equal(line, `pktgdb: "${port}" is no port; -i dap=PORT takes a number from 0 to 65535`);
      assert.equal(await exitCode(child), 2);
    }
  });
});
