/**
 * Layouts of the 82540EM's descriptors (8254x manual, tables 3-1, 3-8, 3-13 and 3-15): for the device the bytes where
 * their fields begin, and as data, for views, every field.
 */

/** All descriptors: the address of the buffer. */
export const DESC_BUFFER_ADDR = 0;
/** Receive descriptor: bytes in the buffer, status, VLAN tag. */
export const RXD_LENGTH = 8;
export const RXD_STATUS = 12;
export const RXD_SPECIAL = 14;
/** Transmit descriptors: the word with length and command, and the one with status and options. */
export const TXD_LOWER = 8;
export const TXD_UPPER = 12;
/** Context descriptor: IP and TCP or UDP checksum (start, place, end), length of the headers, segment size. */
export const TXC_IPCSS = 0;
export const TXC_IPCSO = 1;
export const TXC_IPCSE = 2;
export const TXC_TUCSS = 4;
export const TXC_TUCSO = 5;
export const TXC_TUCSE = 6;
export const TXC_HDR_LEN = 13;
export const TXC_MSS = 14;

/**
 * The address of a descriptor's buffer, which has 64 bits.
 * @nodebug
 */
export function desc_buffer_addr(d: DataView): number {
  return d.getUint32(DESC_BUFFER_ADDR, true) + d.getUint32(DESC_BUFFER_ADDR + 4, true) * 0x100000000;
}

/** A field of a descriptor: `width` bits from bit `lsb` of its 128, little-endian. */
export interface DescriptorField {
  readonly name: string;
  readonly lsb: number;
  readonly width: number;
  readonly description: string;
}

/** One kind of descriptor. */
export interface DescriptorLayout {
  readonly name: string;
  readonly section: string;
  readonly fields: readonly DescriptorField[];
}

type DescriptorRow = readonly [name: string, lsb: number, width: number, description: string];

/** A layout from rows. */
function descriptor_layout(name: string, section: string, rows: readonly DescriptorRow[]): DescriptorLayout {
  return {
    name,
    section,
    fields: rows.map(([field, lsb, width, description]) => ({ name: field, lsb, width, description })),
  };
}

/** Receive descriptor. */
export const E1000_RX_DESC: DescriptorLayout = descriptor_layout('e1000_rx_desc', '3.2.3', [
  ['buffer_addr', 0, 64, 'Address of the buffer'],
  ['length', 64, 16, 'Bytes in the buffer'],
  ['csum', 80, 16, 'Packet checksum'],
  ['DD', 96, 1, 'Descriptor done'],
  ['EOP', 97, 1, 'End of packet'],
  ['IXSM', 98, 1, 'Ignore checksum indication'],
  ['VP', 99, 1, 'Packet was 802.1Q tagged'],
  ['TCPCS', 101, 1, 'TCP checksum calculated'],
  ['IPCS', 102, 1, 'IP checksum calculated'],
  ['PIF', 103, 1, 'Passed inexact filter'],
  ['CE', 104, 1, 'CRC or alignment error'],
  ['SE', 105, 1, 'Symbol error'],
  ['SEQ', 106, 1, 'Sequence error'],
  ['CXE', 108, 1, 'Carrier extension error'],
  ['TCPE', 109, 1, 'TCP/UDP checksum error'],
  ['IPE', 110, 1, 'IP checksum error'],
  ['RXE', 111, 1, 'Receive data error'],
  ['special', 112, 16, 'VLAN tag'],
]);

