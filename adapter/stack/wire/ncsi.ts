/** The NC-SI control packet (DMTF DSP0222, section 8.2.1) behind an Ethernet header. */

/** Number of the management controller, and revision of the header. */
export const NCSI_MC_ID = 0;
export const NCSI_REVISION = 1;
/** Instance of the command, its type, and the channel it is for. */
export const NCSI_IID = 3;
export const NCSI_TYPE = 4;
export const NCSI_CHANNEL = 5;
/** Length of the payload. */
export const NCSI_LENGTH = 6;
/** In the response to "get link status": the link status, of which the last byte says that it is up. */
export const NCSI_GLS_STATUS = 23;
/** In the response to "get capabilities": five words of them, the numbers of filters, the modes of VLANs. */
export const NCSI_GC_CAPABILITIES = 20;
export const NCSI_GC_FILTERS = 40;
export const NCSI_GC_UNICAST_FILTERS = 43;
export const NCSI_GC_VLAN_MODES = 46;
/** Length of the header, and of the checksum behind the payload. */
export const NCSI_HLEN = 16;
export const NCSI_CKSUM_LEN = 4;
