import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { capture, PKTGDB, ROOT } from '../kit/paths.ts';
import { SEED_ARGS, SEED_FRAMES } from '../kit/seed.ts';
import { tempFolder } from '../kit/temp.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Programs that have not ended: a test that fails leaves none behind. */
const running = new Set<ChildProcess>();

function start(args: readonly string[], stdin: 'ignore' | 'pipe'): ChildProcess {
  const child = spawn(process.execPath, [PKTGDB, ...args], { stdio: [stdin, 'pipe', 'pipe'] });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Runs pktgdb to its end. */
function pktgdb(...args: string[]): Promise<Ended> {
  return collect(start(args, 'ignore'));
}

function collect(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout!.on('data', (d: Buffer) => {
      out += d;
    });
    child.stderr!.on('data', (d: Buffer) => {
      err += d;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** Resolves when the program has printed what the pattern finds. */
function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const look = (d: Buffer): void => {
      text += d;
      if (pattern.test(text)) {
        child.stdout!.off('data', look);
        resolve();
      }
    };
    child.stdout!.on('data', look);
  });
}

const QUIET_MACHINE = ['--', ...SEED_ARGS];

/** Function names of the `#N` lines. */
function frames(out: string): string[] {
  return [...out.matchAll(/^#\d+ +(\w+) \(/gm)].map((m) => m[1]!);
}

/** Frames of a back trace without their arguments: `#1 f at net/net.ts:203`. */
function shown(text: string): string[] {
  return [...text.matchAll(/^(#\d+) +(\w+) \(.*\) at (\S+:\d+)$/gm)].map(([, n, name, at]) => `${n} ${name} at ${at}`);
}

describe('pktgdb', function () {
  this.timeout(60_000);

  afterEach(() => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
  });

  it('-qemu tells each guest what to add, without options or with such as a script leaves empty', async () => {
    const { code, out } = await pktgdb('-qemu', '', '-qemu', 'link=tcp', '-qemu', '-batch');
    assert.equal(code, 0);
    assert.deepEqual(out.match(/^Guest \d/gm), ['Guest 1', 'Guest 2', 'Guest 3']);
    const { code: failed, err } = await pktgdb('-qemu-run', ' ');
    assert.equal(failed, 2);
    assert.match(err, /-qemu-run takes a command that starts QEMU/);
  });

  it('--version and --help', async () => {
    assert.match((await pktgdb('--version')).out, /^pktgdb \d+\.\d+\.\d+\n$/);
    assert.match((await pktgdb('--help')).out, /^Usage: pktgdb /);
  });

  it('refuses a wrong command line and says what would be right', async () => {
    assert.deepEqual(await pktgdb('--nosuch'), {
      code: 2,
      out: '',
      err: 'pktgdb: unknown option --nosuch; QEMU\'s options go after "--"\n',
    });
    assert.match((await pktgdb('-ex')).err, /^pktgdb: option -ex needs an argument\n$/);
    assert.match((await pktgdb('capture.pcap')).err, /a capture to replay goes after -r/);
    assert.match((await pktgdb('-i', 'mi')).err, /"-i dap" speaks the Debug Adapter Protocol, not GDB.MI/);
    assert.deepEqual(await pktgdb('-r', '/nosuch.pcap'), {
      code: 2,
      out: '',
      err: 'pktgdb: /nosuch.pcap: No such file or directory.\n',
    });
  });

  it('-batch exits 1 if a command failed, and executes -x and -ex in their order', async () => {
    const script = join(tempFolder(), 'script');
    writeFileSync(script, 'print 2\n');
    assert.deepEqual(await pktgdb('-q', '-batch', '-ex', 'print 1', '-x', script, '-ex', 'print 3'), {
      code: 0,
      out: '$1 = 1\n$2 = 2\n$3 = 3\n',
      err: '',
    });
    assert.deepEqual(await pktgdb('-batch', '-ex', 'break nosuch', '-ex', 'print 3'), {
      code: 1,
      out: '$1 = 3\n',
      err: 'Function "nosuch" not defined.\n',
    });
  });

  it('reads commands from a pipe', async () => {
    const child = start(['-q'], 'pipe');
    const end = collect(child);
    child.stdin!.end('print 1 +\nprint 6 * 7\n');
    const { code, out, err } = await end;
    assert.equal(code, 1);
    assert.match(out, /\$1 = 42\n/);
    assert.equal(err, "A syntax error in expression, near `'.\n");
  });

  it('runs the hello session when stdin is no terminal, also when port 5555 is taken', async () => {
    const taken = await occupy(5555);
    const { code, out, err } = await pktgdb('--start');
    taken?.close();
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.match(out, /lease of 10\.0\.2\.15 obtained/);
    assert.match(
      out,
      /\nBreakpoint \d+, e1000_receive_iov \(nc=0x7f\w+, iov=\[60 bytes: 10\.0\.2\.2:\d+ -> \S+ TCP \[SYN\]\], /,
    );
    assert.match(out, /iovcnt=1\) at hw\/net\/e1000\w*\.ts:\d+\n\d+\t/);
    assert.deepEqual(frames(out).slice(0, 25), SEED_FRAMES);
    assert.deepEqual(
      shown(README).filter((l) => !shown(out).includes(l)),
      [],
    );
    assert.match(out, /\nRDT {12}0x/);
    assert.match(out, /\nHello qemu Geust\n/);
  });

  it('looks around at a stop', async () => {
    const commands = [
      'break e1000_receive_iov if $pkt.udp.dstport == 68',
      'run',
      'print iov->iov_len',
      'print $pkt.udp.srcport',
      'print $pkt.nosuch.field',
      'info args',
      'next',
      'info locals',
      'print s->mac_reg[RDH] == $RDH',
      'set var $RADV = 7',
      'print/x s->mac_reg[RADV]',
      'ptype s',
      'up',
      'info frame',
      'x/4xb 0',
      'info ring rx',
      'info usernet',
      'info network',
      'info drops',
      'info position',
      'finish',
    ].flatMap((c) => ['-ex', c]);
    const { code, out, err } = await pktgdb('-batch', ...commands, '-ex', 'quit', ...QUIET_MACHINE);
    assert.match(err, /^\$pkt\.nosuch\.field: no such field/);
    assert.equal(err.trimEnd().split('\n').length, 1, err);
    assert.equal(code, 0);
    assert.match(out, /\$1 = \d+\n\$2 = 67\n/);
    assert.match(out, /iovcnt = 1\n/);
    assert.match(out, /\$3 = 1\n\$4 = 0x7\n/);
    assert.match(out, /type = E1000State \{\n/);
    assert.match(out, /0x0:\t0x[0-9a-f]{2}\t/);
    assert.match(out, /Rx ring: \d+ descriptors at 0x[0-9a-f]+, RDH = \d+, RDT = \d+\n/);
    assert.match(out, /<- RDH \(head\)/);
    assert.match(out, /\n(?:No packet was dropped\.|Count {3}Reason {12}Meaning\n\d+ +\w+ +\w.*)\n/);
    assert.match(out, /tick \d+, probe \d+ at hw\/net\//);
    assert.match(out, /Run till exit from #1/);
  });

  it('has no monitor before the machine is set up', async () => {
    const { err } = await pktgdb(
      '-batch',
      '-ex',
      'start',
      '-ex',
      'monitor info network',
      '-ex',
      'quit',
      ...QUIET_MACHINE,
    );
    assert.equal(err, 'The machine is not set up yet; continue first.\n');
  });

  it('says that there is no program where a value needs one', async () => {
    const { err } = await pktgdb('-q', '-batch', '-ex', 'p $STATUS', ...QUIET_MACHINE);
    assert.equal(err, 'Cannot access "machine": the program is not being run.\n');
  });

  it('replays a capture without a network', async () => {
    const run = (): Promise<Ended> =>
      pktgdb(
        ...['-q', '-batch', '-r', capture('02-hello.pcap')],
        ...['-ex', 'break e1000_receive_iov if $pkt.tcp.flags.syn', '-ex', 'run', '-ex', 'bt', '-ex', 'info position'],
      );
    const first = await run();
    assert.equal(first.err, '');
    assert.equal(first.code, 0);
    assert.deepEqual(frames(first.out), SEED_FRAMES);
    assert.equal((await run()).out, first.out);
  });

  it('Ctrl-C stops the running machine', async () => {
    const child = start(['-q', ...QUIET_MACHINE], 'pipe');
    const end = collect(child);
    const booted = printed(child, /lease of 10\.0\.2\.15/);
    const stopped = printed(child, /SIGINT, Interrupt\.\n[\s\S]* main \(/);
    child.stdin!.write('run\n');
    await booted;
    child.kill('SIGINT');
    child.stdin!.write('bt\n');
    await stopped;
    child.stdin!.write('quit\n');
    const { code, out } = await end;
    assert.equal(code, 0);
    assert.ok(frames(out).includes('main_loop'));
  });

  it('ends when nobody reads its output any more, also with a machine at a stop', async () => {
    const child = start(['-q', '-r', capture('02-hello.pcap'), '-ex', 'break tcp_input', '-ex', 'run'], 'pipe');
    const stopped = printed(child, /^\d+\t.*\n/m);
    const end = collect(child);
    await stopped;
    child.stdout!.destroy();
    child.stdin!.write('bt\n');
    assert.deepEqual([(await end).code, (await end).err], [141, '']);
  });

  it('tells what is wrong with the machine', async () => {
    const { code, err } = await pktgdb('-batch', '-ex', 'run', '--', '-netdev', 'nosuch,id=x');
    assert.equal(code, 1);
    assert.match(err, /nosuch/);
  });
});

/** Takes a port of the loopback, if nobody else has. */
function occupy(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
