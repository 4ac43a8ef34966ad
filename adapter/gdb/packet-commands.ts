/** Handlers of commands that take packets. */

import type { PACKET_COMMANDS } from '../commands/table/packets.ts';
import { saveBreakpoints } from './breakpoint-table.ts';
import { dumpPcap, follow, savePacket } from './conversations.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import { delayPacket, dropPacket, edit, inject } from './hands.ts';
import { dumpJourneys } from './journey.ts';
import { dump } from './memory-files.ts';

export const PACKET_HANDLERS: Handlers<typeof PACKET_COMMANDS> = {
  follow: listSubcommands('follow'),
  'follow stream': follow('tcp'),
  'follow udp': follow('udp'),
  dump: listSubcommands('dump'),
  'dump pcap': dumpPcap,
  'dump memory': (gdb, args) => dump(gdb, 'memory', args, false),
  'dump value': (gdb, args) => dump(gdb, 'value', args, false),
  'dump binary': listSubcommands('dump binary'),
  'dump binary memory': (gdb, args) => dump(gdb, 'memory', args, false),
  'dump binary value': (gdb, args) => dump(gdb, 'value', args, false),
  'dump journey': dumpJourneys('journey'),
  'dump vpp': dumpJourneys('vpp'),
  save: listSubcommands('save'),
  'save packet': savePacket,
  'save breakpoints': saveBreakpoints,
  drop: dropPacket,
  delay: delayPacket,
  edit,
  inject,
};
