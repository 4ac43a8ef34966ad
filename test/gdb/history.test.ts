/** Going back at the prompt, in gdb's words. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';

describe('history at the prompt', () => {
  let engine: Engine;
  let gdb: GdbInterpreter;
  let printed = '';

  /** The prompt, over the machine or over captures. */
  function begin(traces: readonly string[]): void {
    gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      launch: { args: ['-nic', 'user'], traces },
      write: (text) => {
        printed += text;
      },
    });
  }

  beforeEach(async () => {
    engine = await Engine.create();
    begin([capture('05-http.pcap')]);
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

  it('goes back to a breakpoint, a caller, a line and the beginning', async () => {
    await run('break tcp_input', 'run', 'continue', 'continue');
    assert.match(
      await run('reverse-continue'),
      /^Continuing\.\n\nBreakpoint 1, tcp_input \(m=0x0, .*\) at slirp\/tcp_input\.ts:155\n155\t/,
    );
    assert.match(
      await run('reverse-finish'),
      /^slirp_pollfds_poll \(.*\) at slirp\/slirp\.ts:(\d+)\n\1\t {8}tcp_input\(/,
    );
    assert.match(await run('reverse-step'), /^\d+\t/);
    assert.match(await run('rc'), /Breakpoint 1, tcp_input \(m=\[74 bytes: .* TCP \[SYN\]\]/);
    assert.match(
      await run('rc'),
      /^Continuing\.\n\nNo more reverse-execution history\.\nmain_loop_wait \(.*\) at util\/main-loop\.ts:\d+\n/,
    );
    assert.match(await run('info breakpoints'), /breakpoint already hit 3 times/);
    await run('goto end', 'ignore 1 5');
    assert.match(await run('reverse-continue'), /Breakpoint 1, tcp_input/);
    assert.match(await run('info breakpoints'), /already hit 3 times\n\tignore next 5 hits/);
  });

  it('goes to moments by all their names', async () => {
    const present =
      /^tick (\d+), probe \d+, 2\.\d{9} s, after packet 3 \(10\.0\.2\.15 -> \S+:43757, \[ACK\]\), the present\n$/;
    await run('break tcp_input', 'run', 'continue', 'continue');
    const [, tick] = present.exec(await run('when')) ?? [];
    assert.match(await run('bookmark here', 'goto packet 2'), /^net_slirp_receive|^slirp_output/);
    assert.match(await run('when'), /, after packet 2 \(.*\); the present is tick/);
    assert.match(await run('goto 50%', 'when'), /; the present is/);
    assert.match(await run('goto time 0.001', 'when'), /; the present is/);
    assert.match(
      await run('goto start', 'info history'),
      /Here: {5}tick \d+, probe -2, 0\.000000000 s, after packet 0\n/,
    );
    assert.match(await run('goto here'), /^\nThe present\.\ntcp_input/);
    assert.match(await run('goto 0'), /^\nNo more reverse-execution history\.\nmain_loop_wait /);
    assert.match(await run('goto start'), /^main_loop_wait /);
    assert.match(await run('goto start', 'goto time 1000'), /^\nThe present\.\ntcp_input/);
    assert.match(await run('goto packet 4'), /^Packet 4 of the capture has not passed the user network's edge\.\n$/);
    assert.match(await run('when'), present);
    assert.equal(await run('info checkpoints'), 'No checkpoints.\n');
    assert.match(await run('checkpoint'), new RegExp(`^Checkpoint 1 at tick ${tick}, `));
    const [, past = ''] = /\n\[past: (\d+:\d+), after packet 3\]\n$/.exec(await run('reverse-stepi')) ?? [];
    assert.match(await run('when'), new RegExp(`^tick ${past.replace(':', ', probe ')}, `));
    assert.doesNotMatch(await run('goto end'), /past/);
    assert.match(await run(`goto ${past}`), new RegExp(`\\[past: ${past}, `));
    assert.match(await run('info position'), /\nin the past: tick /);
    assert.match(await run('info bookmarks'), new RegExp(`^here: tick ${tick}, `));
    const first = await run('info checkpoints');
    const place = 'packet \\d+ \\(.*\\), file slirp/\\w+\\.ts, line \\d+\\n';
    assert.match(
      first,
      new RegExp(`^  0 \\(main process\\) at tick ${tick}, .* after ${place}  1 at tick ${tick}, .*${place}$`),
    );
    assert.match(await run('goto start', 'restart 0'), /^\nThe present\.\ntcp_input/);
    await run('restart 1');
    assert.match(await run('info checkpoints'), /^\* 0 \(main process\) at .*\n {2}1 at /);
    assert.match(await run('when'), present);
    assert.match(await run(`goto ${tick}`, 'when'), new RegExp(`^tick ${tick}, probe -1`));
    assert.match(await run('goto end'), /^\nThe present\.\ntcp_input/);
  });

  it('says where the main loop waits as all that shows it does, and goes there by that', async () => {
    await run('run');
    const [, tick = ''] = /^tick (\d+), probe -2, .*, the present\n$/.exec(await run('when')) ?? [];
    assert.match(await run('info position'), new RegExp(`^tick ${tick}, probe -2 at util/main-loop`));
    assert.match(
      await run(`goto ${tick}`, 'when'),
      new RegExp(`^tick ${tick}, probe -1, .*; the present is tick ${tick},`),
    );
    assert.match(await run(`goto ${tick}:-2`, 'when'), new RegExp(`^tick ${tick}, probe -2, .*, the present\n$`));
    const [, from = ''] = /^\[past: (\d+:-2), after packet 0\]$/m.exec(await run('goto start')) ?? [];
    await run('goto 50%');
    assert.match(await run(`goto ${from}`), new RegExp(`^\\[past: ${from}, after packet 0\\]$`, 'm'));
    assert.match(
      await run('info position'),
      new RegExp(`^tick ${from.replace(':', ', probe ')} at .*\nin the past: tick`),
    );
  });

  it('says how much it has saved', async () => {
    const file = join(tempFolder(), 'replay.pcapng');
    const saved = /^Saved recording \S+: \d+ packets, (1 checkpoint|(?!1 )\d+ checkpoints), \d+ bytes\.\n$/;
    assert.match(await run('run', 'info drops', `record save ${file}`), saved);
  });

  it('says what it cannot do', async () => {
    assert.equal(await run('reverse-step'), 'The program is not being run.\n');
    await run('break tcp_input', 'run');
    assert.match(await run('goto tomorrow'), /^No moment "tomorrow": /);
    assert.equal(await run('restart 7'), 'Not found: checkpoint id 7\n');
    const [, tick = '', probe = ''] = /^tick (\d+), probe (\d+), /.exec(await run('when')) ?? [];
    const elsewhere = `${Number(tick) - 1}:${Number(probe) + 1}`;
    const missing = `There is no moment ${elsewhere} in the history.\n`;
    assert.equal(await run(`goto ${elsewhere}`), missing);
    assert.match(await run('when'), new RegExp(`^tick ${tick}, .*, the present\n$`));
    await run('reverse-stepi');
    assert.equal(await run(`goto ${elsewhere}`), missing);
    assert.match(await run('info position'), /\nin the past: /);
    assert.match(await run(`goto ${tick}:${Number(probe) + 1}`), /^There is no moment \d+:\d+ in the history\.\n$/);
    await run('goto end');
    assert.match(await run('bookmark end'), /cannot be the name of a bookmark/);
    assert.match(await run('what-if off'), /there is no what-if/);
    assert.match(await run('diff history'), /there is no what-if/);
    assert.match(await run('record delete'), /^Already at end of record list\.$/m);
    assert.match(await run('record'), /^The process is already being recorded\. {2}Use "record save FILE"/);
  });

  it('goes where "set exec-direction" says', async () => {
    await run('break tcp_input', 'run', 'continue 3');
    assert.equal(await run('show exec-direction'), 'Forward.\n');
    await run('next', 'set exec-direction reverse');
    assert.equal(await run('show exec-direction'), 'Reverse.\n');
    assert.match(await run('next'), /(^|\n)(15\d\t|tcp_input)/);
    assert.match(await run('reverse-next'), /^Already in reverse mode\. {2}Use 'next' or/);
    assert.match(await run('continue'), /Breakpoint 1, tcp_input/);
    await run('delete');
    assert.match(await run('continue'), /No more reverse-execution history/);
    await run('goto end', 'set exec-direction forward', 'next');
    assert.match(await run('reverse-nexti'), /^161\t/);
  });

  it('shows what would have been, and goes back to what was', async () => {
    await run('break tcp_input', 'run', 'continue 4', 'reverse-continue');
    await run('set var $RADV = 7');
    assert.match(await run('when'), /, the present, of a what-if\n$/);
    assert.match(await run('stepi'), /\n\[what-if: \d+:\d+, after packet \d+\]\n$/);
    assert.match(await run('info position'), /\nin a what-if that left the past at tick \d+, probe \d+\n$/);
    await run('delete', 'continue');
    assert.match(await run('info what-if'), /^The past was changed at tick \d+, probe \d+, /);
    assert.match(
      await run('diff history'),
      /^No difference: both make the same \d+ calls, up to where the history ends\.$/m,
    );
    assert.match(await run('what-if off'), /^tcp_input \(/m);
    assert.match(await run('print $RADV'), /= 0$/m);
    assert.equal(await run('info what-if'), 'Nothing was changed in the past.\n');
  });

  it("gives up checkpoints and bookmarks, in gdb's words", async () => {
    await run('break tcp_input', 'run', 'checkpoint', 'bookmark a', 'bookmark b');
    assert.equal(await run('restart'), 'Requires argument (checkpoint id to restart)\n');
    assert.equal(await run('delete checkpoint'), 'Requires argument (checkpoint id to delete)\n');
    assert.equal(await run('delete checkpoint 0'), 'No such checkpoint id, 0\n');
    assert.equal(await run('delete checkpoint 1', 'info checkpoints'), 'No checkpoints.\n');
    assert.equal(await run('delete checkpoint 1'), 'No such checkpoint id, 1\n');
    assert.equal(await run('delete bookmark c'), 'No bookmark "c".\n');
    assert.match(await run('delete bookmark a', 'info bookmarks'), /^b: .*\n$/);
    assert.equal(await run('delete bookmark', 'info bookmarks'), 'No bookmarks.\n');
    assert.equal(await run('delete bookmark'), 'No bookmarks.\n');
    assert.match(await run('info breakpoints'), /^1 /m);
  });

  it('goes where "record goto" says', async () => {
    await run('break tcp_input', 'run', 'continue');
    const begin = /^main_loop_wait .*\n.*\n\[past: (\d+):-2, after packet 0\]\n$/;
    const [, tick = ''] = begin.exec(await run('record goto begin')) ?? [];
    assert.match(await run('record goto end'), /^\nThe present\.\n/);
    assert.match(await run(`record goto ${Number(tick) + 1}`), new RegExp(`\\[past: ${Number(tick) + 1}, `));
    assert.match(await run('record goto start'), begin);
    assert.match(await run('record goto never'), /^No moment "never": /);
  });

  it('forgets moments with the machine that they are of', async () => {
    await run('break tcp_input', 'run', 'checkpoint', 'bookmark a', 'calls tcp_input', 'kill');
    assert.equal(await run('info checkpoints'), 'No checkpoints.\n');
    await run('run');
    assert.equal(await run('info bookmarks'), 'No bookmarks.\n');
    assert.match(await run('goto a'), /^No moment "a": /);
    assert.equal(await run('goto row 1'), 'No query has found anything.\n');
    assert.equal(await run('restart 1'), 'Not found: checkpoint id 1\n');
    await run('checkpoint', 'run');
    assert.equal(await run('info checkpoints'), 'No checkpoints.\n');
  });

  interface Sizes {
    readonly from: number;
    readonly bytes: number;
    readonly checkpoints: number;
    readonly ofBytes: number;
  }

  /** What `info history` says. */
  async function sizesOf(): Promise<Sizes> {
    const pattern =
      /^Recorded: from tick (\d+), .*\n.*\nSize: {5}(\d+) bytes of inputs; (\d+) checkpoints? of (\d+) bytes\n/;
    const [from = 0, bytes = 0, checkpoints = 0, ofBytes = 0] =
      pattern
        .exec(await run('info history'))
        ?.slice(1)
        .map(Number) ?? [];
    return { from, bytes, checkpoints, ofBytes };
  }

  /** Inputs and checkpoints become more as a session goes on; the oldest leave at the bound. */
  function checkSizes(all: readonly Sizes[], bound: number): void {
    const text = JSON.stringify(all);
    const steps = all.slice(1).map((now, i) => ({ now, before: all[i] as Sizes }));
    for (const { now, before } of steps) {
      assert.ok(now.bytes > 0 && now.bytes <= bound, text);
      assert.ok(now.checkpoints > 0 && now.ofBytes > 10_000 * now.checkpoints, text);
      assert.ok(now.from >= before.from, text);
      assert.ok(now.bytes > before.bytes || now.from > before.from, `what was kept is gone for no reason: ${text}`);
    }
    assert.ok(
      steps.some(({ now, before }) => now.bytes > before.bytes),
      text,
    );
    assert.ok(
      steps.some(({ now, before }) => now.bytes < before.bytes),
      text,
    );
    assert.ok(
      steps.some(({ now, before }) => now.checkpoints > before.checkpoints),
      text,
    );
    // Of three parts there were as many as of all that is kept at the bound, or nearly so.
    assert.ok((all.at(-1)?.checkpoints ?? 0) <= 2 * (all[2]?.checkpoints ?? 0), text);
    assert.ok((all.at(-1)?.from ?? 0) > (all.at(-3)?.from ?? 0), text);
  }

  it('keeps the last megabytes of a session that is longer', async function () {
    this.timeout(60_000);
    gdb.dispose();
    begin([]);
    const server = createServer((c) => c.end(scattered(300 << 10))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let console = '';
    engine.on('console', (text) => {
      console += text;
    });
    const printing = async (text: string): Promise<void> => {
      while (!console.includes(text)) {
        await once(engine, 'console');
      }
    };
    const stopped = run('set history size 1M', 'run');
    await printing('lease of');
    await engine.interrupt();
    assert.doesNotMatch(await stopped, /limit/);
    const sizes = [await sizesOf()];
    for (let i = 1; i <= 9; i++) {
      const going = run('continue');
      engine.guestInput(`nc 10.0.2.2 ${port} > /dev/null; echo part ${i}\n`);
      await printing(`\npart ${i}`);
      await engine.interrupt();
      assert.doesNotMatch(await going, /limit/);
      sizes.push(await sizesOf());
    }
    server.close();
    checkSizes(sizes, 1 << 20);
    const [, from = '', to = ''] =
      /^Recorded: from tick (\d+), .*, after packet \d{3,} .*\n +to tick (\d+), /.exec(await run('info history')) ?? [];
    assert.ok(Number(from) > 0 && Number(from) < Number(to), printed);
    assert.match(await run('info record'), new RegExp(`^Lowest recorded tick is ${from}\\.$`, 'm'));
    assert.match(await run('goto start', 'when'), new RegExp(`^tick ${from}, probe -2, `));
    assert.match(await run('reverse-continue'), /^Continuing\.\n\nNo more reverse-execution history\.\n/);
    assert.match(await run('goto 5'), new RegExp(`^That moment is no longer kept: the history begins at tick ${from}`));
    await run('goto end');
    const file = join(tempFolder(), 'kept.pcapng');
    assert.match(await run(`record save ${file}`), /^Saved recording .*: \d{3,} packets, \d+ checkpoints?, /);
    gdb.dispose();
    begin([file]);
    assert.match(await run('run', 'info history'), new RegExp(`^Recorded: from tick ${from}, `));
    rmSync(file);
  });
});
