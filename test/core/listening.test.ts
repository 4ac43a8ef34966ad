/** The programs listen on what the machine's options say and nothing else; their folders are the user's alone. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { processSession } from '../dap/client.ts';
import { capture, PKTGDB } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';

/** A TCP socket's state in Linux's table: it listens. */
const LISTEN = '0A';

/** Addresses that a process listens on, or is bound to for datagrams, as `/proc/net` writes them; Unix sockets too. */
function listening(pid: number): string[] {
  const fds = `/proc/${pid}/fd`;
  const inodes = new Set(
    readdirSync(fds).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(fds, fd)))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = (table: string): string[][] =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  const inet = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    rows(table)
      .filter(([, , , state, , , , , , inode]) => inodes.has(inode ?? '') && (table[0] === 'u' || state === LISTEN))
      .map(([, local = '']) => `${table} ${local}`),
  );
  // The flag says that it listens.
  const unix = rows('unix').filter(([, , , flags, , , inode]) => flags === '00010000' && inodes.has(inode ?? ''));
  return [...inet, ...unix.map((row) => `unix ${row[7] ?? ''}`)];
}

describe('the programs', function () {
  this.timeout(120_000);
  let child: ChildProcess;

  before(function () {
    if (process.platform !== 'linux') {
      this.skip();
    }
  });
  afterEach(() => child.kill('SIGKILL'));

  it('listen on nothing with a client of DAP, before and after it has a replay', async () => {
    const session = processSession(PKTGDB, ['-i', 'dap']);
    child = session.child;
    const { client } = session;
    await client.ask('initialize', { adapterID: 'pktgdb' });
    assert.deepEqual(listening(child.pid ?? 0), []);
    await client.begin({ trace: capture('02-hello.pcap'), stopOnEntry: true });
    await client.stoppedEvent();
    assert.deepEqual(listening(child.pid ?? 0), []);
  });

  it('listen on nothing for coding agents', async () => {
    child = spawn(process.execPath, [PKTGDB, '-i', 'mcp'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let answered = false;
    child.stdout?.on('data', () => {
      answered = true;
    });
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    await until(() => answered, 'an answer');
    assert.deepEqual(listening(child.pid ?? 0), []);
  });

  for (const [rule, address] of [
    ['tcp:127.0.0.1:0-:5556', '0100007F'],
    ['tcp::0-:5556', '00000000'],
  ] as const) {
    it(`listen at the prompt on what hostfwd=${rule} says`, async () => {
      const machine = ['-netdev', `user,id=n0,hostfwd=${rule}`, '-device', 'e1000,netdev=n0'];
      const words = [
        '-q',
        '-nx',
        '-ex',
        'break main_loop_wait',
        '-ex',
        'run',
        '-ex',
        'echo ready\\n',
        '--',
        ...machine,
      ];
      child = spawn(process.execPath, [PKTGDB, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      child.stdout?.on('data', (d: Buffer) => {
        output += d;
      });
      await until(() => output.includes('ready'), 'the machine stands');
      const port = Number(/hostfwd tcp \S*:(\d+) ->/.exec(output)?.[1]);
      const expected = `tcp ${address}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
      assert.deepEqual(listening(child.pid ?? 0), [expected]);
    });
  }

  it('unpack into a folder into which no other user can look', async () => {
    const temporary = tempFolder();
    const packed = join(tempFolder(), 'http.pcap.gz');
    writeFileSync(packed, gzipSync(readFileSync(capture('05-http.pcap'))));
    const words = ['-q', '-nx', '-r', packed, '-ex', 'break tcp_input', '-ex', 'run', '-ex', 'echo ready\\n'];
    const env = { ...process.env, TMPDIR: temporary };
    child = spawn(process.execPath, [PKTGDB, ...words], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout?.on('data', (d: Buffer) => {
      output += d;
    });
    await until(() => output.includes('ready'), 'the capture is open');
    const [folder = ''] = readdirSync(temporary);
    assert.equal(statSync(join(temporary, folder)).mode & 0o777, 0o700);
  });
});
