/** Packets in the user's hands at the prompt: changed, dropped, held back, put in; all of it is repeated in history. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { batch } from './batch.ts';

const HELLO = capture('02-hello.pcap');
const PUSH = 'catch packet tcp.flags.push == 1 in nic';

describe('packets in hand', function () {
  this.timeout(60_000);

  it('edit changes a field and puts checksums right, in history too', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      PUSH,
      'run',
      'edit $pkt.ip.ttl = 9',
      'print $pkt("ip.checksum.status == 1 && tcp.checksum.status == 1")',
      'edit ip.src = 10.0.2.99 /raw',
      'print $pkt("ip.checksum.status == 1")',
      'tbreak tcp_input if m != 0 && $pkt.tcp.len == 0',
      'continue',
      'delete 1',
      'break receive_filter if $pkt.ip.ttl == 9',
      'reverse-continue',
      'print $pkt("ip.src == 10.0.2.99")',
    );
    assert.match(out, /^ip\.ttl: 64 -> 9\n\$1 = 1\nip\.src: 10\.0\.2\.2 -> 10\.0\.2\.99\n\$2 = 0$/m);
    assert.match(out, /^\$3 = 1$/m, `the change is made again in the past:\n${out}`);
    assert.equal(err, '');
  });

  it('what cannot be assigned says why', async () => {
    const lines = [
      'edit ip.ttl = 300',
      'edit udp.port = 3',
      'edit nosuch.field = 1',
      'edit tcp.stream = 4',
      'edit ip.ttl',
    ];
    const { err } = await batch(['-r', HELLO], PUSH, 'run', ...lines);
    assert.match(err, /^300 does not fit into ip\.ttl\.$/m);
    assert.match(err, /^The packet has no udp\.port\.$/m);
    assert.match(err, /^no packet field "nosuch\.field"/m);
    assert.match(err, /^Usage: edit \$pkt\.FIELD = VALUE \[\/raw\]/m);
  });

  it('drop leaves the function and counts; in history the packet is gone as well', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      PUSH,
      'run',
      'drop',
      'info drops',
      'delete 1',
      'catch packet tcp.flags.push == 1 in guest',
      'continue',
      'info drops',
      'catch packet tcp.flags.push == 1 in nic',
      'reverse-continue',
      'finish',
    );
    assert.equal(err, '');
    assert.match(out, /^Dropped 71 bytes: 10\.0\.2\.2:58676 -> 10\.0\.2\.15:5556 TCP \[PSH, ACK\]\.$/m);
    assert.match(out, /^1 +DEBUGGER +the user of the debugger gave it up$/m);
  });

  it('a drop by hand is caught in history, back and forward', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      PUSH,
      'run',
      'drop',
      'delete',
      'catch packet tcp.flags.fin == 1 in nic',
      'continue',
      'delete',
      'catch drop DEBUGGER',
      'reverse-continue',
      'print $pkt.tcp.len',
      'reverse-continue',
      'continue',
      'print $pkt.tcp.flags.push',
      'catch drop RX_FILTER',
      'delete 3',
      'reverse-continue',
    );
    assert.match(out, /^Catchpoint 3 \(drop DEBUGGER\)[\s\S]*dropped DEBUGGER[\s\S]*^\$1 = 17$/m, out);
    assert.match(
      out,
      /^\$1 = 17$[\s\S]*No more reverse-execution history[\s\S]*dropped DEBUGGER[\s\S]*^\$2 = true$/m,
      out,
    );
    assert.equal(out.split('dropped DEBUGGER').length, 3, out);
    assert.equal(err, '');
  });

  it('a packet is let go once, and what cannot be meant says why', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      PUSH,
      'run',
      'drop',
      'drop',
      'delay $pkt 3ms',
      'inject what at nic',
      'info packet 3',
      'info conversations tcp',
      'continue',
      'info drops',
    );
    const again = 'The packet here has been dropped or held back already; "continue" goes on.';
    assert.deepEqual(err.trim().split('\n'), [
      again,
      again,
      'what is no file, no bytes in hexadecimal and no "field=value ...".',
      '"info packet" takes no argument: it is about the packet of this frame. "packets" lists those that passed.',
      '"tcp" is no edge (slirp, net, nic, guest), and as a file: there is no such file.',
    ]);
    assert.match(out, /^1 +DEBUGGER /m);
  });

  it('delay holds a packet back, which comes at the same edge later', async () => {
    const { out, err } = await batch(['-r', HELLO], PUSH, 'run', 'delay $pkt 3ms', 'continue', 'info breakpoints');
    assert.equal(err, '');
    assert.match(out, /^Held back for 3 ms: 71 bytes: /m);
    assert.equal(
      [...out.matchAll(/^Catchpoint 1 \(packet in nic\), e1000_receive_iov \(.*\[PSH, ACK\]/gm)].length,
      2,
      out,
    );
  });

  it('inject puts frames in: fields, bytes and files', async () => {
    const file = join(tempFolder(), 'one.pcap');
    const { out, err } = await batch(
      ['-r', HELLO],
      'tbreak slirp_output',
      'run',
      'catch packet udp.dstport == 7777 in nic',
      String.raw`inject "udp.dstport=7777 ip.ttl=3 data=\"hi\"" at nic`,
      'continue',
      'print $pkt("ip.ttl == 3 && udp.length == 10 && frame contains 68:69 && udp.checksum.status == 1")',
      `save packet ${file}`,
      `inject ${file} at nic`,
      'continue',
      'inject 1234 at nic',
      'inject "udp.dstport=7777" at nowhere',
    );
    assert.match(out, /^Put in at nic: 44 bytes: 10\.0\.2\.2:40000 -> 10\.0\.2\.15:7777 UDP$/m);
    assert.equal([...out.matchAll(/^Put in at nic: 44 bytes: /gm)].length, 2);
    assert.equal([...out.matchAll(/^Catchpoint 2 \(packet in nic\), e1000_receive_iov/gm)].length, 2);
    assert.match(out, /\$1 = 1$/m);
    assert.match(err, /^A frame of 2 bytes cannot be put in: 14 to 9018 bytes can\.$/m);
    assert.match(err, /Usage: inject .* at EDGE; EDGE is slirp, net, nic\./);
  });

  it('set link loses packets, which is repeated in history', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'tbreak slirp_output',
      'run',
      'set link user.0 loss 100%',
      'show link',
      'set link nosuch loss 1%',
      'set link user.0 lose 1%',
      'catch drop LINK_LOSS',
      'continue',
      'continue',
      'reverse-continue',
    );
    assert.match(out, /^user\.0: loss 100%$/m);
    assert.match(err, /There is no link "nosuch"\. Links: .*user\.0/);
    assert.match(err, /"lose" is no fault/);
    const lost = [...out.matchAll(/^Catchpoint 2 \(dropped LINK_LOSS\), drop \((.*)\) at/gm)].map((m) => m[1]);
    assert.equal(lost.length, 3, out);
  });
});
