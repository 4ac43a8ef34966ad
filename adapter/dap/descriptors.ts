/** The e1000's descriptors (Intel 8254x software developer's manual, sections 3.2.3 and 3.3): 16 bytes each, little-endian. */

export const DESCRIPTOR_SIZE = 16;

/** Flag bits by name, lowest bit first; unnamed bits are reserved. */
type Flags = readonly (string | undefined)[];

const RX_STATUS: Flags = ['DD', 'EOP', 'IXSM', 'VP', undefined, 'TCPCS', 'IPCS', 'PIF'];
const RX_ERRORS: Flags = ['CE', 'SE', 'SEQ', undefined, 'CXE', 'TCPE', 'IPE', 'RXE'];
const TX_LEGACY_CMD: Flags = ['EOP', 'IFCS', 'IC', 'RS', 'RPS', 'DEXT', 'VLE', 'IDE'];
const TX_DATA_CMD: Flags = ['EOP', 'IFCS', 'TSE', 'RS', 'RPS', 'DEXT', 'VLE', 'IDE'];
const TX_CONTEXT_CMD: Flags = ['TCP', 'IP', 'TSE', 'RS', undefined, 'DEXT', undefined, 'IDE'];
const TX_STATUS: Flags = ['DD', 'EC', 'LC', 'TU'];
const TX_OPTIONS: Flags = ['IXSM', 'TXSM'];

/** Bit 5 of the command byte: not a legacy descriptor. */
const TX_CMD_DEXT = 0x20;
/** The type of an extended descriptor: 0 context, 1 data. */
const TX_DTYP_DATA = 1;

/** A field of a descriptor; `digits` of hex to show, `flags` names its bits. */
export interface DescriptorField {
  readonly name: string;
  readonly value: number;
  readonly digits: number;
  readonly flags?: Flags;
}

export interface Descriptor {
  readonly kind: 'rx' | 'tx legacy' | 'tx data' | 'tx context';
  /** Guest physical address of the buffer; undefined for a context descriptor, which has none. */
  readonly address?: number;
  /** Bytes in the buffer. */
  readonly length: number;
  readonly fields: readonly DescriptorField[];
}

/** Names of the set bits, `DD|EOP`, or `-`. */
export function flagNames(value: number, flags: Flags): string {
  const names: string[] = [];
  for (let bit = 0; bit < 8; bit++) {
    if ((value >> bit) & 1) {
      names.push(flags[bit] ?? `bit ${bit}`);
    }
  }
  return names.join('|') || '-';
}

export function decodeRx(bytes: DataView): Descriptor {
  const length = bytes.getUint16(8, true);
  return {
    kind: 'rx',
    address: address64(bytes),
    length,
    fields: [
      { name: 'length', value: length, digits: 4 },
      { name: 'checksum', value: bytes.getUint16(10, true), digits: 4 },
      { name: 'status', value: bytes.getUint8(12), digits: 2, flags: RX_STATUS },
      { name: 'errors', value: bytes.getUint8(13), digits: 2, flags: RX_ERRORS },
      { name: 'special', value: bytes.getUint16(14, true), digits: 4 },
    ],
  };
}

export function decodeTx(bytes: DataView): Descriptor {
  const word = bytes.getUint32(8, true);
  if (((word >>> 24) & TX_CMD_DEXT) === 0) {
    return decodeTxLegacy(bytes);
  }
  return ((word >>> 20) & 15) === TX_DTYP_DATA ? decodeTxData(bytes) : decodeTxContext(bytes);
}

function decodeTxLegacy(bytes: DataView): Descriptor {
  const length = bytes.getUint16(8, true);
  return {
    kind: 'tx legacy',
    address: address64(bytes),
    length,
    fields: [
      { name: 'length', value: length, digits: 4 },
      { name: 'cso', value: bytes.getUint8(10), digits: 2 },
      { name: 'cmd', value: bytes.getUint8(11), digits: 2, flags: TX_LEGACY_CMD },
      { name: 'status', value: bytes.getUint8(12) & 15, digits: 2, flags: TX_STATUS },
      { name: 'css', value: bytes.getUint8(13), digits: 2 },
      { name: 'special', value: bytes.getUint16(14, true), digits: 4 },
    ],
  };
}

function decodeTxData(bytes: DataView): Descriptor {
  const word = bytes.getUint32(8, true);
  const length = word & 0xfffff;
  return {
    kind: 'tx data',
    address: address64(bytes),
    length,
    fields: [
      { name: 'length', value: length, digits: 5 },
      { name: 'cmd', value: word >>> 24, digits: 2, flags: TX_DATA_CMD },
      { name: 'status', value: bytes.getUint8(12) & 15, digits: 2, flags: TX_STATUS },
      { name: 'popts', value: bytes.getUint8(13), digits: 2, flags: TX_OPTIONS },
      { name: 'special', value: bytes.getUint16(14, true), digits: 4 },
    ],
  };
}

function decodeTxContext(bytes: DataView): Descriptor {
  const word = bytes.getUint32(8, true);
  return {
    kind: 'tx context',
    length: 0,
    fields: [
      { name: 'ipcss', value: bytes.getUint8(0), digits: 2 },
      { name: 'ipcso', value: bytes.getUint8(1), digits: 2 },
      { name: 'ipcse', value: bytes.getUint16(2, true), digits: 4 },
      { name: 'tucss', value: bytes.getUint8(4), digits: 2 },
      { name: 'tucso', value: bytes.getUint8(5), digits: 2 },
      { name: 'tucse', value: bytes.getUint16(6, true), digits: 4 },
      { name: 'paylen', value: word & 0xfffff, digits: 5 },
      { name: 'cmd', value: word >>> 24, digits: 2, flags: TX_CONTEXT_CMD },
      { name: 'status', value: bytes.getUint8(12) & 15, digits: 2, flags: TX_STATUS },
      { name: 'hdrlen', value: bytes.getUint8(13), digits: 2 },
      { name: 'mss', value: bytes.getUint16(14, true), digits: 4 },
    ],
  };
}

function address64(bytes: DataView): number {
  return bytes.getUint32(4, true) * 2 ** 32 + bytes.getUint32(0, true);
}
