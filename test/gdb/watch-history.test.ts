/** Watchpoints and what is asked of writes, in both directions of time, at the prompt. */
import assert from 'node:assert/strict';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

describe('who wrote it, at the prompt', () => {
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

  /** Stops at the fifth frame that the NIC receives. */
  const fifth = (): Promise<string> => run('break e1000_receive_iov', 'ignore 1 4', 'run', 'delete');

  it('goes back to the last write of a register, and on again', async () => {
    await fifth();
    assert.match(
      await run('watch $RDT', 'reverse-continue'),
      new RegExp(
        '^Continuing\\.\\n\\nHardware watchpoint 2: \\$RDT\\n\\nOld value = 3\\nNew value = 2\\n' +
          'Written by set_rdt \\(\\) at hw/net/e1000\\.ts:(\\d+)\\n' +
          'set_rdt \\(s=0x.*, val=3\\) at hw/net/e1000\\.ts:\\1\\n\\1\\t',
      ),
    );
    assert.equal(await run('print $RDT'), '$1 = 2\n');
    assert.match(await run('reverse-continue'), /Old value = 2\nNew value = 1\nWritten by set_rdt/);
    assert.match(await run('continue'), /Old value = 1\nNew value = 2\nWritten by set_rdt/);
    assert.match(await run('reverse-continue'), /Old value = 2\nNew value = 1\n/);
    assert.match(await run('rc', 'rc', 'rc', 'rc'), /No more reverse-execution history\./);
    assert.doesNotMatch(await run('info watchpoints'), /already hit/, 'going back counts no hits');
  });

  it('follows a place of an object that is younger than the recording', async () => {
    await run('break tcp_output', 'ignore 1 4', 'run', 'delete', 'next');
    await run('watch -l tp->t_state');
    const states: string[] = [];
    for (let text = ''; !text.includes('No more reverse-execution history.'); text = await run('reverse-continue')) {
      states.push(...(/Old value = \d+\nNew value = \d+\nWritten by \w+/.exec(text) ?? []));
    }
    assert.deepEqual(states, [
      'Old value = 6\nNew value = 4\nWritten by tcp_state_change',
      'Old value = 4\nNew value = 2\nWritten by tcp_state_change',
      'Old value = 2\nNew value = 0\nWritten by tcp_state_change',
    ]);
  });

  it('goes on in the past with the watchpoint of a place', async () => {
    await run('break e1000_rx_write', 'ignore 1 3', 'run', 'delete', 'watch -l s->mac_reg[RDH]');
    assert.match(await run('rc', 'rc'), /Old value = 2\nNew value = 1\n/);
    assert.match(await run('continue'), /Old value = 1\nNew value = 2\n/);
    assert.match(await run('continue'), /Old value = 2\nNew value = 3\n/);
  });

  it('goes back through the call of a local variable, and no further', async () => {
    await run('break e1000_rx_write', 'run', 'delete', 'next', 'next', 'next', 'next', 'watch desc_offset');
    await run('continue', 'next');
    assert.match(await run('reverse-continue'), /Old value = 64\nNew value = 0\nWritten by e1000_rx_write/);
    assert.match(
      await run('reverse-continue'),
      /Watchpoint 2 deleted because the program has left the block in\nwhich its .* valid\.\ne1000_rx_write \(/,
    );
    assert.equal(await run('info watchpoints'), 'No watchpoints.\n');
  });

  it('goes on in the present with the watchpoint of a local that was set in the past, if the call does', async () => {
    await run('break ip_output', 'ignore 1 2', 'run', 'delete', 'reverse-finish');
    assert.match(await run('watch sendalot'), /^Hardware watchpoint 2: sendalot\n/);
    assert.match(await run('goto end'), /^\nThe present\.\nip_output \(/);
    const left = /Watchpoint \d deleted because the program has left the block in\nwhich its .* valid\.\n/;
    assert.match(await run('continue'), left);
    assert.equal(await run('info watchpoints'), 'No watchpoints.\n');
    // The present is in another call of the same function.
    await run('break ip_output', 'continue', 'delete', 'reverse-finish', 'break ip_output', 'reverse-continue');
    await run('delete', 'finish', 'watch sendalot');
    assert.match(await run('goto end'), left);
  });

  it('comes back to the present with the watchpoint of a local after an interrupt in the past', async () => {
    await run('break ip_output', 'ignore 1 2', 'run', 'delete', 'reverse-finish', 'watch sendalot');
    engine.once('continued', () => void engine.interrupt());
    assert.match(await run('continue'), /Program received signal SIGINT/);
    assert.equal(engine.history?.inPast, true);
    assert.match(await run('goto end'), /^\nThe present\.\nip_output \(/);
    assert.match(await run('info watchpoints'), /hw watchpoint .* sendalot\n$/);
    assert.match(await run('continue'), /Watchpoint 2 deleted because the program has left the block/);
  });

  it('goes on in the present with the watchpoint of a place that was set in the past', async () => {
    const closes = /Old value = 4\nNew value = 6\nWritten by tcp_state_change/;
    const inPast = async (): Promise<void> => {
      await run('break sofcantrcvmore', 'run', 'delete', 'break tcp_output', 'rc', 'delete', 'next');
      await run('watch -l tp->t_state');
      assert.equal(engine.history?.inPast, true);
    };
    await inPast();
    assert.match(await run('continue'), closes, 'through the present');
    assert.equal(engine.history?.inPast, false);
    await inPast();
    assert.match(await run('goto end'), /The present\./);
    assert.match(await run('continue'), closes, 'from the present');
    await inPast();
    // To before the connection is there, and to moments behind it.
    await run('goto start');
    assert.match(await run('continue'), /Old value = 0\nNew value = 2\n/);
    await run('goto packet 6');
    assert.match(await run('continue'), closes, 'from a packet');
    await run('rc', 'rc');
    assert.match(await run('rc'), /Old value = 2\nNew value = 0\n/);
    await run('goto end');
    assert.match(await run('rc'), /Old value = 6\nNew value = 4\n/, 'back from the present');
  });

  it('lists all writes of a register, also those of the user, and goes to each', async () => {
    await fifth();
    await run('set var $RDT = 77');
    const rows = (await run('writes $RDT')).trimEnd().split('\n');
    assert.deepEqual(
      rows.map((row) => row.replace(/^(\d+) .*\$RDT/, '$1 $RDT').replace(/:\d+$/, '')),
      [
        '1 $RDT: 0 -> 255 in set_rdt () at hw/net/e1000.ts',
        '2 $RDT: 255 -> 0 in set_rdt () at hw/net/e1000.ts',
        '3 $RDT: 0 -> 1 in set_rdt () at hw/net/e1000.ts',
        '4 $RDT: 1 -> 2 in set_rdt () at hw/net/e1000.ts',
        '5 $RDT: 2 -> 3 in set_rdt () at hw/net/e1000.ts',
        '6 $RDT: 3 -> 77 by the debugger',
      ],
    );
    assert.match(rows[1] ?? '', /^2 {2}\d+:\d+ {2}2\.000000000 s {2}packet 1 {2}/);
    assert.match(await run('goto row 2'), /^set_rdt \(.*val=0\) at hw\/net\/e1000\.ts:187\n/);
    assert.equal(await run('print $RDT'), '$1 = 255\n');
    assert.match(await run('last-write $RDT'), /^1 {2}.* \$RDT: 0 -> 255 in set_rdt/);
    // What one query has watched is nothing to the next one.
    assert.doesNotMatch(await run('calls e1000_receive_iov'), /set_rdt/);
  });

  it('says who wrote a field last, before here', async () => {
    await run('break tcp_output', 'ignore 1 4', 'run', 'delete', 'next');
    assert.match(
      await run('last-write so->so_state'),
      /^1 {2}\d+:\d+ {2}.* {2}so->so_state: 8196 -> 8204 in sofcantrcvmore \(\) at slirp\/so_state\.ts:\d+\n$/,
    );
    assert.match(
      await run('writes so->so_state'),
      /^1 .* 1 -> 8192 in tcp_connect .*\n2 .* 8192 -> 8196 in soisfconnected .*\n3 .*sofcantrcvmore.*\n$/,
    );
    assert.match(
      await run('last-write tp->t_state'),
      /^1 .*: 4 -> 6 in tcp_state_change \(\) at slirp\/tcp_state\.ts:\d+\n$/,
    );
  });

  it('says who wrote guest memory', async () => {
    await fifth();
    const [, base = '0'] = /= (\d+)/.exec(await run('print $RDBAL')) ?? [];
    const rows = (await run(`writes *(uint32_t *)${Number(base) + 12}`)).trimEnd().split('\n');
    assert.ok(rows.length >= 2, rows.join('\n'));
    assert.match(rows[0] ?? '', /: 0 -> \d+ in e1000_rx_write \(\) at hw\/net\/e1000\.ts:/);
  });

  it('refuses what cannot be followed', async () => {
    await run('break set_rdt', 'run');
    assert.match(await run('writes val'), /^"val" is of this call only; watch it, or name a field/);
    assert.equal(await run('writes'), 'Argument required (expression to follow).\n');
    assert.equal(await run('last-write 5'), "Cannot watch constant value `5'.\n");
  });
});
