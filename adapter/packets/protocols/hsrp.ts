/** HSRP (RFC 2281). */
import { ipv4, uint8 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const OPCODES: Names = { 0: 'Hello', 1: 'Coup', 2: 'Resign', 3: 'Advertise' };
const ADVERTISE = 3;
const ALL_ROUTERS = 0xe0000002;
const STATES: Names = { 0: 'Initial', 1: 'Learn', 2: 'Listen', 4: 'Speak', 8: 'Standby', 16: 'Active' };
const ADVERTISED: Names = { 1: 'Active', 2: 'Passive' };
const hello = { when: (p: PacketView, l: Layer) => p.u8(l.at + 1) !== ADVERTISE };

/** Datagrams to one router alone are not Hot Standby's, as far as Wireshark knows. */
function toRouters(p: PacketView, l: Layer): boolean {
  const ip = l.below?.below;
  return ip?.protocol.name === 'ip' && p.u32(ip.at + 16) === ALL_ROUTERS;
}

export const hsrp: Protocol = new Protocol({
  name: 'hsrp',
  title: 'Cisco Hot Standby Router Protocol',
  column: 'HSRP',
  found: { 'udp.port': [1985] },
  header: 8,
  open: (p, l) => toRouters(p, l) && p.u8(l.at) === 0 && OPCODES[p.u8(l.at + 1)] !== undefined,
  fields: [
    uint8('hsrp.version', 'Version', 0),
    uint8('hsrp.opcode', 'Op Code', 1, { names: OPCODES }),
    uint8('hsrp.state', 'State', 2, { ...hello, names: STATES }),
    uint8('hsrp.hellotime', 'Hellotime', 3, hello),
    uint8('hsrp.holdtime', 'Holdtime', 4, hello),
    uint8('hsrp.priority', 'Priority', 5, hello),
    uint8('hsrp.group', 'Group', 6, hello),
    ipv4('hsrp.virt_ip', 'Virtual IP Address', 16, hello),
  ],
  info: (p, l) => {
    const opcode = p.u8(l.at + 1);
    const state = opcode === ADVERTISE ? ADVERTISED[p.u8(l.at + 6)] : STATES[p.u8(l.at + 2)];
    return `${OPCODES[opcode]} (state ${state ?? 'Unknown'})`;
  },
});
