/**
 * Initial packets of QUIC, whose keys everybody can derive from the connection's first identifier (RFC 9001, section
 * 5.2; RFC 9369): their numbers and the names of their frames.
 */
import { Aes128 } from '../aes.ts';
import { expandLabel, hmacSha256 } from '../sha256.ts';

const VERSION_2 = 0x6b3343cf;
const DRAFT = 0xff0000;

/** Versions that only force a negotiation; what Wireshark 4.0 reads them as is the draft of their time. */
function isGreased(version: number): boolean {
  return (version & 0x0f0f0f0f) >>> 0 === 0x0a0a0a0a;
}

/** Facebook's, of the time of the drafts 23 to 28. */
const MVFST = [0xfaceb002, 0xfaceb00e];

/** What the first identifier is salted with, by version. */
function saltOf(version: number): Uint8Array | undefined {
  const draft = version >>> 8 === DRAFT ? version & 255 : 0;
  if (version === 1 || draft >= 33) {
    return SALTS.one;
  }
  if (version === VERSION_2) {
    return SALTS.two;
  }
  if (draft >= 29 || isGreased(version)) {
    return SALTS.draft29;
  }
  return draft >= 23 || MVFST.includes(version) ? SALTS.draft23 : undefined;
}

function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const SALTS = {
  one: bytesOfHex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
  two: bytesOfHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
  draft29: bytesOfHex('afbfec289993d24c9e9786f19c6111e04390a899'),
  draft23: bytesOfHex('c3eef712c72ebb5a11a7d2432bb46365bef9f502'),
};

interface Keys {
  readonly packet: Aes128;
  readonly header: Aes128;
  readonly nonce: Uint8Array;
}

function keysOf(version: number, firstDcid: Uint8Array, fromClient: boolean): Keys | undefined {
  const salt = saltOf(version);
  if (salt === undefined) {
    return undefined;
  }
  const secret = expandLabel(hmacSha256(salt, firstDcid), fromClient ? 'client in' : 'server in', 32);
  const label = version === VERSION_2 ? 'quicv2' : 'quic';
  return {
    packet: new Aes128(expandLabel(secret, `${label} key`, 16)),
    header: new Aes128(expandLabel(secret, `${label} hp`, 16)),
    nonce: expandLabel(secret, `${label} iv`, 12),
  };
}

/** An Initial packet: all of it, and where its number is. */
export interface InitialPacket {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly numberAt: number;
  /** The identifier that the client chose for the server at first, and who sent the packet. */
  readonly firstDcid: Uint8Array;
  readonly fromClient: boolean;
}

const SAMPLE = 16;
const TAG = 16;

/** `, PKN: 0, CRYPTO, PADDING`: its number and frames; empty if these cannot be read. */
export function initialWords({ version, bytes, numberAt, firstDcid, fromClient }: InitialPacket): string {
  const sample = bytes.subarray(numberAt + 4, numberAt + 4 + SAMPLE);
  const keys = sample.length === SAMPLE ? keysOf(version, firstDcid, fromClient) : undefined;
  if (keys === undefined) {
    return '';
  }
  const mask = keys.header.encrypt(sample);
  const first = (bytes[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const length = (first & 3) + 1;
  let number = 0;
  for (let i = 0; i < length; i++) {
    number = number * 256 + ((bytes[numberAt + i] ?? 0) ^ (mask[1 + i] ?? 0));
  }
  const nonce = keys.nonce.slice();
  const tail = new DataView(nonce.buffer);
  tail.setUint32(8, tail.getUint32(8) ^ number);
  const plain = keys.packet.counterMode(nonce, bytes.subarray(numberAt + length, bytes.length - TAG));
  // Two bits are reserved; together with frames that fill the packet they say that the keys are right.
  const names = first & 0x0c ? undefined : frameNames(plain);
  return names === undefined ? '' : `, PKN: ${number}, ${names.join(', ')}`;
}

const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_ECN = 3;
const CRYPTO = 6;
const CLOSE = 0x1c;

/** Walks over the numbers of frames. */
class Frames {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** A number of QUIC; its first two bits say how long it is. */
  next(): number {
    const first = this.#bytes[this.at] ?? 0;
    let value = first & 63;
    const end = this.at + (1 << (first >> 6));
    for (let i = this.at + 1; i < end; i++) {
      value = value * 256 + (this.#bytes[i] ?? 0);
    }
    this.at = end;
    return value;
  }

  skip(n: number): void {
    this.at += n;
  }

  skipPadding(): void {
    while (this.left > 0 && this.#bytes[this.at] === PADDING) {
      this.at++;
    }
  }
}

/** The names of frames; undefined if bytes are none that may be in an Initial packet. */
function frameNames(bytes: Uint8Array): string[] | undefined {
  const f = new Frames(bytes);
  const out: string[] = [];
  while (f.left > 0) {
    const name = frameName(f);
    if (name === undefined || f.left < 0) {
      return undefined;
    }
    out.push(name);
  }
  return out.length === 0 ? undefined : out;
}

function frameName(f: Frames): string | undefined {
  const type = f.next();
  switch (type) {
    case PADDING:
      f.skipPadding();
      return 'PADDING';
    case PING:
      return 'PING';
    case ACK:
    case ACK_ECN:
      skipAck(f, type === ACK_ECN);
      return type === ACK ? 'ACK' : 'ACK_ECN';
    case CRYPTO:
      f.next();
      f.skip(f.next());
      return 'CRYPTO';
    case CLOSE:
      f.next();
      f.next();
      f.skip(f.next());
      return 'CC';
    default:
      return undefined;
  }
}

/** The largest number, the delay, ranges in pairs, and three counts. */
function skipAck(f: Frames, counts: boolean): void {
  f.next();
  f.next();
  const ranges = f.next();
  for (let n = 1 + 2 * ranges + (counts ? 3 : 0); n > 0 && f.left > 0; n--) {
    f.next();
  }
}
