/**
 * The registers of the 82540EM: constants as the model uses them, and the table that views and listings are made from.
 *
 * A constant is the index of a register in `E1000State.mac_reg`, that is its byte offset divided by 4. The table's
 * names, access and meanings are those of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual" (8254x), chapter 13.
 */
import { E1000_FIELDS, type RegisterField } from './e1000_fields.ts';

/* General registers */
export const CTRL = 0x0000 >> 2;
export const STATUS = 0x0008 >> 2;
export const EECD = 0x0010 >> 2;
export const EERD = 0x0014 >> 2;
export const CTRL_EXT = 0x0018 >> 2;
export const FLA = 0x001c >> 2;
export const MDIC = 0x0020 >> 2;
export const FCAL = 0x0028 >> 2;
export const FCAH = 0x002c >> 2;
export const FCT = 0x0030 >> 2;
export const VET = 0x0038 >> 2;
export const FCTTV = 0x0170 >> 2;
export const TXCW = 0x0178 >> 2;
export const RXCW = 0x0180 >> 2;
export const LEDCTL = 0x0e00 >> 2;
export const PBA = 0x1000 >> 2;
export const SWSM = 0x5b50 >> 2;

/* Interrupt registers */
export const ICR = 0x00c0 >> 2;
export const ITR = 0x00c4 >> 2;
export const ICS = 0x00c8 >> 2;
export const IMS = 0x00d0 >> 2;
export const IMC = 0x00d8 >> 2;

/* Receive registers */
export const RCTL = 0x0100 >> 2;
export const FCRTL = 0x2160 >> 2;
export const FCRTH = 0x2168 >> 2;
export const RDBAL = 0x2800 >> 2;
export const RDBAH = 0x2804 >> 2;
export const RDLEN = 0x2808 >> 2;
export const RDH = 0x2810 >> 2;
export const RDT = 0x2818 >> 2;
export const RDTR = 0x2820 >> 2;
export const RXDCTL = 0x2828 >> 2;
export const RADV = 0x282c >> 2;
export const RSRPD = 0x2c00 >> 2;
export const RXCSUM = 0x5000 >> 2;
export const MTA = 0x5200 >> 2;
export const RA = 0x5400 >> 2;
export const VFTA = 0x5600 >> 2;

/* Transmit registers */
export const TCTL = 0x0400 >> 2;
export const TIPG = 0x0410 >> 2;
export const AIT = 0x0458 >> 2;
export const TXDMAC = 0x3000 >> 2;
export const TDBAL = 0x3800 >> 2;
export const TDBAH = 0x3804 >> 2;
export const TDLEN = 0x3808 >> 2;
export const TDH = 0x3810 >> 2;
export const TDT = 0x3818 >> 2;
export const TIDV = 0x3820 >> 2;
export const TXDCTL = 0x3828 >> 2;
export const TADV = 0x382c >> 2;
export const TSPMT = 0x3830 >> 2;

/* FIFO registers */
export const RDFH = 0x2410 >> 2;
export const RDFT = 0x2418 >> 2;
export const RDFHS = 0x2420 >> 2;
export const RDFTS = 0x2428 >> 2;
export const RDFPC = 0x2430 >> 2;
export const TDFH = 0x3410 >> 2;
export const TDFT = 0x3418 >> 2;
export const TDFHS = 0x3420 >> 2;
export const TDFTS = 0x3428 >> 2;
export const TDFPC = 0x3430 >> 2;
export const PBM = 0x10000 >> 2;

/* Wakeup registers */
export const WUC = 0x5800 >> 2;
export const WUFC = 0x5808 >> 2;
export const WUS = 0x5810 >> 2;
export const IPAV = 0x5838 >> 2;
export const IP4AT = 0x5840 >> 2;
export const IP6AT = 0x5880 >> 2;
export const WUPL = 0x5900 >> 2;
export const WUPM = 0x5a00 >> 2;
export const FFLT = 0x5f00 >> 2;
export const FFMT = 0x9000 >> 2;
export const FFVT = 0x9800 >> 2;
export const MANC = 0x5820 >> 2;

