import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { udp } from '../kit/frames.ts';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { batch, ended, running, start } from './batch.ts';

const MIXED = join(ROOT, 'test/traces/foreign/mixed.pcapng');
const KEEPALIVE = join(ROOT, 'test/traces/foreign/lo-http-keepalive.pcap');
const HELLO = join(ROOT, 'test/traces/02-hello.pcap');

function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const look = (d: Buffer): void => {
      text += d;
      if (pattern.test(text)) {
        child.stdout?.off('data', look);
        resolve();
      }
    };
    child.stdout?.on('data', look);
  });
}

/** A capture that takes seconds to be played. */
function longCapture(): string {
  const file = join(tempFolder(), 'long.pcap');
  const data = udp(4000, 7, 'x');
  const packets = Array.from({ length: 200_000 }, (_, i) => ({ tsSec: 1 + Math.floor(i / 1000), tsNsec: 0, data }));
  writeFileSync(file, writePcap(packets));
  return file;
}

describe('a replay at the prompt', function () {
  this.timeout(60_000);

  afterEach(() => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
  });

  it('knows what the capture says of the packet at a stop', async () => {
    const { out } = await batch(
      ['-r', HELLO],
      'tbreak e1000_receive_iov if $pkt.frame.time_delta > 0.0002 && $pkt.tcp.flags.push',
      'run',
      'print $pkt.frame.number',
      'print $pkt.frame.time',
      'print $pkt.frame.time_epoch',
      'print $pkt.frame.time_delta',
      'print $pkt.frame.time_relative',
      'print $pkt.frame.encap_type',
      'print $pkt("frame.time_epoch > 1795387303 && frame.marked == 0 && frame.time_delta < 0.001")',
    );
    const values = [...out.matchAll(/^\$\d+ = (.*)$/gm)].map(([, value]) => value);
    const [number, time, epoch, delta, relative, ...others] = values;
    assert.equal(number, '6', out);
    assert.match(`${time}`, /22:41:43\.732964|1795387303\.73/);
    assert.match(`${epoch}`, /^1795387303\.73/);
    assert.match(`${delta}`, /^0\.000235|^2\.35\d*e-0?4/);
    assert.match(`${relative}`, /^0\.021674/);
    assert.deepEqual(others, ['1', '1']);
  });

  it('has the account that it had where the past is shown', async () => {
    const { code, out, err } = await batch(
      ['-r', KEEPALIVE],
      'break -packet 12',
      'run',
      'info replay',
      'bookmark here',
      'delete',
      'continue',
      'info replay',
      'goto here',
      'info replay',
      'reverse-continue',
      'info replay',
    );
    assert.equal(code, 0, err);
    const accounts = [...out.matchAll(/^Position:.*?^Divergences: [^\n]*$/gms)].map(([text]) => text);
    assert.equal(accounts.length, 4);
    const [live, end, back, start] = accounts;
    assert.match(end ?? '', /at the end/);
    assert.notEqual(live, end);
    assert.equal(back, live);
    assert.match(start ?? '', /^Position: +packet 0 of/);
  });

  it('catches packets that a display filter means, in either direction of a layer', async () => {
    const { code, out, err } = await batch(
      ['-r', HELLO],
      'catch packet tcp.flags.syn == 1 && ip.addr == 10.0.2.0/24',
      'tbreak netif_receive_skb if $pkt("arp.opcode == 2")',
      'info breakpoints',
      'run',
      'continue',
      'catch packet udp in guest',
    );
    assert.equal(code, 0, err);
    assert.match(out, /^Catchpoint 1 \(packet tcp\.flags\.syn == 1 && ip\.addr == 10\.0\.2\.0\/24 in nic\)$/m);
    assert.match(out, /^1 +catchpoint +keep y +packet tcp\.flags\.syn == 1 .* in nic$/m);
    assert.match(out, /stop only if \$pkt\("arp\.opcode == 2"\)/);
    assert.match(out, /Catchpoint 1 \(packet in nic\), e1000_(receive_iov|send_packet) /);
    assert.match(out, /^Catchpoint 3 \(packet udp in guest\)$/m);
  });

  it('says what is wrong with a filter, and which layers there are', async () => {
    const wrong = await batch([], 'catch packet tcp.prt == 80');
    assert.match(wrong.err, /did you mean "tcp\.port"/);
    const layer = await batch([], 'catch packet udp in slip');
    assert.match(layer.err, /There is no layer "slip"; layers are slirp, net, nic, guest\./);
  });

  it('accounts for everything at its end, where the machine stays', async () => {
    const { code, out, err } = await batch(['-r', MIXED], 'run', 'info replay', 'info divergence', 'bt', 'continue');
    assert.equal(err, '');
    assert.equal(code, 0, 'ARP of another network is no fault of ours');
    assert.ok(
      out.includes(`
12 of 14 packets played; 2 not played: 2 ARP of another network.
Connections: 1 complete, 0 partial, 0 not played.  Bytes: 91 to the host, 191 to the guest.  Drops: none.
Compared with the capture: 6 same bytes, other form.
main_loop_wait (nonblocking=false) at util/main-loop.ts:`),
      out,
    );
    assert.match(out, /^Position: {4}packet 14 of 14, 0\.0 s, at the end\nGuest: {7}192\.168\.77\.1 \(opens 1 of 1 /m);
    assert.match(out, /^Gaps: {8}none\nDrops: {7}none\nDivergences: 6 same bytes, other form$/m);
    assert.match(
      out,
      /^packet 4 \(stream 0\): segment \[SYN, ACK\] of 1 bytes: form: tcp\.window_size_value 65160 -> 65535$/m,
    );
    assert.match(out, /^In all: 6 same bytes, other form\.$/m);
    assert.match(out, /#2 {2}main \(.*\n(?:.*\n)*Continuing\.\n\[Inferior 1 \(pktgdb\) exited normally\]\n$/);
  });

  it('at-end=exit accounts for it too, and the account can be asked for afterwards', async () => {
    const { code, out } = await batch(['-r', HELLO, '-replay', 'at-end=exit'], 'run', 'info replay');
    assert.equal(code, 0);
    assert.match(out, /^10 of 10 packets played\.\n.*\nCompared with the capture: 6 same\.\n\[Inferior 1 /m);
    assert.match(out, /^Drops: {7}the machine is gone$/m);
  });

  it('the guest can be chosen, before and between runs; errors name the hosts', async () => {
    const wrong = await batch(['-r', MIXED, '-replay', 'guest=\x1b[31m'], 'run');
    assert.equal(wrong.code, 1);
    assert.equal(wrong.err, `${MIXED}: no host of the capture is \\x1b[31m; there are 192.168.77.1, 192.168.77.2\n`);
    const { code, out, err } = await batch(
      ['-r', MIXED, '-replay', 'guest=192.168.77.2,checksums=keep'],
      'show replay guest',
      'show replay checksums',
      'run',
      'set replay guest auto',
      'set replay at-end exit',
      'run',
      'set replay at-end maybe',
    );
    assert.match(
      out,
      /^Host of the capture that plays the guest is 192\.168\.77\.2\.\nWhat becomes of wrong checksums is keep\.$/m,
    );
    assert.deepEqual(out.match(/^guest is \S+ \(.*?\)/gm), [
      'guest is 192.168.77.2 (chosen)',
      'guest is 192.168.77.1 (opens 1 of 1 connection)',
    ]);
    assert.match(out, /exited normally\]\n$/);
    assert.equal(err, 'Undefined item: "maybe". Valid arguments are stop, exit.\n');
    assert.equal(code, 1);
  });

  it('refuses options of replays that it does not know', async () => {
    const no = async (...args: string[]): Promise<string> => (await batch(args)).err;
    assert.match(
      await no('-r', MIXED, '-replay', 'speed=2'),
      /^pktgdb: -replay: "speed=2" is no option of a replay; there are guest=ADDRESS, /,
    );
    assert.match(await no('-replay', MIXED), /A capture goes after -r\.\n$/);
    assert.match(await no('-replay', 'guest=10.0.0.1'), /name it with -r CAPTURE\n$/);
    assert.match(await no('-r', '-', '-r', '-'), /was given twice\n$/);
  });

  it('packets in the stack know which of the capture they are, in conditions and prints', async () => {
    const { out, err } = await batch(
      ['-r', KEEPALIVE],
      'break tcp_input if $pkt.frame.number == 9',
      'break e1000_receive_iov if $pkt.tcp.stream == 1 && $pkt.tcp.seq == 1 && $pkt.tcp.len > 0',
      'break trace_xmit_frame if $pkt.frame.time_relative > 0 && $pkt.tcp.flags.fin',
      'run',
      'printf "in the stack: %d, %d, %d, %d\\n", $pkt.frame.number, $pkt.tcp.stream, $pkt.tcp.seq, $pkt.tcp.ack',
      'delete 1',
      'continue',
      'continue',
      'printf "at the NIC: %d, %d\\n", $pkt.frame.number, $pkt.tcp.ack',
      'info packet',
    );
    assert.equal(err, '');
    assert.match(out, /^in the stack: 9, 0, /m);
    assert.match(out, /^Breakpoint 3, trace_xmit_frame /m);
    assert.match(out, /^at the NIC: \d\d, \d\d$/m);
    assert.match(out, /^Frame \d\d: /m);
    assert.match(out, /^ {2}\[Stream index: 1\]$/m);
    assert.match(out, /^ {2}Sequence Number: 1 {4}\(relative sequence number\)$/m);
  });

  it('stops at packets of either direction', async () => {
    const { out, err } = await batch(
      ['-r', MIXED],
      'break -packet 5',
      'tbreak -packet 8 if $pkt.tcp.len == 185',
      'run',
      'print $pkt.frame.number',
      'continue',
      'print $pkt.frame.number',
      'break -packet 1',
      'break -packet 15',
      'break -packet',
    );
    assert.match(out, /^Breakpoint 1, trace_xmit_frame .*\n.*\n\$1 = 5$/m);
    assert.match(out, /^Temporary breakpoint 2, slirp_output .*\n.*\n\$2 = 8$/m);
    assert.match(out, /^Packet 1 is not played \(ARP of another network\)\.$/m);
    assert.equal(
      err,
      'There is no packet 15: the capture has 14.\n' +
        '-packet takes the number of a packet of the capture; the first one is 1.\n',
    );
  });

  it('stops at divergences, with the captured packet beside the one sent', async () => {
    const { out, err } = await batch(
      ['-r', MIXED],
      'break divergence wrong',
      'tbreak divergence form',
      'break divergence',
      'info breakpoints',
      'run',
      'continue',
    );
    assert.equal(err, '"wrong" is no grade of divergence; there are form, different, missing, extra.\n');
    assert.match(out, /^Temporary breakpoint 1 at divergence: same bytes, other form or worse\.$/m);
    assert.match(out, /^2 +breakpoint +keep y +divergence: different answer or worse$/m);
    assert.match(
      out,
      /^Temporary breakpoint 1, slirp_output .*\n.*\nPacket 4 of the capture \(same bytes, .*\): .* Seq=0 Ack=1 /m,
    );
    assert.match(out, /^ {2}field +captured +sent\n(?: {2}.*\n)* {2}tcp\.window_size_value +65160 +65535$/m);
    assert.match(out, /^ {2}tcp\.options\.wscale\.shift +10 +\(absent\)$/m);
    assert.doesNotMatch(out, /tcp\.seq_raw|ip\.id|checksum/);
    assert.match(out, /Continuing\.\nreplay finished: 14 packets\n/, 'nothing is worse than another form');
  });

  it('merges several captures by time', async () => {
    const { out, err } = await batch(['-r', KEEPALIVE, '-r', MIXED], 'run');
    assert.equal(err, '');
    assert.match(out, / -r \S*lo-http-keepalive\.pcap -r \S*mixed\.pcapng\n/);
    assert.match(out, /^replay finished: 41 packets$/m);
  });

  it('replays what comes through a pipe, again and again', async () => {
    const child = start(['-batch', '-r', '-', '-ex', 'run', '-ex', 'set replay at-end exit', '-ex', 'run']);
    const end = ended(child);
    createReadStream(HELLO).pipe(child.stdin as NonNullable<ChildProcess['stdin']>);
    const { code, out, err } = await end;
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.equal(out.match(/^10 of 10 packets played\.$/gm)?.length, 2);
  });

  it('Ctrl-C ends the reading of a capture, and the prompt lives on', async () => {
    const pipe = join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const child = start(['-r', pipe]);
    const end = ended(child);
    const begun = printed(child, /Starting program/);
    child.stdin?.write('run\n');
    await begun;
    child.kill('SIGINT');
    child.stdin?.end('print 6 * 7\n');
    const { out, err } = await end;
    assert.equal(err, `Reading ${pipe} was interrupted; nothing is replayed.\n`);
    // A prompt may come before the end of the input is noticed.
    assert.match(out, /\$1 = 42$/m);
  });

  it('interrupt stops a replay, which can be looked at there', async () => {
    const child = start(['-r', longCapture(), '-replay', 'guest=10.0.2.15,at-end=exit']);
    const end = ended(child);
    child.stdin?.write('tbreak -packet 100\nrun\ncontinue &\ninterrupt\n');
    await printed(child, /^Program received signal SIGINT, Interrupt\.$/m);
    child.stdin?.end('info replay\nkill\n');
    const { out, err } = await end;
    assert.equal(err, '');
    assert.match(out, /^Program received signal SIGINT, Interrupt\.$/m);
    assert.match(out, /^Position: {4}packet [\d,]+ of 200,000, \d+\.\d s$/m);
    assert.match(out, /^Packets: {5}200,000 of 200,000 packets to play$/m);
  });

  it('Ctrl-C is not lost while commands of a breakpoint let the machine go on', async () => {
    const child = start(['-r', longCapture(), '-replay', 'guest=10.0.2.15']);
    const end = ended(child);
    const flood = printed(child, /^\$20 = 1$/m);
    child.stdin?.write('break udp_input\ncommands\nsilent\nprint 1\ncontinue\nend\nrun\n');
    await flood;
    child.kill('SIGINT');
    child.stdin?.end('print 6 * 7\nkill\n');
    const { out } = await end;
    assert.match(out, / = 42\n/);
  });

  it('a Ctrl-C soon after the last one stops the machine as well', async () => {
    const child = start(['-r', longCapture(), '-replay', 'guest=10.0.2.15']);
    const end = ended(child);
    child.stdin?.write('tbreak -packet 100\nrun\ncontinue\n');
    await printed(child, /Continuing/);
    for (let again = 1; again >= 0; again--) {
      const stopped = printed(child, /SIGINT/);
      child.kill('SIGINT');
      await stopped;
      const on = printed(child, /Continuing/);
      child.stdin?.write('continue\n');
      await on;
    }
    const last = printed(child, /SIGINT/);
    child.kill('SIGINT');
    await last;
    child.stdin?.end('kill\n');
    assert.doesNotMatch((await end).out, /has not stopped/);
  });
});
