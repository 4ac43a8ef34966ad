/** Remote framebuffers (RFC 6143): the versions that both ends begin with. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { fromClient, speak } from '../sessions.ts';

const PORTS = [5500, 5900, 5901];
const VERSION = /^RFB (\d{3}\.\d{3})\n$/;

function version(p: PacketView, l: Layer): string | undefined {
  return l.end - l.at === 12 ? VERSION.exec(p.ascii(l.at, l.end))?.[1] : undefined;
}

export const vnc: Protocol = new Protocol({
  name: 'vnc',
  title: 'Virtual Network Computing',
  column: 'VNC',
  found: { 'tcp.port': [...PORTS, 'any'] },
  header: 1,
  open: (p, l) => {
    const { below } = l;
    const usual = below !== null && (PORTS.includes(below.key) || PORTS.includes(below.otherKey));
    return usual || version(p, l) !== undefined || (below !== null && p.sessions?.spokenOver(p, below) === vnc);
  },
  note: (p, l) => speak(p, l),
  fields: [],
  info: (p, l) => {
    const v = version(p, l);
    // The server speaks first, and so is the conversation's opener here.
    return v === undefined ? '' : `${fromClient(p, l) ? 'Server' : 'Client'} protocol version: ${v}`;
  },
});
