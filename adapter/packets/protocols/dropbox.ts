/** Dropbox's LAN sync discovery. */
import { parts } from '../declare.ts';
import { printable } from '../format.ts';
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
  info: () => 'Dropbox LAN sync Discovery Protocol',
});
