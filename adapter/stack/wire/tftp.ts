/** The TFTP message (RFC 1350, section 5; options are RFC 2347's). */

/** The port of servers. */
export const TFTP_SERVER = 69;

/** Opcode. */
export const TFTP_OP = 0;
/** Length of the opcode: texts of requests and of RFC 2347's acknowledgment follow it. */
export const TFTP_OP_LEN = 2;
/** Number of the block in DATA and ACK; behind it the data. */
export const TFTP_BLOCK = 2;
export const TFTP_BLOCK_DATA = 4;
/** Code of an ERROR; behind it the message, which a zero byte ends. */
export const TFTP_ERROR_CODE = 2;
export const TFTP_ERROR_MSG = 4;

export const TFTP_RRQ = 1;
export const TFTP_DATA = 3;
export const TFTP_ACK = 4;
export const TFTP_ERROR = 5;
export const TFTP_OACK = 6;
