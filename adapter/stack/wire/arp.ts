/** The ARP packet for IPv4 over Ethernet (RFC 826, "Packet format"): names of its fields there, such as ar$op. */

/** Hardware and protocol address space; their lengths in bytes. */
export const AR_HRD = 0;
export const AR_PRO = 2;
export const AR_HLN = 4;
export const AR_PLN = 5;
/** Opcode: ARPOP_*. */
export const AR_OP = 6;
/** Hardware and protocol address of the sender, then of the target. */
export const AR_SHA = 8;
export const AR_SPA = 14;
export const AR_THA = 18;
export const AR_TPA = 24;
/** Length of the packet. */
export const ARP_LEN = 28;

/** Hardware address space: Ethernet. */
export const ARPHRD_ETHER = 1;

export const ARPOP_REQUEST = 1;
export const ARPOP_REPLY = 2;
