/** Bit fields of the 82540EM's registers, for the register table (8254x software developer's manual, chapter 13). */

/** A field of a register. */
export interface RegisterField {
  readonly name: string;
  readonly lsb: number;
  readonly width: number;
  readonly description: string;
  /** Meanings of values, where they have names. */
  readonly values?: Readonly<Record<number, string>>;
}

type FieldRow = readonly [
  name: string,
  lsb: number,
  width: number,
  description: string,
  values?: Readonly<Record<number, string>>,
];

/** Fields from rows. */
export function register_fields(rows: readonly FieldRow[]): RegisterField[] {
  return rows.map(([name, lsb, width, description, values]) =>
    values ? { name, lsb, width, description, values } : { name, lsb, width, description },
  );
}

const SPEED = { 0: '10 Mb/s', 1: '100 Mb/s', 2: '1000 Mb/s', 3: '1000 Mb/s' };

const INTERRUPT_CAUSES = register_fields([
  ['TXDW', 0, 1, 'Transmit descriptor written back'],
  ['TXQE', 1, 1, 'Transmit queue empty'],
  ['LSC', 2, 1, 'Link status change'],
  ['RXSEQ', 3, 1, 'Receive sequence error'],
  ['RXDMT0', 4, 1, 'Receive descriptors at or below the minimum threshold'],
  ['RXO', 6, 1, 'Receiver overrun'],
  ['RXT0', 7, 1, 'Receiver timer: packets are in the ring'],
  ['MDAC', 9, 1, 'MDI/O access complete'],
  ['RXCFG', 10, 1, 'Receiving /C/ ordered sets'],
  ['PHYINT', 12, 1, 'PHY interrupt'],
  ['GPI_SDP6', 13, 1, 'General purpose interrupt on SDP6'],
  ['GPI_SDP7', 14, 1, 'General purpose interrupt on SDP7'],
  ['TXD_LOW', 15, 1, 'Transmit descriptors below the low threshold'],
  ['SRPD', 16, 1, 'Small receive packet detected'],
]);

const DELAY = register_fields([
  ['DELAY', 0, 16, 'Delay in units of 1.024 us'],
  ['FPD', 31, 1, 'Flush partial descriptor block'],
]);

const DXDCTL = register_fields([
  ['PTHRESH', 0, 6, 'Prefetch threshold'],
  ['HTHRESH', 8, 6, 'Host threshold'],
  ['WTHRESH', 16, 6, 'Write back threshold'],
  ['GRAN', 24, 1, 'Granularity', { 0: 'cache lines', 1: 'descriptors' }],
  ['LWTHRESH', 25, 7, 'Low threshold, in 8 descriptors'],
]);

const WAKEUP = register_fields([
  ['LNKC', 0, 1, 'Link status change'],
  ['MAG', 1, 1, 'Magic packet'],
  ['EX', 2, 1, 'Directed exact packet'],
  ['MC', 3, 1, 'Directed multicast packet'],
  ['BC', 4, 1, 'Broadcast packet'],
  ['ARP', 5, 1, 'ARP request'],
  ['IPV4', 6, 1, 'Directed IPv4 packet'],
  ['IPV6', 7, 1, 'Directed IPv6 packet'],
  ['FLX0', 16, 1, 'Flexible filter 0'],
  ['FLX1', 17, 1, 'Flexible filter 1'],
  ['FLX2', 18, 1, 'Flexible filter 2'],
  ['FLX3', 19, 1, 'Flexible filter 3'],
]);