/* Statistics registers */
export const CRCERRS = 0x4000 >> 2;
export const ALGNERRC = 0x4004 >> 2;
export const SYMERRS = 0x4008 >> 2;
export const RXERRC = 0x400c >> 2;
export const MPC = 0x4010 >> 2;
export const SCC = 0x4014 >> 2;
export const ECOL = 0x4018 >> 2;
export const MCC = 0x401c >> 2;
export const LATECOL = 0x4020 >> 2;
export const COLC = 0x4028 >> 2;
export const DC = 0x4030 >> 2;
export const TNCRS = 0x4034 >> 2;
export const SEC = 0x4038 >> 2;
export const CEXTERR = 0x403c >> 2;
export const RLEC = 0x4040 >> 2;
export const XONRXC = 0x4048 >> 2;
export const XONTXC = 0x404c >> 2;
export const XOFFRXC = 0x4050 >> 2;
export const XOFFTXC = 0x4054 >> 2;
export const FCRUC = 0x4058 >> 2;
export const PRC64 = 0x405c >> 2;
export const PRC127 = 0x4060 >> 2;
export const PRC255 = 0x4064 >> 2;
export const PRC511 = 0x4068 >> 2;
export const PRC1023 = 0x406c >> 2;
export const PRC1522 = 0x4070 >> 2;
export const GPRC = 0x4074 >> 2;
export const BPRC = 0x4078 >> 2;
export const MPRC = 0x407c >> 2;
export const GPTC = 0x4080 >> 2;
export const GORCL = 0x4088 >> 2;
export const GORCH = 0x408c >> 2;
export const GOTCL = 0x4090 >> 2;
export const GOTCH = 0x4094 >> 2;
export const RNBC = 0x40a0 >> 2;
export const RUC = 0x40a4 >> 2;
export const RFC = 0x40a8 >> 2;
export const ROC = 0x40ac >> 2;
export const RJC = 0x40b0 >> 2;
export const MGTPRC = 0x40b4 >> 2;
export const MGTPDC = 0x40b8 >> 2;
export const MGTPTC = 0x40bc >> 2;
export const TORL = 0x40c0 >> 2;
export const TORH = 0x40c4 >> 2;
export const TOTL = 0x40c8 >> 2;
export const TOTH = 0x40cc >> 2;
export const TPR = 0x40d0 >> 2;
export const TPT = 0x40d4 >> 2;
export const PTC64 = 0x40d8 >> 2;
export const PTC127 = 0x40dc >> 2;
export const PTC255 = 0x40e0 >> 2;
export const PTC511 = 0x40e4 >> 2;
export const PTC1023 = 0x40e8 >> 2;
export const PTC1522 = 0x40ec >> 2;
export const MPTC = 0x40f0 >> 2;
export const BPTC = 0x40f4 >> 2;
export const TSCTC = 0x40f8 >> 2;
export const TSCTFC = 0x40fc >> 2;

/** The `RAL` and `RAH` of the first receive address. */
export const RAL = RA;
export const RAH = RA + 1;

/** Bytes of the memory-mapped register space (BAR 0). */
export const E1000_MMIO_SIZE = 0x20000;

/**
 * What a read or write of a register does here, as with QEMU's device: `rc` is cleared by a read, `none` is in the
 * manual but not kept: it reads as 0 and ignores writes.
 */
export type RegisterAccess = 'ro' | 'rw' | 'wo' | 'rc' | 'none';

/** A register, or an array of them. */
export interface RegisterInfo {
  readonly name: string;
  /** Byte offset in BAR 0 (in the PHY: register number). */
  readonly offset: number;
  /** Bits. */
  readonly width: number;
  /** Elements, and bytes from one to the next. */
  readonly count: number;
  readonly stride: number;
  readonly access: RegisterAccess;
  /** Value after a reset, as this device (and QEMU's) has it. */
  readonly reset: number;
  readonly group: string;
  /** Section of the manual. */
  readonly section: string;
  readonly description: string;
  readonly fields: readonly RegisterField[];
}

