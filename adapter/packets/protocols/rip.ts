/** RIP, versions 1 and 2 (RFC 2453). */
import { uint8 } from '../declare.ts';
import { type Names, Protocol } from '../protocol.ts';

const COMMANDS: Names = { 1: 'Request', 2: 'Response', 3: 'Traceon', 4: 'Traceoff', 5: 'Vendor specific (Sun)' };
const VERSIONS: Names = { 1: 'RIPv1', 2: 'RIPv2' };

export const rip: Protocol = new Protocol({
  name: 'rip',
  title: 'Routing Information Protocol',
  column: 'RIP',
  found: { 'udp.port': [520] },
  header: 4,
  fields: [
    uint8('rip.command', 'Command', 0, { names: COMMANDS }),
    uint8('rip.version', 'Version', 1, { names: VERSIONS }),
  ],
  columnOf: (p, l) => VERSIONS[p.u8(l.at + 1)] ?? 'RIP',
  info: (p, l) => COMMANDS[p.u8(l.at)] ?? `Unknown command (${p.u8(l.at)})`,
});
