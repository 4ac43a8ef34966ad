/** Cisco's dynamic trunking, by name. */
import { uint8 } from '../declare.ts';
import { Protocol } from '../protocol.ts';
import { OUI_CISCO, snapKey } from './link-keys.ts';

export const dtp: Protocol = new Protocol({
  name: 'dtp',
  title: 'Dynamic Trunk Protocol',
  column: 'DTP',
  found: { ethertype: [snapKey(OUI_CISCO, 0x2004)] },
  header: 1,
  fields: [uint8('dtp.version', 'Version', 0)],
  info: () => 'Dynamic Trunk Protocol',
});