/** Fields by register. Registers that hold one plain number have none. */
export const E1000_FIELDS: Readonly<Record<string, readonly RegisterField[]>> = {
  CTRL: register_fields([
    ['FD', 0, 1, 'Full duplex'],
    ['LRST', 3, 1, 'Link reset'],
    ['ASDE', 5, 1, 'Auto-speed detection enable'],
    ['SLU', 6, 1, 'Set link up'],
    ['ILOS', 7, 1, 'Invert loss of signal'],
    ['SPEED', 8, 2, 'Speed selection', SPEED],
    ['FRCSPD', 11, 1, 'Force speed'],
    ['FRCDPLX', 12, 1, 'Force duplex'],
    ['SDP0_DATA', 18, 1, 'Value of pin SDP0'],
    ['SDP1_DATA', 19, 1, 'Value of pin SDP1'],
    ['ADVD3WUC', 20, 1, 'D3cold wakeup capability'],
    ['EN_PHY_PWR_MGMT', 21, 1, 'PHY power management enable'],
    ['SDP0_IODIR', 22, 1, 'Direction of pin SDP0', { 0: 'input', 1: 'output' }],
    ['SDP1_IODIR', 23, 1, 'Direction of pin SDP1', { 0: 'input', 1: 'output' }],
    ['RST', 26, 1, 'Device reset (clears itself)'],
    ['RFCE', 27, 1, 'Receive flow control enable'],
    ['TFCE', 28, 1, 'Transmit flow control enable'],
    ['VME', 30, 1, 'VLAN mode enable'],
    ['PHY_RST', 31, 1, 'PHY reset'],
  ]),
  STATUS: register_fields([
    ['FD', 0, 1, 'Full duplex'],
    ['LU', 1, 1, 'Link up'],
    ['FUNCTION_ID', 2, 2, 'Function of a dual port device'],
    ['TXOFF', 4, 1, 'Transmission paused by flow control'],
    ['TBIMODE', 5, 1, 'TBI mode'],
    ['SPEED', 6, 2, 'Link speed', SPEED],
    ['ASDV', 8, 2, 'Auto-speed detection value', SPEED],
    ['MTXCKOK', 10, 1, 'MTX clock OK'],
    ['PCI66', 11, 1, 'PCI bus at 66 MHz'],
    ['BUS64', 12, 1, 'PCI bus is 64 bits wide'],
    ['PCIX_MODE', 13, 1, 'Bus is PCI-X'],
    ['PCIXSPD', 14, 2, 'PCI-X bus speed', { 0: '50-66 MHz', 1: '66-100 MHz', 2: '100-133 MHz' }],
    ['GIO_MASTER_EN', 19, 1, 'Bus master requests enabled'],
  ]),
  EECD: register_fields([
    ['SK', 0, 1, 'Clock to the EEPROM'],
    ['CS', 1, 1, 'Chip select of the EEPROM'],
    ['DI', 2, 1, 'Data to the EEPROM'],
    ['DO', 3, 1, 'Data from the EEPROM'],
    ['FWE', 4, 2, 'Flash write enable', { 1: 'disabled', 2: 'enabled' }],
    ['EE_REQ', 6, 1, 'Request EEPROM access'],
    ['EE_GNT', 7, 1, 'EEPROM access granted'],
    ['EE_PRES', 8, 1, 'EEPROM present'],
    ['EE_SIZE', 9, 1, 'EEPROM size', { 0: '1024 bits', 1: '4096 bits' }],
    ['EE_TYPE', 13, 1, 'EEPROM type', { 0: 'Microwire', 1: 'SPI' }],
  ]),
  EERD: register_fields([
    ['START', 0, 1, 'Start a read'],
    ['DONE', 4, 1, 'Read done'],
    ['ADDR', 8, 8, 'Word address'],
    ['DATA', 16, 16, 'Word read'],
  ]),
  CTRL_EXT: register_fields([
    ['GPI_EN', 0, 4, 'General purpose interrupt enables'],
    ['PHYINT', 5, 1, 'PHY interrupt value'],
    ['SDP_DATA', 6, 2, 'Values of pins SDP6 and SDP7'],
    ['SDP_IODIR', 10, 2, 'Directions of pins SDP6 and SDP7'],
    ['ASDCHK', 12, 1, 'ASD check'],
    ['EE_RST', 13, 1, 'EEPROM reset'],
    ['IPS', 14, 1, 'Invert power state'],
    ['SPD_BYPS', 15, 1, 'Speed select bypass'],
    ['RO_DIS', 17, 1, 'Relaxed ordering disabled'],
    ['LINK_MODE', 22, 2, 'Link mode', { 0: 'internal PHY', 3: 'TBI' }],
  ]),
  MDIC: register_fields([
    ['DATA', 0, 16, 'Data'],
    ['REGADD', 16, 5, 'PHY register'],
    ['PHYADD', 21, 5, 'PHY address', { 1: 'internal PHY' }],
    ['OP', 26, 2, 'Operation', { 1: 'write', 2: 'read' }],
    ['R', 28, 1, 'Ready'],
    ['I', 29, 1, 'Interrupt at the end'],
    ['E', 30, 1, 'Error'],
  ]),
  FCT: register_fields([['TYPE', 0, 16, 'EtherType of flow control frames']]),
  VET: register_fields([['VET', 0, 16, 'EtherType of VLAN tags']]),
  FCTTV: register_fields([['TTV', 0, 16, 'Pause time put in XOFF frames']]),
  LEDCTL: register_fields([
    ['LED0_MODE', 0, 4, 'What LED0 (LINK_UP#) shows'],
    ['LED0_IVRT', 6, 1, 'LED0 inverted'],
    ['LED0_BLINK', 7, 1, 'LED0 blinks'],
    ['LED1_MODE', 8, 4, 'What LED1 (ACTIVITY#) shows'],
    ['LED1_IVRT', 14, 1, 'LED1 inverted'],
    ['LED1_BLINK', 15, 1, 'LED1 blinks'],
    ['LED2_MODE', 16, 4, 'What LED2 (LINK100#) shows'],
    ['LED2_IVRT', 22, 1, 'LED2 inverted'],
    ['LED2_BLINK', 23, 1, 'LED2 blinks'],
    ['LED3_MODE', 24, 4, 'What LED3 (LINK1000#) shows'],
    ['LED3_IVRT', 30, 1, 'LED3 inverted'],
    ['LED3_BLINK', 31, 1, 'LED3 blinks'],
  ]),
  PBA: register_fields([
    ['RXA', 0, 16, 'Receive packet buffer in KiB'],
    ['TXA', 16, 16, 'Transmit packet buffer in KiB'],
  ]),
  SWSM: register_fields([
    ['SMBI', 0, 1, 'Software semaphore'],
    ['SWESMBI', 1, 1, 'Software/firmware semaphore'],
  ]),
  ICR: [
    ...INTERRUPT_CAUSES,
    ...register_fields([['INT_ASSERTED', 31, 1, 'The interrupt line is asserted (reads as 0 here)']]),
  ],
  ICS: INTERRUPT_CAUSES,
  IMS: INTERRUPT_CAUSES,
  IMC: INTERRUPT_CAUSES,
  ITR: register_fields([['INTERVAL', 0, 16, 'Least time between interrupts in units of 256 ns']]),
  RCTL: register_fields([
    ['EN', 1, 1, 'Receiver enable'],
    ['SBP', 2, 1, 'Store bad packets'],
    ['UPE', 3, 1, 'Unicast promiscuous enable'],
    ['MPE', 4, 1, 'Multicast promiscuous enable'],
    ['LPE', 5, 1, 'Long packet reception enable'],
    ['LBM', 6, 2, 'Loopback mode', { 0: 'none', 3: 'PHY or external SerDes' }],
    ['RDMTS', 8, 2, 'Threshold of RXDMT0', { 0: '1/2 of the ring', 1: '1/4 of the ring', 2: '1/8 of the ring' }],
    ['MO', 12, 2, 'Bits of the address that index MTA', { 0: '47:36', 1: '46:35', 2: '45:34', 3: '43:32' }],
    ['BAM', 15, 1, 'Broadcast accept mode'],
    ['BSIZE', 16, 2, 'Buffer size', { 0: '2048 bytes', 1: '1024 or 16384', 2: '512 or 8192', 3: '256 or 4096' }],
    ['VFE', 18, 1, 'VLAN filter enable'],
    ['CFIEN', 19, 1, 'Canonical form indicator enable'],
    ['CFI', 20, 1, 'Canonical form indicator accepted'],
    ['DPF', 22, 1, 'Discard pause frames'],
    ['PMCF', 23, 1, 'Pass MAC control frames'],
    ['BSEX', 25, 1, 'Buffer size extension: sizes times 16'],
    ['SECRC', 26, 1, 'Strip the frame check sequence'],
  ]),
  FCRTL: register_fields([
    ['RTL', 3, 13, 'Threshold in 8 bytes'],
    ['XONE', 31, 1, 'XON enable'],
  ]),
  FCRTH: register_fields([['RTH', 3, 13, 'Threshold in 8 bytes']]),
  RDLEN: register_fields([['LEN', 7, 13, 'Length in 128 bytes']]),
  RDH: register_fields([['RDH', 0, 16, 'Index of the next descriptor the device fills']]),
  RDT: register_fields([['RDT', 0, 16, 'Index after the last descriptor the device may fill']]),
  RDTR: DELAY,
  RADV: register_fields([['DELAY', 0, 16, 'Delay in units of 1.024 us']]),
  RXDCTL: DXDCTL,
  RSRPD: register_fields([['SIZE', 0, 12, 'Packets up to this size interrupt at once']]),
  RXCSUM: register_fields([
    ['PCSS', 0, 8, 'Packet checksum start'],
    ['IPOFLD', 8, 1, 'IP checksum offload enable'],
    ['TUOFLD', 9, 1, 'TCP/UDP checksum offload enable'],
    ['IPV6OFL', 10, 1, 'IPv6 checksum offload enable'],
  ]),
  TCTL: register_fields([
    ['EN', 1, 1, 'Transmit enable'],
    ['PSP', 3, 1, 'Pad short packets'],
    ['CT', 4, 8, 'Collision threshold'],
    ['COLD', 12, 10, 'Collision distance'],
    ['SWXOFF', 22, 1, 'Software XOFF transmission'],
    ['RTLC', 24, 1, 'Retransmit on late collision'],
    ['NRTU', 25, 1, 'No retransmit on underrun'],
  ]),
  TIPG: register_fields([
    ['IPGT', 0, 10, 'IPG transmit time'],
    ['IPGR1', 10, 10, 'IPG receive time 1'],
    ['IPGR2', 20, 10, 'IPG receive time 2'],
  ]),
  AIT: register_fields([['AIFS', 0, 16, 'Adaptive IFS value']]),
  TDLEN: register_fields([['LEN', 7, 13, 'Length in 128 bytes']]),
  TDH: register_fields([['TDH', 0, 16, 'Index of the next descriptor the device reads']]),
  TDT: register_fields([['TDT', 0, 16, 'Index after the last descriptor the driver has filled']]),
  TIDV: DELAY,
  TADV: register_fields([['DELAY', 0, 16, 'Delay in units of 1.024 us']]),
  TXDCTL: DXDCTL,
  TSPMT: register_fields([
    ['TSMT', 0, 16, 'TCP segmentation minimum transfer'],
    ['TSPBP', 16, 16, 'TCP segmentation packet buffer padding'],
  ]),
  WUC: register_fields([
    ['APME', 0, 1, 'Advance power management enable'],
    ['PME_EN', 1, 1, 'PME enable'],
    ['PME_STATUS', 2, 1, 'PME status'],
    ['APMPME', 3, 1, 'Assert PME on APM wakeup'],
  ]),
  WUFC: WAKEUP,
  WUS: WAKEUP,
  IPAV: register_fields([
    ['V40', 0, 1, 'IPv4 address 0 valid'],
    ['V41', 1, 1, 'IPv4 address 1 valid'],
    ['V42', 2, 1, 'IPv4 address 2 valid'],
    ['V43', 3, 1, 'IPv4 address 3 valid'],
    ['V60', 16, 1, 'IPv6 address valid'],
  ]),
  MANC: register_fields([
    ['SMBUS_EN', 0, 1, 'SMBus enabled'],
    ['ASF_EN', 1, 1, 'ASF mode enabled'],
    ['R_ON_FORCE', 2, 1, 'Reset on force TCO'],
    ['RMCP_EN', 8, 1, 'RMCP port 026Fh filtering'],
    ['0298_EN', 9, 1, 'RMCP port 0298h filtering'],
    ['IPV4_EN', 10, 1, 'IPv4 filtering'],
    ['IPV6_EN', 11, 1, 'IPv6 filtering'],
    ['SNAP_EN', 12, 1, 'Accept LLC/SNAP'],
    ['ARP_EN', 13, 1, 'ARP request filtering'],
    ['NEIGHBOR_EN', 14, 1, 'Neighbor discovery filtering'],
    ['TCO_RESET', 16, 1, 'TCO reset occurred'],
    ['RCV_TCO_EN', 17, 1, 'Receive TCO packets enabled'],
    ['REPORT_STATUS', 18, 1, 'Status reporting enabled'],
    ['EN_MNG2HOST', 21, 1, 'Management packets to host memory'],
    ['EN_IP_ADDR_FILTER', 22, 1, 'IP address filtering'],
    ['EN_XSUM_FILTER', 23, 1, 'Checksum filtering'],
    ['BR_EN', 24, 1, 'Broadcast filtering'],
  ]),
};
