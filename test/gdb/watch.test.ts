/** Watchpoints at the prompt, in gdb's words. */
import assert from 'node:assert/strict';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

describe('watchpoints at the prompt', () => {
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

  it('stop after the statement that changes a register, and say which it was', async () => {
    await run('break e1000_receive_iov', 'run', 'delete');
    assert.equal(await run('watch $RDH'), 'Hardware watchpoint 2: $RDH\n');
    assert.match(
      await run('continue'),
      new RegExp(
        '^Continuing\\.\\n\\nHardware watchpoint 2: \\$RDH\\n\\nOld value = 0\\nNew value = 1\\n' +
          'Written by e1000_rx_write \\(\\) at hw/net/e1000\\.ts:(\\d+)\\n' +
          'e1000_rx_write \\(s=0x.*\\) at hw/net/e1000\\.ts:(\\d+)\\n\\2\\t',
      ),
    );
    assert.match(await run('continue'), /Old value = 1\nNew value = 2\n/);
    assert.equal(
      await run('info watchpoints'),
      'Num     Type           Disp Enb Address            What\n' +
        '2       hw watchpoint  keep y                      $RDH\n\tbreakpoint already hit 2 times\n',
    );
  });

  it('stop at reads, and at reads and writes', async () => {
    await run('break e1000_receive_iov', 'run', 'delete');
    assert.equal(await run('rwatch $ICR'), 'Hardware read watchpoint 2: $ICR\n');
    assert.match(
      await run('continue'),
      /^Continuing\.\n\nHardware read watchpoint 2: \$ICR\n\nValue = 0\nRead by set_ics \(\) at hw\/net\/e1/,
    );
    assert.equal(await run('delete 2', 'awatch $RDT'), 'Hardware access (read/write) watchpoint 3: $RDT\n');
    assert.match(
      await run('continue'),
      /Hardware access \(read\/write\) watchpoint 3: \$RDT\n\nOld value = 255\nNew value = 0\nWritten by set_rdt/,
    );
    assert.match(await run('continue'), /watchpoint 3: \$RDT\n\nValue = 0\nRead by /);
    assert.match(await run('info watchpoints'), /^Num {5}Type {11}Disp.*\n3 {7}acc watchpoint keep y {22}\$RDT\n/);
    assert.equal(await run('rwatch $RDT + 1'), 'Expression cannot be implemented with read/access watchpoint.\n');
  });

  it('stop at reads of guest memory by DMA and by the guest, within a range', async () => {
    const number = async (expression: string): Promise<number> =>
      Number(/= (\d+)/.exec(await run(`print ${expression}`))?.[1]);
    await run('break e1000_receive_iov', 'run', 'delete');
    const length = `*(uint32_t *)${(await number('$RDBAL')) + 8}`;
    assert.equal(await run(`rwatch ${length}`), `Hardware read watchpoint 2: ${length}\n`);
    assert.match(
      await run('continue'),
      /^Continuing\.\n\nHardware read watchpoint 2: .*\n\nValue = 0\nRead by e1000_rx_write \(\) at hw\/net\/e1000/,
    );
    assert.match(await run('continue'), /\n\nValue = 64\nRead by trace_clean_rx_irq \(\) at guest\/trace_guest\.ts:/);
    assert.match(await run('rc', 'rc'), /\n\nValue = 0\nRead by e1000_rx_write \(\)/);
    await run('goto end', 'delete', 'break e1000_tx_gather', 'continue', 'delete');
    // Of the frame that is sent, bytes behind its first ones; of what is before or behind them nobody reads.
    const addr = await number('addr');
    const len = await number('len');
    await run(`rwatch *(uint8_t *)${addr - 16}@16`, `rwatch *(uint8_t *)${addr + len}@16`);
    assert.match(await run(`rwatch *(uint8_t *)${addr + 5}@2`), /^Hardware read watchpoint 6: \*\(uint8_t \*\)\d+@2\n/);
    assert.match(await run('continue'), /watchpoint 6: .*\n\nValue = \{\w+, \w+\}\nRead by e1000_tx_gather \(\)/);
  });

  it('end with the call in which the expression has a meaning', async () => {
    await run('break set_rdt', 'run', 'delete');
    assert.equal(await run('watch s->mac_reg[index]'), 'Hardware watchpoint 2: s->mac_reg[index]\n');
    assert.match(
      await run('continue'),
      /Old value = 0\nNew value = 255\nWritten by set_rdt \(\) at hw\/net\/e1000\.ts:/,
    );
    assert.match(
      await run('continue'),
      new RegExp(
        '^Continuing\\.\\n\\nWatchpoint 2 deleted because the program has left the block in\\n' +
          'which its expression is valid\\.\\ne1000_mmio_write \\(.*\\) at ',
      ),
    );
    assert.equal(await run('info watchpoints'), 'No watchpoints.\n');
  });

  it('with -location watch the place, whoever writes it', async () => {
    await run('break set_rdt', 'run', 'delete');
    assert.equal(await run('watch -l s->mac_reg[index]'), 'Hardware watchpoint 2: -location s->mac_reg[index]\n');
    assert.match(await run('continue'), /Old value = 0\nNew value = 255\nWritten by set_rdt/);
    assert.match(await run('continue'), /Hardware watchpoint 2: -location s->mac_reg\[index\]\n\nOld value = 255\n/);
  });

  it('watch a local variable', async () => {
    await run('break e1000_rx_write', 'run', 'delete', 'next', 'next', 'next', 'next', 'next');
    assert.equal(await run('watch desc_offset'), 'Hardware watchpoint 2: desc_offset\n');
    assert.match(
      await run('continue'),
      /Old value = 0\nNew value = 64\nWritten by e1000_rx_write \(\) at .*\ne1000_rx_write .*\n\d+\t {6}desc\.set/,
    );
    assert.match(
      await run('continue'),
      /^Continuing\.\n\nWatchpoint 2 deleted because .* block in\nwhich .* valid\.\ne1000_receive_iov \(/,
    );
  });

  it('have conditions, hit counts, ignore counts and commands, and can be disabled', async () => {
    await run('break e1000_receive_iov', 'run', 'delete', 'watch $RDH if $RDH == 3');
    assert.match(await run('continue'), /Old value = 2\nNew value = 3\n/);
    assert.match(await run('info breakpoints'), /\tstop only if \$RDH == 3\n\tbreakpoint already hit 1 time\n/);
    await run('condition 2', 'ignore 2 1');
    assert.match(await run('continue'), /Old value = 4\nNew value = 5\n/);
    await run('commands 2', 'printf "at %d\\n", $RDH', 'end');
    assert.match(await run('continue'), /New value = 6\n(?:.*\n)*at 6\n$/);
    await run('disable 2', 'tbreak e1000_receive_iov', 'continue', 'finish', 'enable 2');
    assert.match(await run('info breakpoints'), /already hit \d times\n/);
  });

  it('of guest memory, in ranges too', async () => {
    await run('break e1000_receive_iov', 'run', 'delete');
    const [, base = '0'] = /= (\d+)/.exec(await run('print $RDBAL')) ?? [];
    assert.equal(
      await run(`watch *(uint32_t *)${Number(base) + 12}`),
      `Hardware watchpoint 2: *(uint32_t *)${Number(base) + 12}\n`,
    );
    assert.match(await run('continue'), /Old value = 0\nNew value = \d+\nWritten by \w+ \(\) at hw\/net\/e1000/);
    await run('delete', `watch *(uint8_t *)${base} @ 16`);
    assert.match(await run('continue'), /Old value = \{.*\}\nNew value = \{.*\}\nWritten by /);
  });

  it('of any expression', async () => {
    await run('break e1000_receive_iov', 'run', 'delete');
    assert.equal(await run('watch $RDH * 2 + $RDT'), 'Hardware watchpoint 2: $RDH * 2 + $RDT\n');
    assert.match(await run('continue'), /Old value = \d+\nNew value = \d+\nWritten by e1000_rx_write/);
    assert.match(await run('watch 5'), /^Cannot watch constant value `5'\.\n$/);
    assert.match(await run('watch nobody'), /^No symbol "nobody" in current context\.\n$/);
    assert.match(await run('watch'), /^Argument required \(expression to compute\)\.\n$/);
  });

  it('do not take what the user writes for a hit', async () => {
    await run('break e1000_receive_iov', 'run', 'delete', 'watch $RDH', 'continue', 'set var $RDH = 0');
    assert.match(await run('continue'), /Old value = 0\nNew value = 1\n/);
  });
});
