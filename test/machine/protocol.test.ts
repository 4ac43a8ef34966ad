/** The test protocol's commands and answers, and the program's options. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { NETDEV_USER_PARAMS } from '../../adapter/stack/net/slirp_options.ts';
import { MACHINE, QTest } from './qtest.ts';

const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [MACHINE, ...args], { encoding: 'utf8' });

describe('pktgdb-machine: test protocol', () => {
  let q: QTest;
  before(async () => {
    q = await QTest.start(['-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0,addr=3,id=nic']);
  });
  after(() => q.close());

  const cases: readonly (readonly [string, string | RegExp])[] = [
    ['endianness', 'OK little'],
    ['writeb 0x1000 0x11', 'OK'],
    ['writew 0x1002 0x2233', 'OK'],
    ['writel 0x1004 0x44556677', 'OK'],
    ['writeq 0x1008 0xffeeddccbbaa9988', 'OK'],
    ['readb 0x1000', 'OK 0x0000000000000011'],
    ['readw 0x1002', 'OK 0x0000000000002233'],
    ['readl 4100', 'OK 0x0000000044556677'],
    ['readq 0x1008', 'OK 0xffeeddccbbaa9988'],
    ['read 0x1000 8', 'OK 0x1100332277665544'],
    ['b64read 0x1000 4', 'OK EQAzIg=='],
    ['b64write 0x2000 4 EQAzIg==', 'OK'],
    ['read 0x2000 5', 'OK 0x1100332200'],
    ['write 0x2000 4 0xaabb', 'OK'],
    ['read 0x2000 4', 'OK 0xaabb0000'],
    ['memset 0x2000 3 0x5a', 'OK'],
    ['read 0x2000 4', 'OK 0x5a5a5a00'],
    ['memset 0x2000 0 0x5a', 'OK'],
    ['memset 0x2000 999999999999 1', "ERR invalid size '999999999999', expected 1 to 268435456"],
    ['outl 0xcf8 0x80001800', 'OK'],
    ['inl 0xcf8', 'OK 0x80001800'],
    ['inl 0xcfc', 'OK 0x100e8086'],
    ['inw 0xcfe', 'OK 0x100e'],
    ['inb 0xcfc', 'OK 0x0086'],
    ['inl 0x1234', 'OK 0xffffffff'],
    ['outw 0x1234 1', 'OK'],
    ['outb 0x1234 1', 'OK'],
    ['clock_step 1000', /^OK \d+$/],
    ['clock_set 5000', 'OK 5000'],
    ['clock_set 4000', 'OK 5000'],
    ['clock_step', 'OK 27462700'],
    ['clock_step', 'OK 27462701'],
    ['clock_step', 'OK 54925401'],
    ['clock_step -5', 'OK 54925401'],
    ['irq_intercept_in nothing', 'FAIL Unknown device'],
    ['irq_intercept_in ioapic', 'OK'],
    ['irq_intercept_in ioapic', 'OK'],
    ['irq_intercept_out ioapic', 'OK'],
    ['irq_intercept_out nic', 'FAIL IRQ intercept already enabled'],
    ['frobnicate 1', "FAIL Unknown command 'frobnicate'"],
    ['', "FAIL Unknown command ''"],
    ['constructor', "FAIL Unknown command 'constructor'"],
    ['readl', 'ERR readl needs 1 argument, got 0'],
    ['readl zebra', "ERR invalid number 'zebra'"],
    ['write 0x1000 0x0 0x', "ERR invalid size '0x0', expected 1 to 268435456"],
    ['writel 0x1000 -2', 'OK'],
    ['readl +4096', 'OK 0x00000000fffffffe'],
    ['inl 0xcfd', 'OK 0xff100e80'],
    ['write 0x1000 4 zebra', 'ERR invalid data for write'],
    ['b64write 0x1000 4 !!', 'ERR invalid data for b64write'],
    ['read 0x1000 0', /^ERR invalid size '0'/],
    ['read 0x1000 99999999999', /^ERR invalid size/],
    ['readl 0xffffffffffffffff', 'OK 0x0000000000000000'],
  ];
  for (const [command, answer] of cases) {
    it(`${command || '(an empty line)'}: ${answer}`, async () => {
      const got = await q.send(command);
      if (typeof answer === 'string') {
        assert.equal(got, answer);
      } else {
        assert.match(got, answer);
      }
    });
  }

  it('a line of 30 MB takes no longer than its length, and is answered with a part of it', () => {
    const line = (mb: number): string => `${'x'.repeat(mb << 20)}\nreadl ${'9x'.repeat(mb << 19)}\nendianness\n`;
    const seconds = (mb: number): number => {
      const start = performance.now();
      const { stdout } = spawnSync(process.execPath, [MACHINE, '-qtest', 'stdio'], {
        encoding: 'utf8',
        input: line(mb),
      });
      const word = '9x'.repeat(50);
      assert.equal(stdout, `FAIL Unknown command '${'x'.repeat(100)}'\nERR invalid number '${word}'\nOK little\n`);
      return (performance.now() - start) / 1000;
    };
    const short = seconds(1);
    assert.ok(seconds(30) < 10 * short + 5);
  });

  it('the clock has an end, and goes there at once', () => {
    const input = 'clock_step 9223372036854775807\nclock_step 9007199254740000\nclock_step 1000000\n';
    const r = spawnSync(process.execPath, [MACHINE, '-qtest', 'stdio'], { encoding: 'utf8', input, timeout: 15_000 });
    assert.deepEqual(r.stdout.trimEnd().split('\n'), [
      'ERR the clock ends at 9007199254740991 ns',
      'OK 9007199254740000',
      'ERR the clock ends at 9007199254740991 ns',
    ]);
  });

  it('a signal ends a machine that is busy and has ever more to say', async () => {
    const child = spawn(process.execPath, [MACHINE, '-qtest', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    child.stdin.write('irq_intercept_in ioapic\nclock_step 9007199254740000\n');
    await once(child.stdout, 'data');
    child.stdout.resume();
    child.kill('SIGTERM');
    await ended;
  });

  it('-qtest stdio speaks on stdin and stdout, and the end of stdin ends the machine', async () => {
    const child = spawn(process.execPath, [MACHINE, '-qtest', 'stdio', '-nodefaults']);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stdin.end('endianness\nclock_step 7\n');
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(out, 'OK little\nOK 7\n');
    assert.equal(code, 0);
  });
});

describe('pktgdb-machine: options', () => {
  it('the monitor on stdio answers', async () => {
    const child = spawn(process.execPath, [
      MACHINE,
      '-guest',
      'none',
      '-monitor',
      'stdio',
      '-net',
      'nic',
      '-net',
      'user',
    ]);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stdin.end('info network\nannounce_self\nquit\n');
    const [code] = (await once(child, 'close')) as [number];
    assert.match(out, /^pktgdb-machine [\d.]+\n\(qemu\) hub 0\n/);
    assert.match(out, /model=e1000,macaddr=52:54:00:12:34:56/);
    assert.equal(code, 0);
  });
  it('wrong options say what would be right', () => {
    assert.match(run('-qtest', 'pigeon:x').stderr, /-qtest pigeon:x: expected unix:PATH, tcp:HOST:PORT, stdio or none/);
    assert.match(run('-qtest', 'unix:/nowhere/q').stderr, /-qtest: connect ENOENT \/nowhere\/q/);
    assert.match(run('-qtest', 'stdio', '-monitor', 'stdio').stderr, /only one can have stdin and stdout/);
    const wrong = run('-netdev', 'user,id=a', '-object', 'filter-dump,id=f,netdev=b,file=x', '-nodefaults');
    assert.match(wrong.stderr, /Parameter 'netdev' expects a network backend id, not 'b'/);
    assert.equal(wrong.status, 1);
    assert.match(
      run('-object', 'filter-dumb,id=f').stderr,
      /known: filter-dump, filter-mirror, filter-redirector, filter-buffer/,
    );
    assert.match(run('-rtc', 'base=tomorrow').stderr, /invalid datetime 'tomorrow'/);
  });
  it('-netdev help lists the networks, -netdev user,help every parameter of the user network', () => {
    assert.match(
      run('-netdev', 'help').stdout,
      /^ {2}user +A user network.*\n( {20}.*\n)* {2}hubport +A port of a hub/m,
    );
    const { stdout, status } = run('-netdev', 'user,help');
    assert.deepEqual(
      [...stdout.matchAll(/^ {2}(\S+) /gm)].map((m) => m[1]).sort(),
      ['id', ...NETDEV_USER_PARAMS].sort(),
    );
    assert.equal(status, 0);
  });
  it('--version and --help', () => {
    assert.match(run('--version').stdout, /^pktgdb-machine \d/);
    assert.match(run('--help').stdout, /-qtest CHARDEV/);
  });
});
