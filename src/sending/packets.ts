/** What "Send a Packet..." offers, and how it is put in. Needs nothing of VS Code. */
import type { ConnectionsBody } from '../../adapter/dap/custom.ts';

export interface Forward {
  readonly host: string;
  readonly port: number;
}

/** The first TCP port of this computer that leads to the guest. */
export function firstForward({ networks }: ConnectionsBody): Forward | undefined {
  for (const { protocol, source } of networks.flatMap(({ forwards }) => forwards)) {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(source) ?? [];
    if (protocol === 'TCP' && port !== '') {
      return { host: host === '*' || host === '0.0.0.0' ? '127.0.0.1' : host, port: Number(port) };
    }
  }
  return undefined;
}

/** A command that has the guest pinged by the user network's router. */
export const PING = 'inject "icmp.type=8 data=\\"packet debugger\\"" at nic';

/** A command that has the guest ask the network's name server for the address of a name. */
export function dnsQuery(name: string): string {
  const labels = name.split('.').filter((label) => label !== '');
  const question = labels.map((label) => `${hex([label.length])}${hex(Buffer.from(label))}`).join('');
  return `inject "ip.dst=10.0.2.3 udp.dstport=53 data=1234010000010000000000${'00'}${question}0000010001" at slirp`;
}

/** A command that puts the frames of a capture in. */
export function captureFrames(path: string): string {
  return `inject ${path} at nic`;
}

function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
