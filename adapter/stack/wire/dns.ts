/** The DNS message (RFC 1035, section 4.1). */

/** The port of servers. */
export const DNS_PORT = 53;

/** Identifier, flags, and how many questions, answers, authorities and additional records follow (section 4.1.1). */
export const DNS_ID = 0;
export const DNS_FLAGS = 2;
export const DNS_QDCOUNT = 4;
export const DNS_ANCOUNT = 6;
export const DNS_NSCOUNT = 8;
export const DNS_ARCOUNT = 10;
/** Length of this header. */
export const DNS_HLEN = 12;
/** Flags: it is a response, it was cut, recursion is wanted; and the response's code. */
export const DNS_QR = 0x8000;
export const DNS_TC = 0x0200;
export const DNS_RD = 0x0100;
export const DNS_RCODE_MASK = 0x000f;

/** Behind the name of a question (section 4.1.2). */
export const DNS_QTYPE = 0;
export const DNS_QCLASS = 2;
export const DNS_QUESTION_LEN = 4;

/** Behind the name of a record (section 4.1.3). */
export const DNS_RR_TYPE = 0;
export const DNS_RR_CLASS = 2;
export const DNS_RR_TTL = 4;
export const DNS_RR_RDLENGTH = 8;
export const DNS_RR_RDATA = 10;
