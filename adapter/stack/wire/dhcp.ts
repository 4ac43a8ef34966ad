/**
 * The BOOTP and DHCP message (RFC 951, section 3; RFC 2131, section
 * 2) and its options (RFC 2132): names as in BOOTP servers.
 */

/** Ports of the server and of the client. */
export const BOOTP_SERVER = 67;
export const BOOTP_CLIENT = 68;

/** Operation: BOOTP_REQUEST or BOOTP_REPLY. */
export const BP_OP = 0;
/** Hardware type, length of its addresses, hops. */
export const BP_HTYPE = 1;
export const BP_HLEN = 2;
export const BP_HOPS = 3;
/** Transaction number. */
export const BP_XID = 4;
export const BP_SECS = 8;
export const BP_FLAGS = 10;
/** Addresses: the client's own, the one it gets, the next server's, the relay's; then its hardware address. */
export const BP_CIADDR = 12;
export const BP_YIADDR = 16;
export const BP_SIADDR = 20;
export const BP_GIADDR = 24;
export const BP_CHADDR = 28;
/** Names of server and boot file. */
export const BP_SNAME = 44;
export const BP_FILE = 108;
/** The magic cookie (RFC 2131, section 3), behind which the options begin. */
export const BP_VEND = 236;
export const BP_OPTIONS = 240;
export const RFC1533_COOKIE = 0x63825363;
export const RFC1533_COOKIE_LEN = 4;

export const BOOTP_REQUEST = 1;
export const BOOTP_REPLY = 2;
/** The flag by which a client asks for a broadcast answer. */
export const BOOTP_BROADCAST = 0x8000;

/** An option (RFC 2132, section 2): its tag, the length of its value, and the value. */
export const DHCP_OPT_TAG = 0;
export const DHCP_OPT_LEN = 1;
export const DHCP_OPT_DATA = 2;

/** Tags of options. */
export const RFC1533_PAD = 0;
export const RFC1533_NETMASK = 1;
export const RFC1533_GATEWAY = 3;
export const RFC1533_DNS = 6;
export const RFC1533_HOSTNAME = 12;
export const RFC1533_DOMAINNAME = 15;
export const RFC2132_REQ_ADDR = 50;
export const RFC2132_LEASE_TIME = 51;
export const RFC2132_MSG_TYPE = 53;
export const RFC2132_SRV_ID = 54;
export const RFC2132_PARAM_LIST = 55;
export const RFC2132_MESSAGE = 56;
export const RFC2132_RENEWAL_TIME = 58;
export const RFC2132_REBIND_TIME = 59;
export const RFC2132_VENDOR_CLASS = 60;
export const RFC2132_CLIENT_ID = 61;
export const RFC2132_TFTP_SERVER_NAME = 66;
export const RFC3397_OPT_DOMAIN_SEARCH = 119;
export const RFC1533_END = 255;

/** Types of messages (RFC 2132, section 9.6). */
export const DHCPDISCOVER = 1;
export const DHCPOFFER = 2;
export const DHCPREQUEST = 3;
export const DHCPDECLINE = 4;
export const DHCPACK = 5;
export const DHCPNAK = 6;
export const DHCPRELEASE = 7;
