/** The tree of connections: networks, and below each its forwards, sockets and neighbors. */
import type { ConnectionsBody, ConnectionView, NetworkView, StreamBody } from '../../adapter/dap/custom.ts';
import { closeCommand, connectionFilter } from '../breaking/conditions.ts';

export type ConnectionSection = 'forwards' | 'sockets' | 'neighbors';

/** A row; those with `children` can be opened. */
export interface ConnectionNode {
  readonly id: string;
  readonly label: string;
  readonly text: string;
  readonly tooltip: string;
  readonly section: ConnectionSection | undefined;
  readonly children: readonly ConnectionNode[];
  /** The row of a connection or forward. */
  readonly connection?: ConnectionView;
}

/** Titles of the sections, in the user's language. */
export type SectionTitles = Readonly<Record<ConnectionSection, string>>;

export function connectionTree({ networks }: ConnectionsBody, titles: SectionTitles): ConnectionNode[] {
  return networks.map((network): ConnectionNode => {
    const id = network.name;
    return {
      id,
      label: /\((.*)\)/.exec(network.name)?.[1] ?? network.name,
      text: network.name.replace(/\s*\(.*\)/, ''),
      tooltip: network.name,
      section: undefined,
      children: sections(network).map(
        ([section, children]): ConnectionNode => ({
          id: `${id}/${section}`,
          label: titles[section],
          text: String(children.length),
          tooltip: titles[section],
          section,
          children,
        }),
      ),
    };
  });
}

function sections(network: NetworkView): [ConnectionSection, ConnectionNode[]][] {
  const rows = (section: ConnectionSection, connections: readonly ConnectionView[]): ConnectionNode[] =>
    unique(connections.map((c) => connectionNode(network.name, section, c)));
  return [
    ['forwards', rows('forwards', network.forwards)],
    ['sockets', rows('sockets', network.connections)],
    [
      'neighbors',
      unique(
        network.neighbors.map(({ table, mac, address }) => ({
          id: `${network.name}/neighbors/${address}`,
          label: address,
          text: mac,
          tooltip: `${table}: ${address} is at ${mac}`,
          section: undefined,
          children: [],
        })),
      ),
    ],
  ];
}

function connectionNode(network: string, section: ConnectionSection, c: ConnectionView): ConnectionNode {
  const queues = section === 'forwards' ? '' : `  recv ${c.receiveQueue}  send ${c.sendQueue}`;
  const state = section === 'forwards' ? '' : `  ${c.state}`;
  return {
    id: `${network}/${section}/${c.protocol} ${c.source} ${c.destination}`,
    label: `${c.protocol} ${c.source} → ${c.destination}`,
    text: `${state}${queues}`.trim(),
    tooltip:
      `${c.protocol}[${c.state}], fd ${c.fd}, ` +
      `receive queue ${c.receiveQueue} bytes, send queue ${c.sendQueue} bytes`,
    section: undefined,
    children: [],
    connection: c,
  };
}

/** What can be done with a row, as words. */
export function connectionContext({ connection: c }: ConnectionNode): string {
  return [
    c && connectionFilter(c) !== undefined ? 'breakable' : '',
    c?.ends && c.protocol !== 'ICMP' ? 'followable' : '',
    c && closeCommand(c) !== undefined ? 'closable' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** What a connection has said, with a line before each change of direction. */
export function streamText({ nodes, missing, pieces }: StreamBody): string {
  let side: 0 | 1 | undefined;
  let text = '';
  for (const piece of pieces) {
    if (piece.side !== side) {
      side = piece.side;
      const [from, to] = side === 0 ? nodes : [...nodes].reverse();
      text += `${text === '' || text.endsWith('\n') ? '' : '\n'}--- ${from} -> ${to}, packet ${piece.packet}\n`;
    }
    text += readable(Buffer.from(piece.base64, 'base64'));
  }
  const lost = missing > 0 ? `\n--- ${missing} bytes are missing\n` : '';
  return text === '' ? `--- ${nodes.join(' and ')} have said nothing yet\n` : `${text}${lost}`;
}

/** Bytes as text; those that are none as dots. */
function readable(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/\r\n/g, '\n')
    .replace(/[^\n\t\x20-\x7e]/g, '.');
}

/** Rows with the same identity are numbered: a tree takes each once. */
function unique(nodes: readonly ConnectionNode[]): ConnectionNode[] {
  const seen = new Map<string, number>();
  return nodes.map((node) => {
    const n = (seen.get(node.id) ?? 0) + 1;
    seen.set(node.id, n);
    return n === 1 ? node : { ...node, id: `${node.id} #${n}` };
  });
}
