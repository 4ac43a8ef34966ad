/** Bits of the 82540EM's registers, descriptors and PHY (8254x software developer's manual, chapters 3 and 13). */

/** Vendor and device id of the 82540EM. */
export const PCI_VENDOR_ID_INTEL = 0x8086;
export const E1000_DEV_ID_82540EM = 0x100e;

/* CTRL */
export const E1000_CTRL_FD = 0x00000001;
export const E1000_CTRL_SLU = 0x00000040;
export const E1000_CTRL_RST = 0x04000000;
export const E1000_CTRL_VME = 0x40000000;
export const E1000_CTRL_PHY_RST = 0x80000000;

/* STATUS */
export const E1000_STATUS_LU = 0x00000002;

/* EECD: the microwire EEPROM's four wires, and more. */
export const E1000_EECD_SK = 0x00000001;
export const E1000_EECD_CS = 0x00000002;
export const E1000_EECD_DI = 0x00000004;
export const E1000_EECD_DO = 0x00000008;
export const E1000_EECD_FWE_MASK = 0x00000030;
export const E1000_EECD_REQ = 0x00000040;
export const E1000_EECD_GNT = 0x00000080;
export const E1000_EECD_PRES = 0x00000100;

/* EERD */
export const E1000_EERD_START = 0x00000001;
export const E1000_EERD_DONE = 0x00000010;
export const E1000_EERD_ADDR_SHIFT = 8;
export const E1000_EERD_DATA_SHIFT = 16;
export const EEPROM_WORDS = 64;
export const EEPROM_CHECKSUM_REG = 0x3f;
export const EEPROM_SUM = 0xbaba;
export const EEPROM_READ_OPCODE_MICROWIRE = 6;

/* MDIC */
export const E1000_MDIC_DATA_MASK = 0x0000ffff;
export const E1000_MDIC_REG_MASK = 0x001f0000;
export const E1000_MDIC_REG_SHIFT = 16;
export const E1000_MDIC_PHY_MASK = 0x03e00000;
export const E1000_MDIC_PHY_SHIFT = 21;
export const E1000_MDIC_OP_WRITE = 0x04000000;
export const E1000_MDIC_OP_READ = 0x08000000;
export const E1000_MDIC_READY = 0x10000000;
export const E1000_MDIC_INT_EN = 0x20000000;
export const E1000_MDIC_ERROR = 0x40000000;

/* ICR, ICS, IMS, IMC */
export const E1000_ICR_TXDW = 0x00000001;
export const E1000_ICR_TXQE = 0x00000002;
export const E1000_ICR_LSC = 0x00000004;
export const E1000_ICR_RXDMT0 = 0x00000010;
export const E1000_ICR_RXO = 0x00000040;
export const E1000_ICR_RXT0 = 0x00000080;
export const E1000_ICR_MDAC = 0x00000200;

/* RCTL */
export const E1000_RCTL_EN = 0x00000002;
export const E1000_RCTL_SBP = 0x00000004;
export const E1000_RCTL_UPE = 0x00000008;
export const E1000_RCTL_MPE = 0x00000010;
export const E1000_RCTL_LPE = 0x00000020;
export const E1000_RCTL_RDMTS_SHIFT = 8;
export const E1000_RCTL_MO_SHIFT = 12;
export const E1000_RCTL_BAM = 0x00008000;
export const E1000_RCTL_BSIZE_SHIFT = 16;
export const E1000_RCTL_VFE = 0x00040000;
export const E1000_RCTL_BSEX = 0x02000000;
export const E1000_RCTL_SECRC = 0x04000000;

/* TCTL */
export const E1000_TCTL_EN = 0x00000002;

/* RAH */
export const E1000_RAH_AV = 0x80000000;

/* Transmit descriptors: bits of the lower word (command) and upper word (status, options). */
export const E1000_TXD_DTYP_D = 0x00100000;
export const E1000_TXD_CMD_EOP = 0x01000000;
export const E1000_TXD_CMD_IFCS = 0x02000000;
export const E1000_TXD_CMD_TSE = 0x04000000;
export const E1000_TXD_CMD_RS = 0x08000000;
export const E1000_TXD_CMD_RPS = 0x10000000;
export const E1000_TXD_CMD_DEXT = 0x20000000;
export const E1000_TXD_CMD_VLE = 0x40000000;
export const E1000_TXD_CMD_IDE = 0x80000000;
export const E1000_TXD_CMD_TCP = 0x01000000;
export const E1000_TXD_CMD_IP = 0x02000000;
export const E1000_TXD_STAT_DD = 0x00000001;
/** Excess collisions, late collision, transmit underrun. */
export const E1000_TXD_STAT_ERRORS = 0x0000000e;
export const E1000_TXD_POPTS_IXSM = 0x01;
export const E1000_TXD_POPTS_TXSM = 0x02;

/* Receive descriptors: status byte. */
export const E1000_RXD_STAT_DD = 0x01;
export const E1000_RXD_STAT_EOP = 0x02;
export const E1000_RXD_STAT_IXSM = 0x04;
export const E1000_RXD_STAT_VP = 0x08;

/** Bytes of every descriptor. */
export const E1000_DESC_SIZE = 16;

/* PHY registers (MII, and the M88E1000's own). */
export const MII_BMCR = 0;
export const MII_BMSR = 1;
export const MII_PHYID1 = 2;
export const MII_PHYID2 = 3;
export const MII_ANAR = 4;
export const MII_ANLPAR = 5;
export const MII_ANER = 6;
export const MII_CTRL1000 = 9;
export const MII_STAT1000 = 10;
export const M88E1000_PHY_SPEC_CTRL = 0x10;
export const M88E1000_PHY_SPEC_STATUS = 0x11;
export const M88E1000_EXT_PHY_SPEC_CTRL = 0x14;
export const M88E1000_RX_ERR_CNTR = 0x15;
export const PHY_REGS = 32;

export const MII_BMCR_ANRESTART = 0x0200;
export const MII_BMCR_AUTOEN = 0x1000;
export const MII_BMCR_LOOPBACK = 0x4000;
export const MII_BMCR_RESET = 0x8000;
export const MII_BMSR_LINK_ST = 0x0004;
export const MII_BMSR_AN_COMP = 0x0020;
export const MII_ANLPAR_ACK = 0x4000;
