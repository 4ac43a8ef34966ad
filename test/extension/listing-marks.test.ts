/** Marks and hovers of a listing, and where Wireshark is looked for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { QueryRowView } from '../../adapter/dap/custom.ts';
import { readCapture } from '../../adapter/packets/capture.ts';
import { packetDetails } from '../../adapter/packets/details.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { divergenceMarks, dropMarks, hoverLines } from '../../src/captures/marks.ts';
import { findWireshark } from '../../src/captures/wireshark-path.ts';
import { capture } from '../kit/paths.ts';

describe('marks of a listing', () => {
  it('stand at packets that the replay answered otherwise, with the first field that differs', () => {
    const common = { time: 0, stream: 0, summary: '' };
    const fields = [{ field: 'tcp.window_size_value', captured: '512', sent: '65535' }];
    assert.deepEqual(
      divergenceMarks([
        { ...common, grade: 'different answer', packet: 4, fields },
        { ...common, grade: 'same bytes, other form', packet: 5, fields },
        { ...common, grade: 'missing', packet: 6, fields: [] },
        { ...common, grade: 'extra', packet: 0, fields: [] },
      ]),
      [
        { packet: 4, kind: 'divergence', text: 'different answer: tcp.window_size_value 512 -> 65535' },
        { packet: 6, kind: 'divergence', text: 'missing' },
      ],
    );
  });

  it('stand at packets that the replay dropped, with what the reason means, unless nothing was lost', () => {
    const at = { number: 1, tick: 1, probe: 1, ns: 0, packets: 0, fn: 'drop', file: '', line: 0, caller: '', text: '' };
    const value = (of: string | number) =>
      ({ kind: typeof of, value: of }) as unknown as NonNullable<QueryRowView['shown']>[number];
    const row = (reason: string, packet: number): QueryRowView => ({ ...at, shown: [value(reason), value(packet)] });
    const reasons = [{ reason: 'TCP_CSUM', count: 1, meaning: 'the TCP checksum is wrong', advice: '' }];
    assert.deepEqual(dropMarks([row('TCP_CSUM', 6), row('TCP_CSUM', 0), row('TCP_DUPLICATE', 7), at], reasons), [
      { packet: 6, kind: 'drop', text: 'TCP_CSUM: the TCP checksum is wrong' },
    ]);
  });

  it('show the tree of a packet as deep as there is room', () => {
    const { packets } = readCapture(readFileSync(capture('02-hello.pcap')));
    const lines = hoverLines(packetDetails(new PacketView(packets.at(-1)!.data, 'ethernet')));
    assert.ok(lines.length <= 20 && lines.some((line) => line.startsWith('Ethernet II')));
    assert.ok(lines.some((line) => line.startsWith('Transmission Control Protocol')));
    assert.ok(
      lines.some((line) => line.startsWith('    ')),
      'fields are below their protocols',
    );
  });

  it('know where Wireshark is', () => {
    const at = (place: string) => (path: string) => path === place;
    assert.equal(findWireshark('/a:/b', at('/b/wireshark') as never), '/b/wireshark');
    assert.equal(findWireshark('/a', at('/none') as never), undefined);
  });
});
