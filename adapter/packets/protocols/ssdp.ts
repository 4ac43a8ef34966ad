/** SSDP (UPnP Device Architecture): HTTP's lines in datagrams. */
import { parts } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { headAt } from './header-lines.ts';

function firstLine(p: PacketView, l: Layer): string {
  return headAt(p, l.at, l.end)?.first.text ?? '';
}

export const ssdp: Protocol = new Protocol({
  name: 'ssdp',
  title: 'Simple Service Discovery Protocol',
  column: 'SSDP',
  found: { 'udp.port': [1900] },
  header: 5,
  open: (p, l) => /^(M-SEARCH|NOTIFY|HTTP\/1\.\d) /.test(firstLine(p, l)),
  experts: (p, l) => [{ message: printable(`${firstLine(p, l)}\r\n`), severity: 'chat', group: 'sequence' }],
  fields: [
    parts((p, l) => {
      const head = headAt(p, l.at, l.end);
      return (head === undefined ? [] : [head.first, ...head.headers]).map((x) => ({
        from: x.at,
        length: x.next - x.at,
        label: () => printable(`${x.text}\r\n`),
      }));
    }),
  ],
  info: (p, l) => `${printable(firstLine(p, l))} `,
});
