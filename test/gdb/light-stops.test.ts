/** Light stops: they cost little, and nobody sees a difference. */
import assert from 'node:assert/strict';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

interface Came {
  readonly printed: string;
  /** Milliseconds of processor time of the hits. */
  readonly took: number;
}

/** Runs `lines`, then lets the machine go on to its end; it stops lightly, or not. */
async function run(light: boolean, file: string, ...lines: string[]): Promise<Came> {
  const engine = await Engine.create();
  engine.internals = { hardStops: !light };
  let printed = '';
  const gdb = new GdbInterpreter(engine, {
    waitForStops: true,
    launch: { args: ['-nic', 'user,model=e1000'], traces: [capture(file)] },
    write: (text) => {
      printed += text;
    },
  });
  try {
    for (const line of lines) {
      await gdb.execute(line);
    }
    const used = process.cpuUsage();
    await gdb.execute('run');
    const { user, system } = process.cpuUsage(used);
    return { printed, took: (user + system) / 1e3 };
  } finally {
    gdb.dispose();
    await engine.dispose();
  }
}

describe('stops with commands that continue', function () {
  this.timeout(30_000);

  it('show what other stops show, and can be changed as they can', async () => {
    const script = [
      'break tcp_input',
      'commands',
      'info args',
      'info locals',
      'print *m',
      'print m->m_len + 1',
      'print $pkt.tcp.seq',
      'continue',
      'end',
      'break ip_input',
      'commands',
      'bt 3',
      'up',
      'info locals',
      'print slirp',
      'down',
      'continue',
      'end',
      'break e1000_receive_iov if iovcnt == 1',
      'commands',
      'silent',
      'set var iovcnt = 1',
      'print iovcnt',
      'ignore 3 1',
      'continue',
      'end',
    ];
    const heavy = await run(false, '02-hello.pcap', ...script);
    const light = await run(true, '02-hello.pcap', ...script);
    assert.equal(light.printed, heavy.printed);
    assert.ok(heavy.printed.split('\nBreakpoint ').length > 6, heavy.printed);
  });

  it('cost much less than others', async () => {
    const script = ['break tcp_input', 'commands', 'silent', 'printf "%d\\n", m->m_len', 'continue', 'end'];
    const heavy = await run(false, '08-upload.pcap', ...script);
    const light = await run(true, '08-upload.pcap', ...script);
    assert.equal(light.printed, heavy.printed);
    assert.ok(light.printed.split('\n').length > 200);
    assert.ok(light.took < heavy.took, `${light.took} ms, and without it ${heavy.took} ms`);
  });
});
