/** Dropbox's LAN sync discovery. */
import { parts } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';

export const dropbox: Protocol = new Protocol({
  name: 'db-lsp-disc',
  title: 'Dropbox LAN sync Discovery Protocol',
  column: 'DB-LSP-DISC',
  found: { 'udp.port': [17500] },
  header: 1,
  fields: [
    parts((p, l) => [
      { from: l.at, length: l.end - l.at, label: () => printable(p.ascii(l.at, Math.min(l.end, l.at + 400))) },
    ]),
  ],
  chain: (p, l) => (isJson(p, l) ? 'db-lsp-disc:json' : 'db-lsp-disc'),
  columnOf: (p, l) => (isJson(p, l) ? 'DB-LSP-DISC/JSON' : 'DB-LSP-DISC'),
  info: (p, l) => `Dropbox LAN sync Discovery Protocol${isJson(p, l) ? ', JavaScript Object Notation' : ''}`,
});

function isJson(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) === 0x7b && p.u8(l.end - 1) === 0x7d;
}
