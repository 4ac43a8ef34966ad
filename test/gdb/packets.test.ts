/** Commands about packets so far: conversations, streams, register accesses, drops, dumps; in a replay and its past. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { batch } from './batch.ts';

const HELLO = capture('02-hello.pcap');

describe('packets so far, at the prompt', function () {
  this.timeout(60_000);

  it('info conversations is the same at either edge, and of the capture', async () => {
    const lines = ['', ' nic', ' capture'].map((where) => `info conversations${where}`);
    const { out, err } = await batch(['-r', HELLO], 'run', ...lines);
    assert.equal(err, '');
    const rows = [...out.matchAll(/^tcp 0 +10\.0\.2\.2:58676 +10\.0\.2\.15:5556 +5 +\d+ +3 +180 .* {2}closed$/gm)];
    assert.equal(rows.length, 3, out);
    assert.equal(
      [...out.matchAll(/^Stream +A +B +A->B +Bytes +B->A +Bytes +Start +Duration +RTT +Resent +State$/gm)].length,
      3,
    );
  });

  it('follow shows what was said, as text, in hexadecimal and in a file', async () => {
    const path = join(tempFolder(), 'said');
    const { out, err } = await batch(
      ['-r', HELLO],
      'run',
      'follow stream 0',
      'follow stream 0 hex in nic',
      `follow stream 0 file ${path} in capture`,
      'follow stream 7',
    );
    assert.match(
      out,
      /\nFilter: tcp\.stream eq 0\nNode 0: 10\.0\.2\.2:58676\nNode 1: 10\.0\.2\.15:5556\n17\nHello qemu Geust\n=/,
    );
    assert.match(out, /^00000000 {2}48 65 6c 6c 6f /m);
    assert.equal(readFileSync(path, 'latin1'), 'Hello qemu Geust\n');
    assert.match(err, /There is no stream 7/);
  });

  it('dump pcap writes what passed up to the moment that is shown; in the past that is less', async () => {
    const [all, some, past] = ['all', 'some', 'past'].map((name) => join(tempFolder(), `${name}.pcap`));
    const { out, err } = await batch(
      ['-r', HELLO],
      'run',
      `dump pcap ${all}`,
      `dump pcap ${some} tcp.len > 0 in nic`,
      'break tcp_input if m != 0 && $pkt.tcp.flags.syn == 1',
      'reverse-continue',
      `dump pcap ${past}`,
      `save packet ${some}2`,
      'info packet',
    );
    assert.equal(err, '');
    assert.match(out, /^Wrote 1 packet to .*some\.pcap\.$/m);
    const frames = (path = ''): number => readCapture(readFileSync(path)).packets.length;
    assert.ok(frames(past) < frames(all) && frames(past) > 0, out);
    assert.equal(frames(`${some}2`), 1);
  });

  it('info mmio lists accesses to registers, info drops REASON explains one', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'run',
      'info mmio 3',
      'info mmio rdt all',
      'info drops rx_filter',
      'info drops RX_FILTR',
      'info mmio nosuch',
    );
    assert.match(out, /^\d+ +\d+\.\d{6} +write +RDT +0x00000005$/m);
    assert.match(
      out,
      /^RX_FILTER: the NIC filter refuses the destination address\.\n8254x manual, 3\.2\.1: .*\nNo packet was/m,
    );
    assert.match(err, /There is no reason of a drop "RX_FILTR"\. Did you mean RX_FILTER/);
    assert.match(err, /There is no register "nosuch"/);
  });
});
