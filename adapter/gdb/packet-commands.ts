/** Handlers of commands that take packets. */
import type { PACKET_COMMANDS } from '../commands/table/packets.ts';
import { dumpPcap, follow, savePacket } from './conversations.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import { delayPacket, dropPacket, edit, inject } from './hands.ts';
import { dumpJourneys } from './journey.ts';

export const PACKET_HANDLERS: Handlers<typeof PACKET_COMMANDS> = {
  follow: listSubcommands('follow'),
  'follow stream': follow('tcp'),
  'follow udp': follow('udp'),
  dump: listSubcommands('dump'),
  'dump pcap': dumpPcap,
  'dump journey': dumpJourneys('journey'),
  'dump vpp': dumpJourneys('vpp'),
  save: listSubcommands('save'),
  'save packet': savePacket,
  drop: dropPacket,
  delay: delayPacket,
  edit,
  inject,
};
