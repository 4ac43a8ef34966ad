/** Breakpoints, stepping, frames and memory at the prompt, over a replay: typed and compared as a gdb user would. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

describe('breakpoints at the prompt', () => {
  let engine: Engine;
  let gdb: GdbInterpreter;
  let printed = '';

  beforeEach(async () => {
    engine = await Engine.create();
    gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      launch: { args: ['-nic', 'user'], traces: [capture('02-hello.pcap')] },
      write: (text) => {
        printed += text;
      },
    });
    engine.on('log', (text) => {
      printed += text;
    });
  });

  afterEach(async () => {
    gdb.dispose();
    await engine.dispose();
  });

  /** Executes lines; what the last one printed. */
  async function run(...lines: string[]): Promise<string> {
    for (const line of lines) {
      printed = '';
      await gdb.execute(line);
    }
    return printed;
  }

  const PLACE = /Breakpoint \d+ at \w+: file \S+, line \d+\./;

  it('take no number when they are refused (A12), and say which others are there', async () => {
    assert.match(await run('break nosuch'), /^Function "nosuch" not defined\./);
    assert.match(await run('break tcp_input if nosuch_field'), /No symbol "nosuch_field"/);
    assert.match(await run('break -packet 0'), /no packet|There is no packet|packet number/);
    assert.match(await run('break tcp_input'), /^Breakpoint 1 at tcp_input: file slirp\/tcp_input\.ts, line \d+\.\n$/);
    assert.match(
      await run('tbreak tcp_input'),
      /^Note: breakpoint 1 also set at slirp\/tcp_input\.ts:\d+\.\nTemporary/,
    );
    assert.match(await run('hbreak tcp_input'), /^Note: breakpoints 1 and 2 also set/);
  });

  it('are cleared at the beginning of a function, and not inside of it', async () => {
    const [, line = ''] = /line (\d+)\./.exec(await run('break tcp_input')) ?? [];
    await run(`break slirp/tcp_input.ts:${Number(line) + 8}`, `tbreak slirp/tcp_input.ts:${line}`, 'break ip_input');
    assert.equal(await run('clear tcp_input'), 'Deleted breakpoints 1 3 \n');
    assert.match(await run('info breakpoints'), /^2 .* in tcp_input at .*\n4 .* in ip_input at/m);
  });

  it('are set by -function, -line and -source, in quotes, for thread 1, and before anything runs', async () => {
    for (const at of [
      '-function tcp_input',
      "'tcp_input'",
      'tcp_input()',
      'tcp_input thread 1',
      '-source slirp/tcp_input.ts -function tcp_input',
    ]) {
      assert.match(await run(`break ${at}`), PLACE, at);
    }
    assert.equal(await run('break tcp_input thread 2'), 'Unknown thread 2.\n');
    const { line } = engine.info.functions.find((f) => f.name === 'main')!;
    assert.match(await run(`break ${line + 1}`), /file softmmu\/main\.ts/);
    assert.match(await run('break +2'), /file softmmu\/main\.ts/);
  });

  it('pend if the user wants that', async () => {
    await run('set breakpoint pending on');
    assert.match(await run('break later'), /^Function "later" not defined\..*\nBreakpoint 1 \(later\) pending\.\n$/);
    assert.match(await run('info breakpoints'), /^1 {7}breakpoint {5}keep y {3}<PENDING> {10}later$/m);
  });

  it('count ignored hits down (A5), and are enabled once, for some stops, or until they stop', async () => {
    await run('break e1000_receive_iov', 'ignore 1 1', 'run');
    const after = await run('info breakpoints');
    assert.match(after, /already hit 2 times/);
    assert.doesNotMatch(after, /ignore next/);
    await run('enable once 1', 'continue');
    assert.match(await run('info breakpoints'), /^1 {7}breakpoint {5}keep n/m);
    await run('enable count 2 1');
    assert.match(await run('info breakpoints'), /dis {2}y.*\n.*\n\tdisable after next 1 hits\n/);
    await run('continue', 'continue');
    assert.match(await run('info breakpoints'), /^1 {7}breakpoint {5}keep n/m);
    await run('enable delete 1', 'continue');
    assert.equal(await run('info breakpoints'), 'No breakpoints or watchpoints.\n');
  });

  it('dprintf prints and goes on; save breakpoints writes what source reads', async () => {
    const text = await run('dprintf e1000_receive_iov,"%d of %s\\n",iovcnt,$pkt.ip.src');
    assert.match(text, /^Dprintf 1 at e1000_receive_iov/);
    assert.match(
      await run('info breakpoints'),
      /dprintf {8}keep y.*\n {8}printf "%d of %s\\n",iovcnt,\$pkt\.ip\.src\n/,
    );
    assert.match(await run('run'), /\n1 of 10\.0\.2\.2\n(?:.|\n)*1 of 10\.0\.2\.2\n/);
    await run('break tcp_input if 1 == 2', 'commands 2', 'silent', 'if 1', 'echo hi\\n', 'end', 'end', 'disable 2');
    const file = join(tempFolder(), 'saved');
    assert.equal(await run(`save breakpoints ${file}`), `Saved to file '${file}'.\n`);
    const saved = readFileSync(file, 'utf8');
    assert.equal(
      saved,
      'dprintf e1000_receive_iov,"%d of %s\\n",iovcnt,$pkt.ip.src\n' +
        'break tcp_input if 1 == 2\ncommands\n  silent\n  if 1\n    echo hi\\n\n  end\nend\ndisable $bpnum\n',
    );
    await run('delete', `source ${file}`, `save breakpoints ${file}`);
    assert.equal(readFileSync(file, 'utf8'), saved);
  });

  it('rbreak takes all functions that a pattern means', async () => {
    const text = await run('rbreak ^tcp_out');
    assert.match(text, /^Breakpoint 1 at tcp_output: file slirp\/tcp_output\.ts, line \d+\.\nvoid tcp_output\(/);
  });

  it('silence only themselves (A11), and go on without a word', async () => {
    await run('break e1000_receive_iov', 'tbreak e1000_receive_iov', 'commands 2', 'silent', 'end');
    assert.match(await run('run'), /\nBreakpoint 1, e1000_receive_iov/);
    await run('delete', 'break e1000_receive_iov', 'commands 3', 'silent', 'printf "%d\\n", iovcnt', 'continue', 'end');
    const text = await run('continue');
    assert.equal(text.match(/Continuing/g)?.length, 1);
    assert.match(text, /^Continuing\.\n1\n1\n/);
  });

  it('run starts anew with a machine alive (A2), and detach leaves breakpoints as they were (A13)', async () => {
    await run('break e1000_receive_iov', 'run');
    assert.match(await run('run'), /\nBreakpoint 1, e1000_receive_iov/);
    await run('detach');
    assert.match(await run('run'), /\nBreakpoint 1, e1000_receive_iov/);
  });

  it('step by statements, return, skip; jump says why not', async () => {
    await run('break e1000_receive_iov', 'run', 'delete');
    const before = await run('info position');
    await run('stepi');
    assert.notEqual(await run('info position'), before);
    assert.match(await run('nexti'), /^\d+\t/);
    const { length } = await engine.frames();
    assert.match(await run('return 5'), /qemu_deliver_packet_iov .* at net\/net\.ts/);
    assert.equal((await engine.frames()).length, length - 1);
    assert.equal(
      await run('skip function e1000_receive_iov'),
      'Function e1000_receive_iov will be skipped when stepping.\n',
    );
    assert.match(await run('info skip'), /^1 {5}y {6}n <none> {16}n e1000_receive_iov$/m);
    assert.match(await run('skip nosuch'), /^Function "nosuch" not defined/);
    assert.match(await run('jump 5'), /^Execution cannot go on at another line\./);
  });

  it('apply commands to frames, and select them silently', async () => {
    await run('break e1000_receive_iov', 'run');
    assert.match(await run('frame apply 2 -q print 5'), /^\$1 = 5\n\$2 = 5\n$/);
    assert.match(await run('frame apply level 1 print 6'), /^#1 {2}qemu_deliver_packet_iov .*\n\$3 = 6\n$/);
    assert.match(await run('faas print iovcnt'), /^#0 {2}e1000_receive_iov .*\n\$\d+ = 1\n/);
    assert.equal(await run('up-silently'), '');
    assert.match(await run('frame'), /^#1 /);
    assert.equal(await run('select-frame 0'), '');
    assert.match(await run('bt -frame-arguments none 1'), /^#0 {2}e1000_receive_iov \(\.\.\.\) at/);
    assert.match(await run('bt -past-main off -1'), /^#\d+ +main \(/);
    assert.equal(await run('info args nosuch'), 'No matching arguments.\n');
    assert.equal(await run('info locals nosuch'), 'No matching locals.\n');
  });

  it('write guest memory to files and back, and find in it', async () => {
    await run('break e1000_receive_iov', 'run');
    const file = join(tempFolder(), 'ram');
    assert.equal(await run(`dump memory ${file} 0x100000 0x100010`), '');
    assert.equal(readFileSync(file).length, 16);
    assert.equal(await run(`append value ${file} iov[0].iov_base`), '');
    assert.ok(readFileSync(file).length > 16);
    assert.match(
      await run(`restore ${file} binary 0x800000`),
      /^Restoring binary file .* into memory \(0x800000 to 0x8000/,
    );
    assert.match(
      await run('find 0x800000, +64, (char)0x52'),
      /^(?:0x8000\w+\n)+\d+ patterns? found\.\n$|Pattern not found/,
    );
    assert.equal(await run('init-if-undefined $n = 3', 'init-if-undefined $n = 4', 'output $n'), '3');
  });
});
