/** Bytes that no protocol takes. */
import { computed } from '../declare.ts';
import { formatBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';

function text(p: PacketView, l: Layer): string {
  return formatBytes(p.bytes(l.at, l.end), 64, '');
}

export const data: Protocol = new Protocol({
  name: 'data',
  title: 'Data',
  column: 'Data',
  found: {},
  header: 0,
  line: (_, l) => `Data (${l.end - l.at} byte${l.end - l.at === 1 ? '' : 's'})`,
  fields: [
    computed('data.data', 'Data', 'bytes', (p, l) => p.bytes(l.at, l.end), {
      place: (_, l) => [l.at, l.end - l.at],
      label: (p, l) => `Data: ${text(p, l)}`,
      text,
    }),
    computed('data.len', 'Length', 'uint32', (_, l) => l.end - l.at, { label: (_, l) => `[Length: ${l.end - l.at}]` }),
  ],
});
