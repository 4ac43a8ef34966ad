/** Commands that ask about history. */
import assert from 'node:assert/strict';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

describe('queries at the prompt', () => {
  let engine: Engine;
  let gdb: GdbInterpreter;
  let printed = '';

  before(async () => {
    engine = await Engine.create();
    gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      launch: { args: ['-nic', 'user'], traces: [capture('05-http.pcap')] },
      write: (text) => {
        printed += text;
      },
    });
    await run('run');
  });

  after(async () => {
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

  it('lists calls, and goes to one of them', async () => {
    const lines = (await run('calls ip_output if $pkt.tcp.len > 0 show $pkt.tcp.len, 1 + 1')).trimEnd().split('\n');
    assert.ok(lines.length > 10);
    lines.forEach((line, i) => {
      const begin = `${i + 1}  \\d+:\\d+  \\d\\.\\d{9} s  packet \\d+  `;
      const call = 'ip_output \\(so=0x7f\\w+, m0=0x7f\\w+\\) <- tcp_output, \\$pkt\\.tcp\\.len = \\d+, 1 \\+ 1 = 2';
      assert.match(line, new RegExp(`^${begin}${call}$`));
    });
    assert.match(await run('goto row 2'), /^ip_output \(so=0x7f\w+, m0=.*\) at slirp\/ip_output\.ts:/);
    assert.ok((await run('when')).startsWith(`tick ${lines[1]?.split(/\s+/)[1]?.replace(':', ', probe ')},`));
    assert.equal(await run('goto row 999'), `No row 999: ${lines.length} rows.\n`);
    await run('goto end');
  });

  it('lists calls of functions by a regular expression', async () => {
    const names = new Set(
      [...(await run('calls /^(slirp_input|slirp_output)$/')).matchAll(/packet \S+ {2}(\w+)/g)].map((m) => m[1]),
    );
    assert.deepEqual([...names].sort(), ['slirp_input', 'slirp_output']);
    assert.equal(await run('calls drop'), 'Nothing found.\n');
  });

  it("says in gdb's words why a condition could not be looked at", async () => {
    const lines = (await run('calls tcp_input if m->m_len > 100')).trimEnd().split('\n');
    assert.equal(lines.at(-1), 'warning: Cannot access memory at address 0x0');
    assert.match(lines[0] ?? '', /^1 .* tcp_input \(m=0x7f/);
  });

  it('lists packets by display filters and by conditions', async () => {
    const http = await run('packets http');
    assert.match(http, /^1 .* nic e1000_send_packet: 10\.0\.2\.15 → 10\.0\.2\.2 HTTP 131 GET \/ HTTP\/1\.1 \n2 /);
    assert.equal(http.trimEnd().split('\n').length, 2);
    // The guest of a replay has no stack of its own.
    assert.equal((await run('packets http in all')).trimEnd().split('\n').length, 6);
    assert.equal(await run('packets http if $pkt.ip.src == 1'), 'Nothing found.\n');
    const some = await run('packets tcp.len > 0 in slirp');
    assert.equal(await run('packets $pkt.tcp.len > 0 in slirp'), some);
    assert.equal(await run('packets in slirp if $pkt.tcp.len > 0'), some);
  });

  it('lists how values change', async () => {
    assert.match(
      await run('plot tp->snd_cwnd'),
      /^1 .* tcpcb 1: \d+ in \w+\n2 .* tcpcb 1: 1460 \(was \d+\) in tcp_mss\n/,
    );
    assert.match(await run('plot $RDT'), /^1 .* {2}0\n2 .* {2}\d+ \(was 0\)/);
  });

  it('says what is wrong with a question', async () => {
    assert.match(await run('calls tcp_outputt'), /^Function "tcp_outputt" not defined\. Did you mean tcp_output/);
    assert.equal(await run('calls /^nothing$/'), 'No function matches /^nothing$/.\n');
    assert.match(await run('calls'), /^Argument required/);
    assert.equal(await run('calls tcp_output if nosuch > 1'), 'No symbol "nosuch" in current context.\n');
    assert.equal(await run('packets in nowhere'), 'There is no layer "nowhere"; layers are slirp, net, nic, guest.\n');
    assert.match(await run('packets tcp.nosuch == 1'), /tcp\.nosuch/);
    assert.equal(await run('plot nosuch'), 'No symbol "nosuch" in current context.\n');
  });
});
