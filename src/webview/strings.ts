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
} as const;

export type ListingStrings = Readonly<Record<keyof typeof LISTING_STRINGS, string>>;
