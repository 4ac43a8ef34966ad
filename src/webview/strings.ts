/** Words of the rings' page; the extension translates them and hands them over in the page. */
export const RING_STRINGS = {
  none: 'The machine has no NIC yet.',
  noRing: 'No ring yet: the driver has not set its length.',
  rx: 'Receive ring (Rx)',
  tx: 'Transmit ring (Tx)',
  disabled: 'disabled',
  descriptor: 'descriptor',
  descriptors: 'descriptors',
  head: 'head',
  tail: 'tail',
  empty: 'empty, the NIC fills it',
  packet: 'packet for the driver',
  free: 'not in use, the driver has it',
  pending: 'waits to be sent by the NIC',
  done: 'sent',
  unmapped: 'no memory there',
  help: 'Arrow keys move, h and t go to head and tail, Enter opens a descriptor.',
  packets: 'Packets in the ring, the newest first',
  noPackets: 'No packets in the ring.',
} as const;

export type RingStrings = Readonly<Record<keyof typeof RING_STRINGS, string>>;

/** Words of the page of a packet listing. */
export const LISTING_STRINGS = {
  list: 'Packets',
  number: 'No.',
  time: 'Time',
  source: 'Source',
  destination: 'Destination',
  protocol: 'Protocol',
  length: 'Length',
  info: 'Info',
  margin: 'Breakpoints',
  breakpoint: 'breakpoint',
  stopped: 'the machine stands here',
  reading: 'Reading the capture...',
  cancel: 'Cancel',
  cancelled: 'The capture has not been read to its end.',
  again: 'Read It Again',
  empty: 'The capture has no packets.',
  filter: 'Display filter',
  filterHint: 'Display filter, such as tcp.port == 5555, then Enter',
  filtering: 'Filtering...',
  matching: '{0} of {1} packets',
} as const;

export type ListingStrings = Readonly<Record<keyof typeof LISTING_STRINGS, string>>;

/** Words of the timeline's page. */
export const TIMELINE_STRINGS = {
  label: 'Timeline',
  none: 'What a debug session records is shown here.',
  off: 'Nothing is recorded: history is off.',
  toGuest: 'To guest',
  fromGuest: 'From guest',
  drops: 'Drops',
  interrupts: 'Interrupts',
  marks: 'Moments',
  time: 'Time',
  packets: 'Packets',
  packet: 'packet',
  most: 'most',
  stop: 'stopped',
  bookmark: 'bookmark',
  checkpoint: 'checkpoint',
  row: 'found',
  here: 'here',
  present: 'the present',
  past: 'past',
  running: 'the machine runs',
  help: 'Click or Enter: go there. Wheel, + and -: zoom. Page Up and Page Down: stops and bookmarks.',
  pause: 'Pause the machine to go to a moment.',
  from: 'From',
  to: 'To',
} as const;

export type TimelineStrings = Readonly<Record<keyof typeof TIMELINE_STRINGS, string>>;

/** Words of the page of the view Packet. */
export const PACKET_STRINGS = {
  none: 'Select a packet in a listing, or stop where a packet is handled.',
  tree: 'Fields of the packet',
  bytes: 'Bytes of the packet',
  selected: 'bytes {0} to {1}',
} as const;

export type PacketStrings = Readonly<Record<keyof typeof PACKET_STRINGS, string>>;

/** Words of the page of journeys. */
export const JOURNEY_STRINGS = {
  none: 'No packet has passed yet.',
  number: 'No.',
  packet: 'Packet',
  end: 'End',
} as const;

export type JourneyStrings = Readonly<Record<keyof typeof JOURNEY_STRINGS, string>>;