/** Legacy transmit descriptor (DEXT clear). */
export const E1000_TX_LEGACY_DESC: DescriptorLayout = descriptor_layout('e1000_tx_desc', '3.3.3', [
  ['buffer_addr', 0, 64, 'Address of the buffer'],
  ['length', 64, 16, 'Bytes in the buffer'],
  ['cso', 80, 8, 'Checksum offset'],
  ['EOP', 88, 1, 'End of packet'],
  ['IFCS', 89, 1, 'Insert FCS'],
  ['IC', 90, 1, 'Insert checksum'],
  ['RS', 91, 1, 'Report status'],
  ['RPS', 92, 1, 'Report packet sent'],
  ['DEXT', 93, 1, 'Descriptor extension (0: legacy)'],
  ['VLE', 94, 1, 'VLAN packet enable'],
  ['IDE', 95, 1, 'Interrupt delay enable'],
  ['DD', 96, 1, 'Descriptor done'],
  ['EC', 97, 1, 'Excess collisions'],
  ['LC', 98, 1, 'Late collision'],
  ['TU', 99, 1, 'Transmit underrun'],
  ['css', 104, 8, 'Checksum start'],
  ['special', 112, 16, 'VLAN tag'],
]);

/** TCP/IP context descriptor (DEXT set, DTYP 0). */
export const E1000_TX_CONTEXT_DESC: DescriptorLayout = descriptor_layout('e1000_context_desc', '3.3.6', [
  ['ipcss', 0, 8, 'IP checksum start'],
  ['ipcso', 8, 8, 'IP checksum offset'],
  ['ipcse', 16, 16, 'IP checksum end'],
  ['tucss', 32, 8, 'TCP/UDP checksum start'],
  ['tucso', 40, 8, 'TCP/UDP checksum offset'],
  ['tucse', 48, 16, 'TCP/UDP checksum end'],
  ['paylen', 64, 20, 'Payload to segment'],
  ['DTYP', 84, 4, 'Descriptor type (0: context)'],
  ['TCP', 88, 1, 'TCP (else UDP)'],
  ['IP', 89, 1, 'IPv4 (else IPv6)'],
  ['TSE', 90, 1, 'TCP segmentation enable'],
  ['RS', 91, 1, 'Report status'],
  ['DEXT', 93, 1, 'Descriptor extension (1)'],
  ['IDE', 95, 1, 'Interrupt delay enable'],
  ['DD', 96, 1, 'Descriptor done'],
  ['hdrlen', 104, 8, 'Header length'],
  ['mss', 112, 16, 'Maximum segment size'],
]);

/** TCP/IP data descriptor (DEXT set, DTYP 1). */
export const E1000_TX_DATA_DESC: DescriptorLayout = descriptor_layout('e1000_data_desc', '3.3.7', [
  ['buffer_addr', 0, 64, 'Address of the buffer'],
  ['length', 64, 20, 'Bytes in the buffer'],
  ['DTYP', 84, 4, 'Descriptor type (1: data)'],
  ['EOP', 88, 1, 'End of packet'],
  ['IFCS', 89, 1, 'Insert FCS'],
  ['TSE', 90, 1, 'TCP segmentation enable'],
  ['RS', 91, 1, 'Report status'],
  ['RPS', 92, 1, 'Report packet sent'],
  ['DEXT', 93, 1, 'Descriptor extension (1)'],
  ['VLE', 94, 1, 'VLAN packet enable'],
  ['IDE', 95, 1, 'Interrupt delay enable'],
  ['DD', 96, 1, 'Descriptor done'],
  ['EC', 97, 1, 'Excess collisions'],
  ['LC', 98, 1, 'Late collision'],
  ['TU', 99, 1, 'Transmit underrun'],
  ['IXSM', 104, 1, 'Insert IP checksum'],
  ['TXSM', 105, 1, 'Insert TCP/UDP checksum'],
  ['special', 112, 16, 'VLAN tag'],
]);

/** The layout of a transmit descriptor, by its command word (bytes 8 to 11). */
export function e1000_tx_desc_layout(txd_lower: number): DescriptorLayout {
  if ((txd_lower & 0x20000000) === 0) {
    return E1000_TX_LEGACY_DESC;
  }
  return (txd_lower & 0x00100000) !== 0 ? E1000_TX_DATA_DESC : E1000_TX_CONTEXT_DESC;
}