type RegisterRow = readonly [
  name: string,
  index: number,
  access: RegisterAccess,
  reset: number,
  section: string,
  description: string,
  count?: number,
  stride?: number,
];

/** Rows of one group of the register table. */
function e1000_reg_group(group: string, rows: readonly RegisterRow[]): RegisterInfo[] {
  return rows.map(([name, index, access, reset, section, description, count, stride]) => ({
    name,
    offset: index << 2,
    width: 32,
    count: count ?? 1,
    stride: stride ?? 4,
    access,
    reset,
    group,
    section,
    description,
    fields: E1000_FIELDS[name] ?? [],
  }));
}

/** Every register of the device in BAR 0. */
export const E1000_REGISTERS: readonly RegisterInfo[] = [
  ...e1000_reg_group('General', [
    ['CTRL', CTRL, 'rw', 0x00140240, '13.4.1', 'Device Control'],
    ['STATUS', STATUS, 'ro', 0x80080783, '13.4.2', 'Device Status'],
    ['EECD', EECD, 'rw', 0x188, '13.4.3', 'EEPROM/Flash Control and Data'],
    ['EERD', EERD, 'rw', 0, '13.4.4', 'EEPROM Read'],
    ['CTRL_EXT', CTRL_EXT, 'none', 0, '13.4.6', 'Extended Device Control'],
    ['FLA', FLA, 'none', 0, '13.4.5', 'Flash Access'],
    ['MDIC', MDIC, 'rw', 0, '13.4.7', 'MDI Control: access to the PHY'],
    ['FCAL', FCAL, 'none', 0, '13.4.8', 'Flow Control Address Low'],
    ['FCAH', FCAH, 'none', 0, '13.4.9', 'Flow Control Address High'],
    ['FCT', FCT, 'none', 0, '13.4.10', 'Flow Control Type'],
    ['VET', VET, 'rw', 0x8100, '13.4.11', 'VLAN EtherType'],
    ['FCTTV', FCTTV, 'none', 0, '13.4.12', 'Flow Control Transmit Timer Value'],
    ['TXCW', TXCW, 'none', 0, '13.4.13', 'Transmit Configuration Word'],
    ['RXCW', RXCW, 'none', 0, '13.4.14', 'Receive Configuration Word'],
    ['LEDCTL', LEDCTL, 'rw', 0x602, '13.4.15', 'LED Control'],
    ['PBA', PBA, 'rw', 0x00100030, '13.4.16', 'Packet Buffer Allocation'],
    ['SWSM', SWSM, 'rw', 0, '13.8', 'Software Semaphore'],
  ]),
  ...e1000_reg_group('Interrupt', [
    ['ICR', ICR, 'rc', 0, '13.4.17', 'Interrupt Cause Read: a read clears it'],
    ['ITR', ITR, 'rw', 0, '13.4.18', 'Interrupt Throttling: least interval in 256 ns'],
    ['ICS', ICS, 'rw', 0, '13.4.19', 'Interrupt Cause Set'],
    ['IMS', IMS, 'rw', 0, '13.4.20', 'Interrupt Mask Set/Read'],
    ['IMC', IMC, 'wo', 0, '13.4.21', 'Interrupt Mask Clear'],
  ]),
  ...e1000_reg_group('Receive', [
    ['RCTL', RCTL, 'rw', 0, '13.4.22', 'Receive Control'],
    ['FCRTL', FCRTL, 'none', 0, '13.4.23', 'Flow Control Receive Threshold Low'],
    ['FCRTH', FCRTH, 'none', 0, '13.4.24', 'Flow Control Receive Threshold High'],
    ['RDBAL', RDBAL, 'rw', 0, '13.4.25', 'Receive Descriptor Base Address Low'],
    ['RDBAH', RDBAH, 'rw', 0, '13.4.26', 'Receive Descriptor Base Address High'],
    ['RDLEN', RDLEN, 'rw', 0, '13.4.27', 'Receive Descriptor Length: bytes of the ring'],
    ['RDH', RDH, 'rw', 0, '13.4.28', 'Receive Descriptor Head'],
    ['RDT', RDT, 'rw', 0, '13.4.29', 'Receive Descriptor Tail'],
    ['RDTR', RDTR, 'rw', 0, '13.4.30', 'Receive Interrupt Delay Timer (1.024 us)'],
    ['RXDCTL', RXDCTL, 'none', 0, '13.4.46', 'Receive Descriptor Control'],
    ['RADV', RADV, 'rw', 0, '13.4.31', 'Receive Interrupt Absolute Delay Timer (1.024 us)'],
    ['RSRPD', RSRPD, 'none', 0, '13.4.32', 'Receive Small Packet Detect Interrupt'],
    ['RXCSUM', RXCSUM, 'none', 0, '13.4.47', 'Receive Checksum Control'],
    ['MTA', MTA, 'rw', 0, '13.5.1', 'Multicast Table Array', 128],
    ['RA', RA, 'rw', 0, '13.5.2', 'Receive Address: 16 pairs of low and high halves', 32],
    ['VFTA', VFTA, 'rw', 0, '13.5.4', 'VLAN Filter Table Array', 128],
  ]),
  ...e1000_reg_group('Transmit', [
    ['TCTL', TCTL, 'rw', 0, '13.4.33', 'Transmit Control'],
    ['TIPG', TIPG, 'none', 0, '13.4.34', 'Transmit Inter Packet Gap'],
    ['AIT', AIT, 'rw', 0, '13.4.35', 'Adaptive IFS Throttle'],
    ['TXDMAC', TXDMAC, 'none', 0, '13.4.42', 'TX DMA Control'],
    ['TDBAL', TDBAL, 'rw', 0, '13.4.36', 'Transmit Descriptor Base Address Low'],
    ['TDBAH', TDBAH, 'rw', 0, '13.4.37', 'Transmit Descriptor Base Address High'],
    ['TDLEN', TDLEN, 'rw', 0, '13.4.38', 'Transmit Descriptor Length: bytes of the ring'],
    ['TDH', TDH, 'rw', 0, '13.4.39', 'Transmit Descriptor Head'],
    ['TDT', TDT, 'rw', 0, '13.4.40', 'Transmit Descriptor Tail'],
    ['TIDV', TIDV, 'none', 0, '13.4.41', 'Transmit Interrupt Delay Value (1.024 us)'],
    ['TXDCTL', TXDCTL, 'rw', 0, '13.4.43', 'Transmit Descriptor Control'],
    ['TADV', TADV, 'rw', 0, '13.4.44', 'Transmit Absolute Interrupt Delay Value (1.024 us)'],
    ['TSPMT', TSPMT, 'none', 0, '13.4.45', 'TCP Segmentation Pad and Minimum Threshold'],
  ]),
  ...e1000_reg_group('FIFO', [
    ['RDFH', RDFH, 'rw', 0, '13.8.1', 'Receive Data FIFO Head'],
    ['RDFT', RDFT, 'rw', 0, '13.8.2', 'Receive Data FIFO Tail'],
    ['RDFHS', RDFHS, 'rw', 0, '13.8.3', 'Receive Data FIFO Head Saved'],
    ['RDFTS', RDFTS, 'rw', 0, '13.8.4', 'Receive Data FIFO Tail Saved'],
    ['RDFPC', RDFPC, 'rw', 0, '13.8.5', 'Receive Data FIFO Packet Count'],
    ['TDFH', TDFH, 'rw', 0, '13.8.6', 'Transmit Data FIFO Head'],
    ['TDFT', TDFT, 'rw', 0, '13.8.7', 'Transmit Data FIFO Tail'],
    ['TDFHS', TDFHS, 'rw', 0, '13.8.8', 'Transmit Data FIFO Head Saved'],
    ['TDFTS', TDFTS, 'rw', 0, '13.8.9', 'Transmit Data FIFO Tail Saved'],
    ['TDFPC', TDFPC, 'rw', 0, '13.8.10', 'Transmit Data FIFO Packet Count'],
    ['PBM', PBM, 'rw', 0, '13.8.11', 'Packet Buffer Memory', 16384],
  ]),
  ...e1000_reg_group('Wakeup', [
    ['WUC', WUC, 'rw', 0, '13.6.1', 'Wakeup Control'],
    ['WUFC', WUFC, 'rw', 0, '13.6.2', 'Wakeup Filter Control'],
    ['WUS', WUS, 'rw', 0, '13.6.3', 'Wakeup Status'],
    ['IPAV', IPAV, 'rw', 0, '13.6.4', 'IP Address Valid'],
    ['IP4AT', IP4AT, 'rw', 0, '13.6.5', 'IPv4 Address Table', 7],
    ['IP6AT', IP6AT, 'rw', 0, '13.6.6', 'IPv6 Address Table', 4],
    ['WUPL', WUPL, 'none', 0, '13.6.7', 'Wakeup Packet Length'],
    ['WUPM', WUPM, 'rw', 0, '13.6.8', 'Wakeup Packet Memory', 32],
    ['FFLT', FFLT, 'rw', 0, '13.6.9', 'Flexible Filter Length Table', 4, 8],
    ['FFMT', FFMT, 'rw', 0, '13.6.10', 'Flexible Filter Mask Table', 128, 8],
    ['FFVT', FFVT, 'rw', 0, '13.6.11', 'Flexible Filter Value Table', 128, 8],
    ['MANC', MANC, 'ro', 0x00222300, '13.6', 'Management Control'],
  ]),
  ...e1000_reg_group('Statistics', [
    ['CRCERRS', CRCERRS, 'rc', 0, '13.7.1', 'CRC Error Count'],
    ['ALGNERRC', ALGNERRC, 'rc', 0, '13.7.2', 'Alignment Error Count'],
    ['SYMERRS', SYMERRS, 'rc', 0, '13.7.3', 'Symbol Error Count'],
    ['RXERRC', RXERRC, 'rc', 0, '13.7.4', 'RX Error Count'],
    ['MPC', MPC, 'ro', 0, '13.7.5', 'Missed Packets Count'],
    ['SCC', SCC, 'rc', 0, '13.7.6', 'Single Collision Count'],
    ['ECOL', ECOL, 'rc', 0, '13.7.7', 'Excessive Collisions Count'],
    ['MCC', MCC, 'rc', 0, '13.7.8', 'Multiple Collision Count'],
    ['LATECOL', LATECOL, 'rc', 0, '13.7.9', 'Late Collisions Count'],
    ['COLC', COLC, 'rc', 0, '13.7.10', 'Collision Count'],
    ['DC', DC, 'rc', 0, '13.7.11', 'Defer Count'],
    ['TNCRS', TNCRS, 'rc', 0, '13.7.12', 'Transmit with No CRS'],
    ['SEC', SEC, 'rc', 0, '13.7.13', 'Sequence Error Count'],
    ['CEXTERR', CEXTERR, 'rc', 0, '13.7.14', 'Carrier Extension Error Count'],
    ['RLEC', RLEC, 'rc', 0, '13.7.15', 'Receive Length Error Count'],
    ['XONRXC', XONRXC, 'rc', 0, '13.7.16', 'XON Received Count'],
    ['XONTXC', XONTXC, 'rc', 0, '13.7.17', 'XON Transmitted Count'],
    ['XOFFRXC', XOFFRXC, 'rc', 0, '13.7.18', 'XOFF Received Count'],
    ['XOFFTXC', XOFFTXC, 'rc', 0, '13.7.19', 'XOFF Transmitted Count'],
    ['FCRUC', FCRUC, 'rw', 0, '13.7.20', 'FC Received Unsupported Count'],
    ['PRC64', PRC64, 'rc', 0, '13.7.21', 'Packets Received (64 Bytes) Count'],
    ['PRC127', PRC127, 'rc', 0, '13.7.22', 'Packets Received (65-127 Bytes) Count'],
    ['PRC255', PRC255, 'rc', 0, '13.7.23', 'Packets Received (128-255 Bytes) Count'],
    ['PRC511', PRC511, 'rc', 0, '13.7.24', 'Packets Received (256-511 Bytes) Count'],
    ['PRC1023', PRC1023, 'rc', 0, '13.7.25', 'Packets Received (512-1023 Bytes) Count'],
    ['PRC1522', PRC1522, 'rc', 0, '13.7.26', 'Packets Received (1024-1522 Bytes) Count'],
    ['GPRC', GPRC, 'rc', 0, '13.7.27', 'Good Packets Received Count'],
    ['BPRC', BPRC, 'rc', 0, '13.7.28', 'Broadcast Packets Received Count'],
    ['MPRC', MPRC, 'rc', 0, '13.7.29', 'Multicast Packets Received Count'],
    ['GPTC', GPTC, 'rc', 0, '13.7.30', 'Good Packets Transmitted Count'],
    ['GORCL', GORCL, 'ro', 0, '13.7.31', 'Good Octets Received Count, low'],
    ['GORCH', GORCH, 'rc', 0, '13.7.31', 'Good Octets Received Count, high'],
    ['GOTCL', GOTCL, 'ro', 0, '13.7.32', 'Good Octets Transmitted Count, low'],
    ['GOTCH', GOTCH, 'rc', 0, '13.7.32', 'Good Octets Transmitted Count, high'],
    ['RNBC', RNBC, 'ro', 0, '13.7.33', 'Receive No Buffers Count'],
    ['RUC', RUC, 'rc', 0, '13.7.34', 'Receive Undersize Count'],
    ['RFC', RFC, 'rc', 0, '13.7.35', 'Receive Fragment Count'],
    ['ROC', ROC, 'rc', 0, '13.7.36', 'Receive Oversize Count'],
    ['RJC', RJC, 'rc', 0, '13.7.37', 'Receive Jabber Count'],
    ['MGTPRC', MGTPRC, 'rc', 0, '13.7.38', 'Management Packets Received Count'],
    ['MGTPDC', MGTPDC, 'rc', 0, '13.7.39', 'Management Packets Dropped Count'],
    ['MGTPTC', MGTPTC, 'rc', 0, '13.7.40', 'Management Packets Transmitted Count'],
    ['TORL', TORL, 'ro', 0, '13.7.41', 'Total Octets Received, low'],
    ['TORH', TORH, 'rc', 0, '13.7.41', 'Total Octets Received, high'],
    ['TOTL', TOTL, 'ro', 0, '13.7.42', 'Total Octets Transmitted, low'],
    ['TOTH', TOTH, 'rc', 0, '13.7.42', 'Total Octets Transmitted, high'],
    ['TPR', TPR, 'rc', 0, '13.7.43', 'Total Packets Received'],
    ['TPT', TPT, 'rc', 0, '13.7.44', 'Total Packets Transmitted'],
    ['PTC64', PTC64, 'rc', 0, '13.7.45', 'Packets Transmitted (64 Bytes) Count'],
    ['PTC127', PTC127, 'rc', 0, '13.7.46', 'Packets Transmitted (65-127 Bytes) Count'],
    ['PTC255', PTC255, 'rc', 0, '13.7.47', 'Packets Transmitted (128-255 Bytes) Count'],
    ['PTC511', PTC511, 'rc', 0, '13.7.48', 'Packets Transmitted (256-511 Bytes) Count'],
    ['PTC1023', PTC1023, 'rc', 0, '13.7.49', 'Packets Transmitted (512-1023 Bytes) Count'],
    ['PTC1522', PTC1522, 'rc', 0, '13.7.50', 'Packets Transmitted (1024-1522 Bytes) Count'],
    ['MPTC', MPTC, 'rc', 0, '13.7.51', 'Multicast Packets Transmitted Count'],
    ['BPTC', BPTC, 'rc', 0, '13.7.52', 'Broadcast Packets Transmitted Count'],
    ['TSCTC', TSCTC, 'rc', 0, '13.7.53', 'TCP Segmentation Context Transmitted Count'],
    ['TSCTFC', TSCTFC, 'rc', 0, '13.7.54', 'TCP Segmentation Context Transmit Fail Count'],
  ]),
];
