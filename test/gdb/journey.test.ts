/** The ways of packets: in a replay, in its past, with a drop, and as files. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { addr6 } from '../kit/bytes.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { CLIENT, captureOf, SERVER, webPage } from '../replay/conversation.ts';
import { batch } from './batch.ts';

const HELLO = capture('02-hello.pcap');

describe('journeys at the prompt', function () {
  this.timeout(60_000);

  it('has each function that a packet passed, what changed, and its end', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'run',
      'info journeys',
      'set journey on',
      'info journeys',
      'info journey 2',
    );
    assert.match(err, /^Journeys are off; "set journey on" turns them on\.$/m);
    assert.match(out, /^Packet 2: 10\.0\.2\.2:58676 -> 10\.0\.2\.15:5556 TCP \[SYN\]$/m);
    const layers = [...out.matchAll(/^\d+ +\d+\.\d{6} +(\w+) +(\w+) *(.*)$/gm)].map((m) => m.slice(1, 4));
    assert.deepEqual(layers[0]?.slice(0, 2), ['slirp', layers[0]?.[1]]);
    assert.ok(layers.some(([, fn, change]) => fn === 'slirp_output' && change === 'Ethernet header put on'));
    assert.ok(layers.some(([, fn, change]) => fn === 'qemu_send_packet' && change === '58 -> 60 bytes'));
    assert.deepEqual(layers.at(-1)?.slice(0, 2), ['driver', 'trace_receive']);
    assert.match(out, /^End: taken by trace_receive\.$/m);
    const groups = [...out.matchAll(/^(\d+) packets?, .*: (.*)$/gm)].map((m) => (m[2] ?? '').split(', ').length);
    assert.equal(
      groups.reduce((a, b) => a + b, 0),
      11,
      'each packet is in one group',
    );
  });

  it('a packet that was dropped says why, and a part of history has a part of the packets', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'set journey on',
      'tbreak slirp_output',
      'run',
      'set link user.0 loss 100%',
      'catch drop LINK_LOSS',
      'continue',
      'info journey',
      'info journeys',
    );
    assert.equal(err, '');
    assert.match(out, /^End: dropped: LINK_LOSS\.$/m);
    assert.match(out, /^1 packet, dropped: LINK_LOSS: \d+$/m);
  });

  it('a packet that the user edits stays who it is, whatever it says from then on', async () => {
    const { out, err } = await batch(
      ['-r', HELLO],
      'catch packet tcp.len == 17 in nic',
      'run',
      'edit $pkt.tcp.ack = 77',
      'edit ip.ttl = 9',
      'delete',
      'continue',
      'set journey on',
      'info journey 7',
      'info journeys',
      'goto start',
      'catch packet tcp.ack_raw == 77 in nic',
      'info journeys',
    );
    assert.equal(err, '');
    assert.match(out, /^\d+ +\S+ +nic +e1000_receive_iov +edited, tcp\.ack: \d+ -> 77$/m);
    assert.match(out, /^\d+ +\S+ +nic +e1000_receive_iov +edited, ip\.ttl: 64 -> 9$[\s\S]*trace_receive$/m);
    assert.match(out, /^1 packet, taken by trace_receive: 7\n {4}soread > ip_output .* > trace_receive$/m);
    assert.doesNotMatch(out, /: .*\b12\b/, 'there is no other packet');
  });

  it('bytes over IPv6 come from who wrote them, and are delivered to who reads them', async () => {
    const client = { ...CLIENT, address: addr6(0x2001, 1) };
    const server = { ...SERVER, address: addr6(0x2001, 2) };
    const file = join(tempFolder(), 'six.pcap');
    writeFileSync(file, captureOf(webPage({ client, server }).frames));
    const { out, err } = await batch(['-r', file], 'set journey on', 'run', 'info journey 5', 'info journey 7');
    assert.equal(err, '');
    assert.match(out, /^End: delivered to the host's socket, bytes 0 to 17\.$/m);
    assert.match(out, /^Packet 7: \[2001::2\]:80 -> \[2001::1\]:51000 TCP \[PSH, ACK\]$/m);
    assert.match(out, /^\d+ +\S+ +host +soread +byte 0 was written by the host's socket$/m);
    assert.match(out, /^\d+ +\S+ +slirp +ip6_output +begins here$/m);
  });

  it('files have identities, verdicts and a record for each function', async () => {
    const [ng, vpp] = ['j.pcapng', 'j.vpp'].map((name) => join(tempFolder(), name));
    const { err } = await batch(['-r', HELLO], 'set journey on', 'run', `dump journey ${ng}`, `dump vpp ${vpp}`);
    assert.equal(err, '');
    const edges = readCapture(readFileSync(ng ?? ''));
    assert.deepEqual(
      edges.interfaces.map((i) => i.name),
      ['slirp', 'net', 'nic', 'guest'],
    );
    assert.match(edges.comments.get(1)?.[0] ?? '', /^packet 1 in \w+; taken by arp_input$/);
    const trace = readCapture(readFileSync(vpp ?? ''));
    assert.equal(trace.interfaces[0]?.linktype, 280);
    const [first] = trace.packets;
    const data = first?.data ?? new Uint8Array(0);
    const strings = Buffer.from(data).subarray(8).toString('latin1').split('\0');
    assert.deepEqual([...data.subarray(0, 8)], [1, 0, 5, 1, 0, 0, 0, 1]);
    assert.equal(strings[0], 'trace_frame');
    assert.match(strings[4] ?? '', /begins here; taken by arp_input$/);
    if (spawnSync('tshark', ['--version']).status === 0) {
      // Stock Wireshark knows each record, and the packet in it.
      const read = (...options: string[]): string =>
        execFileSync('tshark', ['-r', vpp ?? '', ...options], { stdio: 'pipe' }).toString();
      assert.equal(read('-Y', '_ws.malformed'), '');
      assert.equal(read('-Y', 'vpp && (arp || tcp)').split('\n').length, trace.packets.length + 1);
    }
  });
});
