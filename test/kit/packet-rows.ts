/**
 * What a user types about packets, and what comes of it, where the machine stands in `e1000_receive_iov` with the
 * first data of the seed session: `Hello qemu Geust`, from the host to the guest's port 5556. It is so in a replay and
 * live, at the prompt and over DAP, forward and in history.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { tempFolder } from './temp.ts';

/** Where it stands. */
export const DATA_FILTER = 'tcp.len == 17 && ip.dst == 10.0.2.15 in nic';
export const DATA_STOP = `catch packet ${DATA_FILTER}`;
const DATA_ENDS = '10\\.0\\.2\\.2:\\d+ -> 10\\.0\\.2\\.15:5556 TCP';
export const DATA_STOPPED = new RegExp(
  `packet in nic\\), e1000_receive_iov \\(nc=0x\\w+, iov=\\[71 bytes: ${DATA_ENDS} \\[PSH, ACK\\]\\], iovcnt=1\\)`,
);

interface Row {
  readonly type: string;
  readonly says: RegExp;
  /** What a file that it wrote has to have. */
  readonly writes?: (bytes: Buffer) => void;
}

/** An error of a filter, with the filter and what marks its wrong part. */
const wrong = (filter: string, part: string, message: string): RegExp => {
  const at = filter.indexOf(part);
  const quoted = filter.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${message}[\\s\\S]*\n    ${quoted}\n {${4 + at}}\\^{${part.length}}(?:\n|$)`);
};

const frames = (count: number) => (bytes: Buffer) => assert.equal(readCapture(bytes).packets.length, count);

/** `FILE` stands for a file. */
const ROWS: readonly Row[] = [
  // Display filters.
  { type: 'print $pkt("tcp.len == 17 && ip.ttl < 65 && frame contains \\"qemu\\"")', says: /= 1\n/ },
  { type: 'print $pkt("tcp.port != 5556")', says: /= 0\n/ },
  { type: 'print $pkt("not tcp.port == 80 and ip.addr == 10.0.2.0/24 and tcp[13] & 0x18 == 0x18")', says: /= 1\n/ },
  { type: `print $pkt("ip.src == \${ip.src} && \${private_ipv4:ip.dst}")`, says: /= 1\n/ },
  { type: 'set macro between ip.addr == $1 && ip.addr == $2', says: /^$/ },
  { type: `print $pkt("\${between:10.0.2.2;10.0.2.15} && tcp.dstport in {80, 5550..5560}")`, says: /= 1\n/ },
  { type: 'print $pkt("tcp.dstprt == 5556")', says: wrong('tcp.dstprt == 5556', 'tcp.dstprt', 'tcp\\.dstport') },
  { type: 'packets nosuch.field', says: wrong('nosuch.field', 'nosuch.field', 'no packet field') },
  { type: 'packets tcp and ip.ttl = 3', says: wrong('tcp and ip.ttl = 3', '=', 'unexpected') },
  { type: 'catch packet ip.addr == 10.0.2.300 in nic', says: wrong('ip.addr == 10.0.2.300', '10.0.2.300', 'IPv4') },
  { type: 'break tcp_input if $pkt("tcp.lne > 1")', says: wrong('tcp.lne > 1', 'tcp.lne', 'did you mean "tcp\\.len"') },
  { type: 'dump pcap FILE ip.tll', says: wrong('ip.tll', 'ip.tll', 'did you mean "ip\\.ttl"') },
  {
    type: 'catch packet port 5556 and tcp',
    says: /capture filters; as a display filter: tcp\.port == 5556|udp\.port == 5556/,
  },
  { type: 'packets tcp.len == 17 && ip.dst == 10.0.2.15 in nic', says: /^\*?\s*1 .*\[PSH, ACK\]/m },
  { type: 'packets "tcp.len == 17 && frame contains \\"qemu\\"" in nic', says: /^\*?\s*1 .*\[PSH, ACK\]/m },
  { type: 'packets "tcp.dstprt == 17"', says: wrong('tcp.dstprt == 17', 'tcp.dstprt', 'tcp\\.dstport') },
  { type: 'calls e1000_receive_iov if $pkt("tcp.len == 17")', says: /e1000_receive_iov/ },
  // The packet.
  { type: 'frame', says: /iov=\[71 bytes: 10\.0\.2\.2:\d+ -> 10\.0\.2\.15:5556 TCP \[PSH, ACK\]\], iovcnt=1\)/ },
  { type: 'print $pkt.ip.ttl', says: /= 64\n/ },
  // What the packets before say: the answer to the SYN took a moment, and nothing was lost.
  { type: 'print $pkt.tcp.stream', says: /= 0\n/ },
  { type: 'print $pkt.tcp.analysis.bytes_in_flight', says: /= 17\n/ },
  { type: 'print $pkt.tcp.analysis.initial_rtt >= 0 && $pkt.tcp.analysis.initial_rtt < 5', says: /= 1\n/ },
  { type: 'print $pkt("tcp.analysis.bytes_in_flight == 17 && !tcp.analysis.flags")', says: /= 1\n/ },
  { type: 'print $pkt.tcp.analysis.retransmission', says: /not in this packet|void/ },
  {
    type: 'print/x $pkt',
    says: /^00000000 {2}52 54 00 12 34 56 [\s\S]*^00000040 {2}/m,
  },
  { type: 'x/2xb $pkt', says: /0x0:\t0x52\t0x54\n/ },
  { type: 'x/1s $pkt + 54', says: /0x36:\t"Hello qemu Geust\\n"/ },
  // With what the packets before say of it.
  {
    type: 'info packet',
    says: /Transmission Control .* Seq: 1, Ack: 1, Len: 17\n[\s\S]*\[Bytes in flight: 17\]\n[\s\S]*^00000000 {2}52 54/m,
  },
  { type: 'save packet FILE', says: /Wrote 71 bytes/, writes: frames(1) },
  // Conversations and analysis.
  { type: 'info conversations', says: /^tcp 0 +10\.0\.2\.2:\d+ +10\.0\.2\.15:5556 +3 +\d+ +1 .* 0 +open$/m },
  { type: 'info conversations nic', says: /^tcp 0 +10\.0\.2\.2:\d+ +10\.0\.2\.15:5556 /m },
  { type: 'follow stream 0', says: /^Node 1: 10\.0\.2\.15:5556\n17\nHello qemu Geust\n/m },
  { type: 'follow stream 0 hex in nic', says: /^00000000 {2}48 65 6c 6c 6f /m },
  {
    type: 'follow stream 0 file FILE',
    says: /Wrote 17 bytes/,
    writes: (b) => assert.equal(b.toString(), 'Hello qemu Geust\n'),
  },
  { type: 'dump pcap FILE tcp.len > 0 && tcp.stream == 0 in nic', says: /Wrote 1 packet /, writes: frames(1) },
  // Registers, drops.
  { type: 'info mmio RDT all', says: /write +RDT +0x\w{8}/ },
  { type: 'info mmio write RDT 1', says: /^\d+ .* write +RDT +0x\w{8}\n\d+ accesses in all\.\n/m },
  { type: 'set link user.0 loss 101%', says: /"101%" is no part of the packets \(loss 1%; up to 100%\)/ },
  { type: 'show link user.0', says: /^user\.0 carries every packet, at once and in order\.$/m },
  { type: 'info drops RX_FILTER', says: /^8254x manual, 3\.2\.1: /m },
  { type: 'info drops RX_FILTR', says: /Did you mean RX_FILTER/ },
  // Catchpoints.
  { type: 'catch drop RX_FILTER if $pkt.tcp.dstport == 80', says: /Catchpoint \d+ \(drop RX_FILTER\)/ },
  { type: 'catch irq RXT0', says: /Catchpoint \d+ \(irq RXT0\)/ },
  { type: 'catch state guest 5556 CLOSE_WAIT', says: /Catchpoint \d+ \(state guest 5556 CLOSE_WAIT\)/ },
  { type: 'catch retransmit', says: /Catchpoint \d+ \(retransmit\)/ },
  { type: 'catch rst', says: /Catchpoint \d+ \(rst\)/ },
  { type: 'catch mmio write RDT', says: /Catchpoint \d+ \(mmio write RDT\)/ },
  { type: 'catch exception', says: /Catchpoint \d+ \(exception\)/ },
  { type: 'catch packet tcp.analysis.retransmission in slirp', says: /Catchpoint \d+ \(packet tcp\.analysis\.retr/ },
  { type: 'info breakpoints', says: /catchpoint .* drop RX_FILTER\n\tstop only if [\s\S]*catchpoint .* rst\n/ },
  { type: 'disable', says: /^$/ },
  // The journey.
  { type: 'info journeys', says: /Journeys are off/ },
  { type: 'set journey on', says: /^$/ },
  { type: 'info journeys', says: /^\d+ packets?, .*: \d+[\s\S]*^ {4}.*e1000_receive_iov/m },
  {
    type: 'info journey',
    says: /^Packet \d+: .*\n[\s\S]* host +soread +byte 0 was[\s\S]* slirp_output [\s\S]* e1000_receive_iov\nEnd: /m,
  },
  {
    type: 'dump journey FILE',
    says: /Wrote the journeys of \d+ packets/,
    writes: (b) => assert.ok(readCapture(b).comments.size > 0),
  },
  {
    type: 'dump vpp FILE',
    says: /Wrote the journeys/,
    writes: (b) => assert.equal(readCapture(b).interfaces[0]?.linktype, 280),
  },
  { type: 'set journey off', says: /^$/ },
  { type: 'enable 1', says: /^$/ },
];

/** In the past, nothing comes from outside; a change in it begins another course of things. */
export const PAST_ROWS: readonly Row[] = [
  { type: 'set link user.0 loss 1%', says: /past/ },
  { type: 'inject "udp.dstport=7" at nic', says: /past/ },
  { type: 'edit $pkt.ip.ttl = 9', says: /^ip\.ttl: 64 -> 9$/m },
  // As it is shown: in a replay relative to where the connection began.
  { type: 'edit $pkt.tcp.seq = 2', says: /^tcp\.seq: \d+ -> 2$/m },
  { type: 'print $pkt.tcp.seq', says: /= 2\n/ },
  { type: 'edit $pkt.ip.proto = "UDP"', says: /^ip\.proto: 6 -> 17$/m },
  { type: 'drop', says: /^Dropped 71 bytes: /m },
  { type: 'info drops', says: /^1 +DEBUGGER /m },
];

/** Each row, by who types it: `execute` resolves to what is printed, errors too. */
export async function typeRows(execute: (line: string) => Promise<string>, rows: readonly Row[] = ROWS): Promise<void> {
  const file = join(tempFolder(), 'written');
  for (const { type, says, writes } of rows) {
    const text = await execute(type.replace('FILE', file));
    assert.match(text, says, `${type}: ${text}`);
    writes?.(readFileSync(file));
  }
}
