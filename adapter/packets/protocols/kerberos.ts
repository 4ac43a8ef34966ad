/** Kerberos (RFC 4120): the names of its messages, and of errors. */
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

/** By the tag of the message (an application tag of ASN.1). */
const MESSAGES: Names = {
  106: 'AS-REQ',
  107: 'AS-REP',
  108: 'TGS-REQ',
  109: 'TGS-REP',
  110: 'AP-REQ',
  111: 'AP-REP',
  116: 'KRB-SAFE',
  117: 'KRB-PRIV',
  118: 'KRB-CRED',
};
const ERROR = 0x7e;
const ERROR_CODE = 0xa6;
const ERRORS: Names = {
  6: 'KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN',
  7: 'KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN',
  12: 'KRB5KDC_ERR_POLICY',
  13: 'KRB5KDC_ERR_BADOPTION',
  14: 'KRB5KDC_ERR_ETYPE_NOSUPP',
  18: 'KRB5KDC_ERR_CLIENT_REVOKED',
  23: 'KRB5KDC_ERR_KEY_EXP',
  24: 'KRB5KDC_ERR_PREAUTH_FAILED',
  25: 'KRB5KDC_ERR_PREAUTH_REQUIRED',
  31: 'KRB5KRB_AP_ERR_BAD_INTEGRITY',
  32: 'KRB5KRB_AP_ERR_TKT_EXPIRED',
  34: 'KRB5KRB_AP_ERR_REPEAT',
  37: 'KRB5KRB_AP_ERR_SKEW',
  41: 'KRB5KRB_AP_ERR_MODIFIED',
  52: 'KRB5KRB_ERR_RESPONSE_TOO_BIG',
  68: 'KRB5KDC_ERR_WRONG_REALM',
};

/** Over TCP a length of four bytes comes first. */
function startOf(l: Layer): number {
  return l.at + (l.below?.protocol.name === 'tcp' ? 4 : 0);
}

function isMessage(p: PacketView, l: Layer): boolean {
  const at = startOf(l);
  return at + 2 <= l.end && (MESSAGES[p.u8(at)] !== undefined || p.u8(at) === ERROR);
}

/** Where the content of a value of ASN.1 begins, and its length; undefined if that is not there. */
function contentOf(p: PacketView, at: number, end: number): readonly [at: number, length: number] | undefined {
  const first = at + 2 <= end ? p.u8(at + 1) : 0xff;
  if (first < 0x80) {
    return [at + 2, first];
  }
  const width = first & 0x7f;
  if (width > 3 || at + 2 + width > end) {
    return undefined;
  }
  let length = 0;
  for (let i = 0; i < width; i++) {
    length = length * 256 + p.u8(at + 2 + i);
  }
  return [at + 2 + width, length];
}

/** The code of an error, among the values of its sequence. */
function errorWords(p: PacketView, l: Layer): string {
  const sequence = contentOf(p, startOf(l), l.end)?.[0] ?? l.end;
  let at = contentOf(p, sequence, l.end)?.[0] ?? l.end;
  while (at < l.end) {
    const content = contentOf(p, at, l.end);
    if (content === undefined) {
      break;
    }
    const [from, length] = content;
    if (p.u8(at) === ERROR_CODE && length >= 3 && from + length <= l.end) {
      const code = p.u8(from + length - 1);
      return `KRB Error: ${ERRORS[code] ?? `Unknown (${code})`}`;
    }
    at = from + length;
  }
  return 'KRB Error';
}

export const kerberos: Protocol = new Protocol({
  name: 'kerberos',
  title: 'Kerberos',
  column: 'KRB5',
  found: { 'udp.port': [88], 'tcp.port': [88] },
  header: 4,
  messageLength: (p, l) => {
    const there = l.end - l.at >= 6;
    const length = p.u32(l.at);
    return !there ? MORE : isMessage(p, l) && length < 0x100000 ? 4 + length : NO_MESSAGE;
  },
  partInfo: () => '',
  open: isMessage,
  fields: [],
  info: (p, l) => (p.u8(startOf(l)) === ERROR ? errorWords(p, l) : (MESSAGES[p.u8(startOf(l))] ?? '')),
});
