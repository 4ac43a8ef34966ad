/** The DHCPv6 message between client and server (RFC 8415, section 8) and its options (section 21). */

/** The port of servers (section 7.2). */
export const DHCPV6_SERVER_PORT = 547;

/** Type of the message, and its transaction number of three bytes; then options. */
export const DHCPV6_MSG_TYPE = 0;
export const DHCPV6_XID = 1;
export const DHCPV6_OPTIONS = 4;

export const MSGTYPE_REPLY = 7;
export const MSGTYPE_INFO_REQUEST = 11;

/** An option: its number, the length of its value, and the value. */
export const DHCPV6_OPT_CODE = 0;
export const DHCPV6_OPT_LEN = 2;
export const DHCPV6_OPT_DATA = 4;

export const OPTION_CLIENTID = 1;
export const OPTION_ORO = 6;
export const OPTION_DNS_SERVERS = 23;
export const OPTION_BOOTFILE_URL = 59;
