/** Catchpoints at the prompt: in replays, forward and in history, and with conditions. */
import assert from 'node:assert/strict';
import { capture } from '../kit/paths.ts';
import { batch } from './batch.ts';

const HELLO = capture('02-hello.pcap');

describe('catchpoints at the prompt', function () {
  this.timeout(60_000);

  it('catch states of connections, with who is meant and from which state to which', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'catch state slirp 5556 ESTABLISHED',
      'catch state FIN_WAIT1',
      'catch state 10.0.2.15:5556 close_wait',
      'run',
      'continue',
      'info breakpoints',
      'reverse-continue',
    );
    assert.equal(err, '');
    assert.match(out, /^Catchpoint 1 \(state slirp 5556 ESTABLISHED\)$/m);
    const ends = String.raw`slirp TCP 10\.0\.2\.15:5556 to 10\.0\.2\.2:\d+`;
    const first = new RegExp(String.raw`^Catchpoint 1 \(${ends} SYN_SENT -> ESTABLISHED\), tcp_state_change \(`, 'gm');
    assert.equal([...out.matchAll(first)].length, 2, `forward and back:\n${out}`);
    assert.match(out, new RegExp(String.raw`^Catchpoint 2 \(${ends} ESTABLISHED -> FIN_WAIT_1\)`, 'm'));
    assert.match(out, /^1 +catchpoint +keep y +state slirp 5556 ESTABLISHED\n\tcatchpoint already hit 1 time$/m);
    assert.match(out, /^3 +catchpoint +keep y +state 10\.0\.2\.15:5556 CLOSE_WAIT$/m);
  });

  it('catch accesses to registers, with the value that is read or written', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'catch mmio write RDT if val > 3',
      'catch mmio read STATUS',
      'info breakpoints',
      'run',
      'delete 2',
      'continue',
    );
    assert.equal(err, '');
    assert.match(out, /^1 +catchpoint +keep y +mmio write RDT\n\tstop only if val > 3$/m);
    assert.match(out, /^Catchpoint 1 \(write RDT = 0xff\), e1000_mmio_write \(.*val=255/m);
  });

  it('stop once with tcatch', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'tcatch nosuch',
      'tcatch',
      'tcatch irq if s->mac_reg[RDH] >= 0',
      'info breakpoints',
      'run',
      'info breakpoints',
    );
    assert.match(
      err,
      /^Undefined tcatch command: "nosuch"\. {2}Try "help catch"\.\nArgument required \(what to catch: packet, /,
    );
    assert.match(out, /^Temporary catchpoint 1 \(irq\)$/m);
    assert.match(out, /^1 +catchpoint +del +y +irq$/m);
    assert.match(out, /^(?:Temporary c|C)atchpoint 1 \(interrupt, [\s\S]*^No breakpoints or watchpoints\.$/m);
  });

  it('catch interrupts: where the line rises, and where a cause is set', async () => {
    const { out, err } = await batch(['-r', HELLO], 'catch irq', 'run', 'delete', 'catch irq rxt0', 'continue');
    assert.equal(err, '');
    assert.match(out, /^Catchpoint 1 \(interrupt, ICR & IMS = 0x\w+\), set_interrupt_cause \(/m);
    assert.match(out, /^Catchpoint 2 \(irq RXT0\)$/m);
    assert.match(out, /^Catchpoint 2 \(interrupt cause RXT0\), set_interrupt_cause \(.*val=128/m);
  });

  it('catch resets and nothing where there is none', async () => {
    const { out } = await batch(
      ['-r', HELLO],
      'catch rst',
      'catch retransmit',
      'catch drop',
      'run',
      'info breakpoints',
    );
    assert.doesNotMatch(out, /already hit/);
    assert.match(out, /All packets have been played|10 of 10 packets played/);
    const reset = await batch(['-r', capture('foreign/lo-http-keepalive.pcap')], 'catch rst if $pkt.ip.ttl > 1', 'run');
    assert.match(
      reset.out,
      /Catchpoint 1 \(TCP reset (?:to|by) the guest\), slirp_(?:in|out)put \(.*RST|packets played/,
    );
  });

  it('say what is wrong', async () => {
    for (const [line, message] of [
      [
        'catch drop RX_FILTR',
        /There is no reason of a drop "RX_FILTR"; "info drops" lists them\. Did you mean RX_FILTER/,
      ],
      ['break drop RX_FILTR', /There is no reason of a drop "RX_FILTR".*Did you mean RX_FILTER/],
      ['catch irq rxt1', /There is no interrupt cause "rxt1".*Did you mean .*RXT0/],
      ['catch state ESTABLISHD', /"ESTABLISHD" is no socket \(PORT or ADDRESS:PORT\) and no state/],
      ['catch mmio write RDX', /There is no register "RDX"/],
      ['catch rst 80', /"catch rst" takes no argument but a condition behind "if"/],
      ['catch drop if', /Argument required \(a condition behind "if"\)/],
      ['catch drop if nosuch == 1', /No symbol "nosuch" in current context/],
    ] as const) {
      const { err } = await batch([], line);
      assert.match(err, message, line);
    }
  });
});
