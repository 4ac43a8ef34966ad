/** `pktgdb-passt` as QEMU starts it, and debuggers at it while it runs. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage } from '../../adapter/dap/transport.ts';
import { processSession, TestClient } from '../dap/client.ts';
import { KEY, PROMPT, SHELL_PROMPT, ShellTerminal } from '../gdb/terminal.ts';
import { decode } from '../kit/decode.ts';
import { arp } from '../kit/frames.ts';
import { PKTGDB } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { PASST, PasstGuest, runPasst } from './guest.ts';

const GUEST = 0x0a010232; // 10.1.2.50
const GATEWAY = 0x0a010201;
const NETWORK = ['--address', '10.1.2.50', '--gateway', '10.1.2.1'];

describe('pktgdb-passt', function () {
  this.timeout(20_000);
  const runtime = tempFolder();
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
  let guest: PasstGuest;

  before(function () {
    if (process.platform === 'win32') {
      this.skip();
    }
  });

  async function answers(): Promise<void> {
    guest.send(arp(1, GUEST, GATEWAY));
    const { arp: reply } = decode(await guest.frame());
    assert.equal(reply?.op, 2);
  }

  it('goes to the background, is the network at its socket, and ends with SIGTERM', async () => {
    const pcap = join(tempFolder(), 'guest.pcap');
    const log = join(tempFolder(), 'log');
    guest = await PasstGuest.start([...NETWORK, '--pcap', pcap, '--log-file', log], env);
    await answers();
    const socket = join(runtime, 'pktgdb', `${guest.pid}.sock`);
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.equal(statSync(join(runtime, 'pktgdb')).mode & 0o777, 0o700);
    process.kill(guest.pid, 'SIGTERM');
    await guest.gone();
    assert.equal(existsSync(socket), false);
    // The header, and the two packets with theirs.
    assert.equal(readFileSync(pcap).length, 24 + (16 + 42) + (16 + 64));
  });

  it('says what is wrong with a socket or a file that it is given, and leaves nothing', () => {
    const folder = tempFolder();
    const start = (...args: string[]): readonly [status: number | null, said: string] => {
      const { status, stderr } = spawnSync(process.execPath, [PASST, '--foreground', ...args], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 10_000,
      });
      return [status, stderr];
    };
    assert.deepEqual(start('--fd', '99'), [1, 'pktgdb-passt: --fd 99: it is not open\n']);
    assert.deepEqual(start('--fd', '0'), [1, 'pktgdb-passt: --fd 0: it is no socket\n']);
    const [status, said] = start('--socket', join(folder, 's'), '--pid', join(folder, 'none/pid'));
    assert.equal(status, 1);
    assert.match(said, /none\/pid/);
    for (const option of ['--pcap', '--log-file']) {
      const [ended, why] = start('--socket', join(folder, 's'), option, join(folder, 'none/file'));
      assert.equal(ended, 1);
      assert.match(why, /none\/file/);
    }
    const [ended, why] = start('--socket', join(folder, 'x'.repeat(200)));
    assert.equal(ended, 1);
    assert.match(why, /: ENAMETOOLONG\n$/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('ends when the stream breaks, and can be started again', async () => {
    guest = await PasstGuest.start(NETWORK, env);
    await answers();
    guest.socket.destroy();
    await guest.gone();
    guest = await PasstGuest.start(NETWORK, env);
    await answers();
    guest.socket.destroy();
    await guest.gone();
  });

  it('says what is wrong before it goes to the background', async () => {
    assert.deepEqual(await runPasst(['--quiet', '--vhost-user'], env), {
      status: 1,
      errors:
        'pktgdb-passt: --vhost-user: vhost-user is not spoken here: QEMU talks to it by -netdev passt without ' +
        'vhost-user=on, or stream\n',
    });
    const { status, errors } = await runPasst(['--socket', '/nowhere/at/all', '--address', '10.1.2.50'], env);
    assert.equal(status, 1);
    assert.match(errors, /^pktgdb-passt: .*\/nowhere\/at\/all.*\n$/);
  });

  it('leaves no socket of one that was killed', async () => {
    const folder = join(runtime, 'pktgdb');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // No process has such a number.
    writeFileSync(join(folder, '99999999.sock'), '');
    guest = await PasstGuest.start(NETWORK, env);
    assert.equal(existsSync(join(folder, '99999999.sock')), false);
    guest.socket.destroy();
    await guest.gone();
  });

  it('listens for debuggers in no folder that others can look into', async () => {
    const open = tempFolder();
    mkdirSync(join(open, 'pktgdb'));
    chmodSync(join(open, 'pktgdb'), 0o755);
    const { status, errors } = await runPasst(['--socket', join(open, 's')], { ...env, XDG_RUNTIME_DIR: open });
    assert.equal(status, 1);
    assert.match(errors, /^pktgdb-passt: \S+\/pktgdb is no folder of this user's alone \(mode 0700\)\n$/);
  });

  it('is not looked for where others could listen', () => {
    const open = tempFolder();
    mkdirSync(join(open, 'pktgdb'));
    chmodSync(join(open, 'pktgdb'), 0o755);
    const elsewhere = { env: { ...env, XDG_RUNTIME_DIR: open }, encoding: 'utf8' } as const;
    const { stderr } = spawnSync(process.execPath, [PKTGDB, '-p', String(process.pid), '-batch'], elsewhere);
    assert.match(stderr, /cannot be attached to: \S+\/pktgdb is no folder of this user's alone \(mode 0700\)\n$/);
  });

  it('waits at a socket for one guest after the other, and with --one-off for one', async () => {
    const path = join(tempFolder(), 'passt.socket');
    const pidFile = join(tempFolder(), 'pid');
    for (const [more, guests] of [
      [[], 2],
      [['--one-off'], 1],
    ] as const) {
      const { status } = await runPasst(['--socket', path, '--pid', pidFile, ...NETWORK, ...more], env);
      assert.equal(status, 0);
      const pid = Number(readFileSync(pidFile, 'utf8'));
      for (let i = 0; i < guests; i++) {
        const socket = connect(path);
        const frame = arp(1, GUEST, GATEWAY);
        socket.write(Buffer.concat([Buffer.from([0, 0, 0, frame.length]), frame]));
        await once(socket, 'data');
        socket.destroy();
      }
      if (more.length === 0) {
        process.kill(pid, 'SIGTERM');
      }
      await until(() => !existsSync(pidFile), 'it has ended');
    }
  });

  describe('while it runs', () => {
    before(async () => {
      guest = await PasstGuest.start(NETWORK, env);
    });

    after(() => {
      guest.end();
    });

    it('is stopped by a prompt, asked, and goes on without it', async () => {
      const commands = ['bt 1', 'run', 'info breakpoints'].flatMap((command) => ['-ex', command]);
      const options = ['-p', String(guest.pid), '-nx', '-batch', ...commands];
      const { stdout, stderr, status } = spawnSync(process.execPath, [PKTGDB, ...options], { env, encoding: 'utf8' });
      assert.match(stdout, new RegExp(`^Attaching to process ${guest.pid}\n\nProgram received signal SIGINT`));
      assert.match(stdout, /^#0 {2}main_loop_wait /m);
      assert.match(stdout, /^No breakpoints or watchpoints\.$/m);
      assert.match(
        stderr,
        /^The machine is one of pktgdb-passt, which starts it: it cannot be run again from here\.\n$/,
      );
      assert.equal(status, 1);
      await answers();
    });

    it('is debugged from a terminal, with keys, Ctrl-C and a question, one at a time', async () => {
      const terminal = new ShellTerminal(24, { HOME: tempFolder(), XDG_RUNTIME_DIR: runtime });
      try {
        await terminal.start('-p', String(guest.pid));
        await terminal.line('break arp_input');
        await terminal.type('continue\r', 'Continuing.');
        guest.send(arp(1, GUEST, GATEWAY));
        assert.match(await terminal.until(PROMPT), /Breakpoint 1, .*arp_input/);
        assert.match(await terminal.line('print $pkt.arp.src.proto_ipv4'), /10\.1\.2\.50/);
        const second = spawnSync(process.execPath, [PKTGDB, '-p', String(guest.pid), '-batch'], {
          env,
          encoding: 'utf8',
        });
        assert.deepEqual(
          [second.status, second.stderr],
          [1, `pktgdb: Process ${guest.pid} is being debugged already.\n`],
        );
        // The answer to what it was stopped at comes when it goes on.
        await terminal.type('continue\r', 'Continuing.');
        await guest.frame();
        await terminal.press(KEY.c, 'SIGINT');
        await terminal.until(PROMPT);
        await terminal.line('reverse-continue');
        assert.match(await terminal.type('quit\r', '(y or n) '), /Inferior 1 \[process \d+\] will be detached\./);
        await terminal.type('y\r', SHELL_PROMPT);
      } finally {
        terminal.close();
      }
      // It was left in the past, with a breakpoint that would stop it.
      await answers();
    });

    it('goes on when a terminal goes away while a command runs, and while a question waits', async () => {
      for (const keys of ['continue\r', 'kill\r']) {
        const terminal = new ShellTerminal(24, { HOME: tempFolder(), XDG_RUNTIME_DIR: runtime });
        await terminal.start('-p', String(guest.pid));
        await terminal.type(keys, keys === 'kill\r' ? '(y or n) ' : 'Continuing.');
        terminal.close();
        await answers();
      }
    });

    it('can be had again after prompts that say nothing, nonsense, or where there is no folder', async () => {
      const hello = { quiet: true, batch: true, silent: false, early: [], actions: [], init: {}, cwd: '/no/such' };
      for (const first of ['{"keys":"x"}\n', '{nonsense\n', `${JSON.stringify({ hello })}\n`]) {
        const socket = connect(join(runtime, 'pktgdb', `${guest.pid}.sock`));
        socket.write(first);
        if (first.includes('keys')) {
          // It is taken for a prompt, which then goes.
          socket.end();
        }
        socket.resume();
        await once(socket, 'close');
        await answers();
      }
    });

    it('does not keep without bound what a prompt does not read', async () => {
      const script = join(tempFolder(), 'much');
      writeFileSync(script, `while 1\necho ${'x'.repeat(100_000)}\nend\n`);
      const actions = [{ kind: 'file', name: script }];
      const hello = { quiet: true, batch: true, silent: false, early: [], actions, init: {}, cwd: '/' };
      const socket = connect(join(runtime, 'pktgdb', `${guest.pid}.sock`));
      socket.write(`${JSON.stringify({ hello })}\n`);
      await once(socket, 'data');
      socket.pause();
      const next = ['-p', String(guest.pid), '-nx', '-batch'];
      await until(() => spawnSync(process.execPath, [PKTGDB, ...next], { env }).status === 0, 'it is let go');
      socket.destroy();
      await answers();
    });

    it('is debugged over DAP by its socket, and goes on when the client has gone', async () => {
      const socket = connect(join(runtime, 'pktgdb', `${guest.pid}.sock`));
      const client = new TestClient(socket, socket);
      await attachAndStop(client);
      socket.destroy();
      assert.equal(decode(await guest.frame()).arp?.op, 2);
      await answers();
    });

    it('is debugged by an adapter that a client has started, which hands on what comes', async () => {
      process.env['XDG_RUNTIME_DIR'] = runtime;
      const { client, child } = processSession(PKTGDB, ['-i', 'dap']);
      await attachAndStop(client);
      await client.send('disconnect', {});
      assert.equal(decode(await guest.frame()).arp?.op, 2);
      child.stdin?.end();
      await once(child, 'exit');
      await answers();
    });

    it('may go while it is debugged: the client hears of it, and says goodbye itself', async () => {
      const other = await PasstGuest.start(NETWORK, env);
      const { client, child } = processSession(PKTGDB, ['-i', 'dap']);
      await client.send('initialize', { adapterID: 'pktgdb' });
      await Promise.all([client.send('attach', { pid: other.pid }), client.send('configurationDone')]);
      process.kill(other.pid, 'SIGKILL');
      await client.outputEvent('important', `Process ${other.pid} has gone`);
      await client.event('terminated');
      await client.send('disconnect');
      await once(child, 'exit');
      assert.equal(child.exitCode, 0);
      other.end();
    });

    it('goes on when it was left in the past, in what would have been, or on the way there', async () => {
      const commands = ['reverse-stepi', 'set var nonblocking = true', 'info history'].flatMap((one) => ['-ex', one]);
      const whatIf = ['-p', String(guest.pid), '-nx', '-batch', ...commands];
      const { stdout } = spawnSync(process.execPath, [PKTGDB, ...whatIf], { env, encoding: 'utf8' });
      assert.match(stdout, /what would have been/);
      await answers();
      for (const command of ['reverseContinue', 'stepBack']) {
        const socket = connect(join(runtime, 'pktgdb', `${guest.pid}.sock`));
        const client = new TestClient(socket, socket);
        await attachAndStop(client);
        client.raw(encodeMessage({ seq: 1000, type: 'request', command, arguments: { threadId: 1 } }));
        socket.end();
        assert.equal(decode(await guest.frame()).arp?.op, 2);
        await answers();
      }
    });

    it('is not replaced by a restart or a launch', async () => {
      const socket = connect(join(runtime, 'pktgdb', `${guest.pid}.sock`));
      const client = new TestClient(socket, socket);
      await attachAndStop(client);
      const refused = /^\w+: the machine is one of pktgdb-passt, which starts it; disconnect leaves it\.$/;
      assert.match(await client.refused('restart', { arguments: { pid: guest.pid } }), refused);
      assert.match(await client.refused('launch', {}), refused);
      await client.send('disconnect', {});
      assert.equal(decode(await guest.frame()).arp?.op, 2);
      await answers();
    });

    it('is reached through a port by those alone who know its token', async () => {
      const token = 'the token of this test';
      const adapter = spawn(process.execPath, [PKTGDB, '-i', 'dap=0'], {
        env: { ...env, PKTGDB_DAP_TOKEN: token },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      try {
        const [said] = (await once(adapter.stderr, 'data')) as [Buffer];
        const socket = connect(Number(/:(\d+), token/.exec(said.toString())?.[1]), '127.0.0.1');
        const client = new TestClient(socket, socket);
        await client.send('initialize', { adapterID: 'pktgdb' });
        assert.match(await client.refused('attach', { pid: guest.pid }), /^attach: the attribute "token" is missing/);
        await answers();
        const attached = client.send('attach', { pid: guest.pid, token });
        await client.event('initialized');
        await client.send('configurationDone');
        await attached;
        await client.send('disconnect', {});
        socket.destroy();
      } finally {
        adapter.kill();
      }
      await answers();
    });

    it('is asked for by its number: others have no machine', async () => {
      process.env['XDG_RUNTIME_DIR'] = runtime;
      const { client, child } = processSession(PKTGDB, ['-i', 'dap']);
      await client.send('initialize', { adapterID: 'pktgdb' });
      assert.match(
        await client.refused('attach', { pid: 1 }),
        new RegExp(
          `^Process 1 has no machine to attach to; there are (\\d+, )*${guest.pid}(, \\d+)*: it is pktgdb-passt `,
        ),
      );
      await client.event('terminated');
      child.stdin?.end();
      await once(child, 'exit');
    });

    /** Sets a breakpoint before it attaches, and looks at the packet that stops there. */
    async function attachAndStop(client: TestClient): Promise<void> {
      await client.send('initialize', { adapterID: 'pktgdb' });
      await client.event('initialized');
      await client.send('setFunctionBreakpoints', { breakpoints: [{ name: 'arp_input' }] });
      const attached = client.send('attach', { pid: guest.pid });
      await client.send('configurationDone');
      await attached;
      guest.send(arp(1, GUEST, GATEWAY));
      await client.stoppedEvent();
      const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      assert.match(stackFrames[0]!.name, /^arp_input/);
      const answer = await client.ask<DebugProtocol.EvaluateResponse>('evaluate', {
        expression: '$pkt.arp.src.proto_ipv4',
        frameId: stackFrames[0]!.id,
      });
      assert.match(answer.result, /10\.1\.2\.50/);
    }
  });
});
