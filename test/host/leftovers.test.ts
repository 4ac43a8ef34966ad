/** What stays behind when a program is ended: nothing, or nothing after the next one has begun. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { capture, PKTGDB, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';

const MACHINE = join(ROOT, 'dist/pktgdb-machine.js');

describe('a program that is ended', () => {
  let folder: string;
  let temporary: string;
  let child: ChildProcess;
  let output: string;

  beforeEach(() => {
    folder = tempFolder();
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    output = '';
  });

  afterEach(() => {
    child.kill('SIGKILL');
  });

  /** Starts a program whose temporary folders are where they can be counted. */
  function start(...args: string[]): void {
    const env = { ...process.env, TMPDIR: temporary, HOME: folder };
    child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
  }

  const left = (): string[] => readdirSync(temporary);

  /** Sends a signal and waits for the end; says how the program ended. */
  async function end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code, by] = (await exit) as [number | null, NodeJS.Signals | null];
    return by ?? code;
  }

  /** A packed capture, which is unpacked into a folder of its own. */
  function packed(): string {
    const path = join(folder, 'http.pcap.gz');
    writeFileSync(path, gzipSync(readFileSync(capture('05-http.pcap'))));
    return path;
  }

  /** A prompt at a stop, with a folder of its own; `options` are Node's. */
  async function prompt(...options: string[]): Promise<void> {
    start(...options, PKTGDB, '-q', '-r', packed(), '-ex', 'break tcp_input', '-ex', 'run', '-ex', 'echo ready\\n');
    child.stdin?.write('\n');
    await until(() => output.includes('ready'), 'the capture is open');
    assert.equal(left().length, 1);
  }

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`at the prompt by ${signal} leaves no folder`, async () => {
      await prompt();
      assert.equal(await end(signal), status);
      assert.deepEqual(left(), []);
    });

    it(`with a client of DAP by ${signal} leaves no folder`, async () => {
      start(PKTGDB, '-i', 'dap');
      const send = (seq: number, command: string, args: object): void => {
        const text = JSON.stringify({ seq, type: 'request', command, arguments: args });
        child.stdin?.write(`Content-Length: ${text.length}\r\n\r\n${text}`);
      };
      send(1, 'initialize', { adapterID: 'pktgdb' });
      send(2, 'launch', { trace: packed(), stopOnEntry: true });
      send(3, 'configurationDone', {});
      await until(() => output.includes('"event":"stopped"'), 'stopped');
      assert.equal(left().length, 1);
      assert.equal(await end(signal), signal);
      assert.deepEqual(left(), []);
    });
  }

  it('by SIGKILL leaves folders to the next program, which leaves those of the living and of others', async () => {
    await prompt();
    const [dead = ''] = left();
    assert.equal(await end('SIGKILL'), 'SIGKILL');
    assert.deepEqual(left(), [dead]);
    const living = dead.replace(/-\d+-(\w+)$/, `-${process.pid}-$1`);
    for (const name of [living, 'pktgdb-notes', `other-${dead}`]) {
      mkdirSync(join(temporary, name));
    }
    start(PKTGDB, '-q', '-nx', '-batch', '-ex', 'info line tcp_input');
    await once(child, 'exit');
    assert.deepEqual(left().sort(), [living, 'pktgdb-notes', `other-${dead}`].sort());
  });

  it('by an error that nobody catches says it and leaves no folder, though its machine stands at a stop', async () => {
    const bomb = join(folder, 'bomb.cjs');
    const thrown = "process.on('SIGUSR2', () => { throw new Error('out of the blue'); });";
    writeFileSync(bomb, `if (require('node:worker_threads').isMainThread) ${thrown}\n`);
    await prompt('--require', bomb);
    assert.equal(await end('SIGUSR2'), 'SIGKILL');
    assert.match(output, /pktgdb: Error: out of the blue\n {4}at /);
    assert.deepEqual(left(), []);
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    it(`by ${signal} takes commands of the shell with it, and what they started`, async () => {
      const [told, came] = [join(folder, 'pids'), join(folder, 'came')];
      start(PKTGDB, '-q', '-nx');
      child.stdin?.write(`shell echo $$ > ${told}; sleep 60 & echo $! >> ${told}; mv ${told} ${came}; wait\n`);
      await until(() => existsSync(came), 'the command runs');
      const pids = readFileSync(came, 'utf8').trim().split('\n').map(Number);
      assert.equal(pids.length, 2);
      await end(signal);
      await until(() => !pids.some(lives), 'the command is gone');
    });
  }

  it('in the background by a command of the shell stays when the command is over', async () => {
    start(PKTGDB, '-q', '-nx');
    child.stdin?.write('shell sleep 60 & echo $!\necho over\\n\n');
    await until(() => output.includes('over'), 'the command is over');
    const pid = Number(/^\D*(\d+)$/m.exec(output)?.[1]);
    assert.ok(lives(pid), output);
    await end('SIGTERM');
    assert.ok(lives(pid));
    process.kill(pid);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`that waits for a client of -qtest by ${signal} ends at once, and its socket goes with it`, async () => {
      const path = join(folder, 'qtest');
      start(MACHINE, '-qtest', `unix:${path},server=on`, '-nodefaults');
      await until(() => existsSync(path), 'it listens');
      assert.equal(await end(signal), 0);
      assert.equal(existsSync(path), false);
    });
  }

  it('leaves no socket of a monitor to which nobody came', async () => {
    const path = join(folder, 'monitor');
    start(MACHINE, '-monitor', `unix:${path},server=on,wait=off`, '-nodefaults');
    await until(() => existsSync(path), 'it listens');
    assert.equal(await end('SIGTERM'), 0);
    assert.equal(existsSync(path), false);
  });
});

/** True while a process lives and is not waited for. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
