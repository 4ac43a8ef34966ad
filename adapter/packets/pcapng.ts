/** pcapng files (draft-ietf-opsawg-pcapng): a sequence of blocks, in sections of either byte order. */

import type { ByteSource } from './byte-source.ts';
import type { CaptureIndex } from './capture-index.ts';
import { concat, PACKETS_A_SLICE, type PacketSeen, type PacketToWrite } from './pcap.ts';
import { CaptureError, type CaptureInterface, LINKTYPE_ETHERNET, MAX_PACKET_SIZE } from './types.ts';

/** Block types. */
export const PCAPNG_SHB = 0x0a0d0d0a;
const IDB = 1;
const OLD_PACKET = 2;
const SPB = 3;
const NRB = 4;
const EPB = 6;
const CUSTOM = 0x0bad;
const CUSTOM_NO_COPY = 0x40000bad;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** A block larger than this is damage; Wireshark's limit is the same 16 MiB. */
const MAX_BLOCK_SIZE = 16 << 20;

/** Options of an Interface Description Block. */
const OPT_ENDOFOPT = 0;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
/** Options of an Enhanced Packet Block, and of any block. */
const EPB_FLAGS = 2;
const OPT_COMMENT = 1;
/** Bytes of custom blocks that are kept at most: a saved recording has gigabytes of them. */
const MAX_CUSTOM_BYTES = 1 << 20;
/** Comments of a capture that are kept at most, and their bytes: a block of 16 MiB has room for four million. */
const MAX_COMMENTS = 100_000;
const MAX_COMMENT_BYTES = 16 << 20;
/** Names of addresses that are kept at most. */
const MAX_NAMES = 100_000;
/** Interfaces that a capture has at most. Each takes more memory than its 20 bytes in the file. */
const MAX_INTERFACES = 65_536;
/** Characters of an interface's name and of its description that are kept. */
const MAX_TEXT = 1000;
/** What is told of damage that does not end the reading, at most. */
const MAX_WARNINGS = 100;

/** Where the reader is: the state of the current section and what was found so far. */
class Reader {
  readonly source: ByteSource;
  readonly index: CaptureIndex;
  readonly seen: PacketSeen | undefined;
  little = true;
  /** Place in the file of the block at hand. */
  off = 0;
  /** Its bytes; the body is `[body, end)` of them. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly body = 8;
  end = 0;
  /** Interface ids count within a section: the index in `interfaces` of this section's interface 0. */
  sectionBase = 0;
  /** Bytes of custom blocks so far. */
  customBytes = 0;
  /** Comments so far, and their bytes. */
  comments = 0;
  commentBytes = 0;
  constructor(source: ByteSource, index: CaptureIndex, seen: PacketSeen | undefined) {
    this.source = source;
    this.index = index;
    this.seen = seen;
  }
  load(length: number): void {
    this.bytes = this.source.read(this.off, length);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }
  u16(off: number): number {
    return this.view.getUint16(off, this.little);
  }
  u32(off: number): number {
    return this.view.getUint32(off, this.little);
  }
}

/** What is wrong with the block at hand; ends the reading. */
class Damage extends Error {}

/**
 * Reads a pcapng file into an index; yields now and then how far it is, in bytes. See `readCapture` for how damage is
 * treated.
 */
export function* scanPcapng(source: ByteSource, index: CaptureIndex, seen?: PacketSeen): Generator<number, void> {
  const r = new Reader(source, index, seen);
  index.format = 'pcapng';
  try {
    for (let blocks = 1; r.off < source.size; blocks++) {
      const type = nextBlock(r);
      if (r.off === 0) {
        index.bigEndian = !r.little;
      }
      const next = r.off + r.end + 4;
      readBlock(r, type);
      r.off = next;
      if (blocks % PACKETS_A_SLICE === 0) {
        yield r.off;
      }
    }
  } catch (e) {
    if (!(e instanceof Damage)) {
      throw e;
    }
    if (index.count === 0) {
      throw new CaptureError(e.message);
    }
    index.truncated = true;
    index.warnings.push(e.message);
  }
}

/** Finds the extent of the block at `r.off`, loads it and returns its type. */
function nextBlock(r: Reader): number {
  const left = r.source.size - r.off;
  const where = `the block at byte ${r.off} (after ${r.index.count} packets)`;
  if (left < 12) {
    throw new Damage(
      `truncated capture: ${where} has only ${left} bytes of its header, ${12 - left} bytes are missing`,
    );
  }
  r.load(12);
  // The section header's type reads the same in both orders; its magic tells which one follows.
  if (r.u32(0) === PCAPNG_SHB) {
    const magic = r.view.getUint32(8, true);
    if (magic !== BYTE_ORDER_MAGIC && magic !== 0x4d3c2b1a) {
      throw new Damage(
        `damaged capture: the section header at byte ${r.off} has byte-order magic ` +
          `0x${magic.toString(16)}, expected 0x1a2b3c4d`,
      );
    }
    r.little = magic === BYTE_ORDER_MAGIC;
  }
  const type = r.u32(0);
  const total = r.u32(4);
  if (total < 12 || total % 4 !== 0 || total > MAX_BLOCK_SIZE) {
    throw new Damage(
      `damaged capture: ${where} claims a length of ${total} bytes; ` +
        `expected a multiple of 4 from 12 to ${MAX_BLOCK_SIZE}`,
    );
  }
  if (total > left) {
    throw new Damage(
      `truncated capture: it ends at byte ${r.source.size}, in ${where}, which has ${total} ` +
        `bytes: ${total - left} bytes are missing` +
        (type === EPB || type === SPB || type === OLD_PACKET ? ` (packet ${r.index.count + 1})` : ''),
    );
  }
  r.load(total);
  if (r.u32(total - 4) !== total) {
    throw new Damage(
      `damaged capture: ${where} has length ${total} at its start and ${r.u32(total - 4)} at its ` +
        `end; they must be equal`,
    );
  }
  r.end = total - 4;
  return type;
}

/** Takes the block at hand. Types that are not known are skipped, as the format asks. */
function readBlock(r: Reader, type: number): void {
  switch (type) {
    case PCAPNG_SHB:
      requireBody(r, 16, 'section header');
      if (r.u16(r.body + 4) !== 1) {
        throw new Damage(`the section at byte ${r.off} has pcapng version ${r.u16(r.body + 4)}, expected 1`);
      }
      r.sectionBase = r.index.interfaces.length;
      break;
    case IDB:
      readInterface(r);
      break;
    case EPB:
    case OLD_PACKET:
      requireBody(r, 20, 'packet');
      // The obsolete packet block has a 16-bit interface id and a drop count in the place of the 32-bit id.
      readPacket(r, type === EPB ? r.u32(r.body) : r.u16(r.body), r.u32(r.body + 12), r.u32(r.body + 16), 20);
      break;
    case SPB: {
      requireBody(r, 4, 'simple packet');
      const len = r.u32(r.body);
      const snaplen = r.index.interfaces[r.sectionBase]?.snaplen ?? 0;
      readPacket(r, 0, Math.min(len, snaplen || len, r.end - r.body - 4), len, 4);
      break;
    }
    case NRB:
      readNames(r);
      break;
    case CUSTOM:
    case CUSTOM_NO_COPY:
      requireBody(r, 4, 'custom');
      r.customBytes += r.end - r.body;
      if (r.customBytes > MAX_CUSTOM_BYTES) {
        break;
      }
      r.index.customBlocks.push({
        pen: r.u32(r.body),
        copyable: type === CUSTOM,
        data: new Uint8Array(r.bytes.subarray(r.body + 4, r.end)),
        afterPackets: r.index.count,
      });
      break;
  }
}

function requireBody(r: Reader, min: number, what: string): void {
  if (r.end - r.body < min) {
    throw new Damage(
      `damaged capture: the ${what} block at byte ${r.off} has ${r.end - r.body} bytes of content, ` +
        `at least ${min} are needed`,
    );
  }
}

/** Calls `f(code, start, length)` for each option in `[off, r.end)`. */
function forOptions(r: Reader, off: number, f: (code: number, start: number, length: number) => void): void {
  while (off + 4 <= r.end) {
    const code = r.u16(off);
    const length = r.u16(off + 2);
    if (code === OPT_ENDOFOPT) {
      return;
    }
    if (off + 4 + length > r.end) {
      if (r.index.warnings.length < MAX_WARNINGS) {
        r.index.warnings.push(`option ${code} of the block at byte ${r.off} runs past the block's end; ignored`);
      }
      return;
    }
    f(code, off + 4, length);
    off += 4 + ((length + 3) & ~3);
  }
}

/** An Interface Description Block. */
function readInterface(r: Reader): void {
  requireBody(r, 8, 'interface description');
  if (r.index.interfaces.length >= MAX_INTERFACES) {
    throw new Damage(`damaged capture: it describes more than ${MAX_INTERFACES} interfaces`);
  }
  let name = '';
  let description = '';
  let ticksPerSecond = 1e6;
  let tsOffset = 0;
  forOptions(r, r.body + 8, (code, start, length) => {
    if (code === IF_NAME) {
      name = text(r.bytes.subarray(start, start + length)).slice(0, MAX_TEXT);
    } else if (code === IF_DESCRIPTION) {
      description = text(r.bytes.subarray(start, start + length)).slice(0, MAX_TEXT);
    } else if (code === IF_TSRESOL && length >= 1) {
      const v = r.bytes[start]!;
      ticksPerSecond = v & 0x80 ? 2 ** (v & 0x7f) : 10 ** v;
    } else if (code === IF_TSOFFSET && length >= 8) {
      tsOffset = Number(r.view.getBigInt64(start, r.little));
    }
  });
  r.index.interfaces.push({
    linktype: r.u16(r.body),
    name,
    description,
    snaplen: r.u32(r.body + 4),
    ticksPerSecond: ticksPerSecond,
    tsOffset: tsOffset,
  });
}

/**
 * A packet of `caplen` bytes after the block's `header` bytes. A simple packet (4-byte header) has no time: it takes
 * the last one's.
 */
function readPacket(r: Reader, ifaceId: number, caplen: number, len: number, header: number): void {
  const { index } = r;
  const number = index.count + 1;
  const at = r.sectionBase + ifaceId;
  const iface = index.interfaces[at];
  if (!iface) {
    throw new Damage(
      `damaged capture: packet ${number} at byte ${r.off} names interface ${ifaceId}; ` +
        `its section describes ${index.interfaces.length - r.sectionBase}`,
    );
  }
  const start = r.body + header;
  if (caplen > MAX_PACKET_SIZE || caplen > r.end - start) {
    throw new Damage(
      `damaged capture: packet ${number} at byte ${r.off} claims ${caplen} captured bytes; ` +
        `its block holds ${r.end - start}` +
        ` and the most is ${MAX_PACKET_SIZE}`,
    );
  }
  const { sec, nsec } = index.columns;
  const timed = header !== 4;
  const [s, ns] = timed
    ? timestamp(iface, r.u32(r.body + 4), r.u32(r.body + 8))
    : [sec[index.count - 1] ?? 0, nsec[index.count - 1] ?? 0];
  const direction = timed ? packetOptions(r, start + ((caplen + 3) & ~3)) : 0;
  index.add(r.off + start, caplen, Math.max(len, caplen), s, ns, at, direction);
  r.seen?.(index.count - 1, r.bytes.subarray(start, start + caplen), index);
}

/** The lowest two bits of `epb_flags` among the options at `off`: `DIRECTION_`. Comments are kept. */
function packetOptions(r: Reader, off: number): number {
  let direction = 0;
  if (off + 8 <= r.end) {
    forOptions(r, off, (code, start, length) => {
      if (code === EPB_FLAGS && length === 4) {
        direction = (r.u32(start) & 3) % 3;
      } else if (code === OPT_COMMENT) {
        keepComment(r, r.bytes.subarray(start, start + length));
      }
    });
  }
  return direction;
}

/** A comment of the packet that comes next. */
function keepComment(r: Reader, comment: Uint8Array): void {
  const { comments, count } = r.index;
  r.commentBytes += comment.length;
  if (++r.comments > MAX_COMMENTS || r.commentBytes > MAX_COMMENT_BYTES) {
    return;
  }
  const others = comments.get(count + 1);
  if (others) {
    others.push(text(comment));
  } else {
    comments.set(count + 1, [text(comment)]);
  }
}

/** A 64-bit time stamp in units of the interface, as seconds and nanoseconds. */
function timestamp(iface: CaptureInterface, high: number, low: number): [number, number] {
  if (iface.ticksPerSecond === 1e6) {
    // 2^32 us = 4294 s + 967296 us: stays exact in doubles, and spares BigInt in the common case.
    const us = high * 967296 + (low % 1e6);
    const sec = high * 4294 + Math.floor(low / 1e6) + Math.floor(us / 1e6);
    return [sec + iface.tsOffset, (us % 1e6) * 1000];
  }
  const t = (BigInt(high) << 32n) | BigInt(low);
  const per = BigInt(iface.ticksPerSecond);
  return [Number(t / per) + iface.tsOffset, Number(((t % per) * 1000000000n) / per)];
}

/** A Name Resolution Block: records of type 1 (IPv4) and 2 (IPv6). */
function readNames(r: Reader): void {
  forOptions(r, r.body, (code, start, length) => {
    const n = code === 1 ? 4 : code === 2 ? 16 : 0;
    if (n === 0 || length <= n || r.index.names.size >= MAX_NAMES) {
      return;
    }
    const a = r.bytes.subarray(start, start + n);
    const key = n === 4 ? a.join('.') : [...a].map((x) => x.toString(16).padStart(2, '0')).join('');
    r.index.names.set(key, text(r.bytes.subarray(start + n, start + length)).split('\0')[0]!);
  });
}

function text(b: Uint8Array): string {
  return new TextDecoder().decode(b);
}

/** Options of Enhanced Packet Blocks, and the kind of verdict that is from Linux' eBPF at traffic control. */
const EPB_PACKETID = 5;
const EPB_VERDICT = 7;
const VERDICT_TC = 1;

/** An option: its code and value. */
type Option = readonly [code: number, value: Uint8Array];

/** Builds the blocks of a pcapng file, one at a time, in one byte order. */
export class PcapngWriter {
  readonly little: boolean;
  constructor(bigEndian = false) {
    this.little = !bigEndian;
  }

  /** Section Header Block; `application` goes into `shb_userappl`. Must be the first block. */
  section(application = ''): Uint8Array {
    const body = new Uint8Array(16);
    const v = new DataView(body.buffer);
    v.setUint32(0, BYTE_ORDER_MAGIC, this.little);
    v.setUint16(4, 1, this.little);
    v.setBigInt64(8, -1n, this.little);
    return this.#block(PCAPNG_SHB, [body, this.#options(application === '' ? [] : [[4, utf8(application)]])]);
  }

  /** Interface Description Block with nanosecond time stamps. The first one has id 0. */
  interface(name = '', linktype: number = LINKTYPE_ETHERNET, snaplen: number = MAX_PACKET_SIZE): Uint8Array {
    const body = new Uint8Array(8);
    const v = new DataView(body.buffer);
    v.setUint16(0, linktype, this.little);
    v.setUint32(4, snaplen, this.little);
    const options: Option[] = name === '' ? [] : [[IF_NAME, utf8(name)]];
    return this.#block(IDB, [body, this.#options([...options, [IF_TSRESOL, Uint8Array.of(9)]])]);
  }

  /**
   * Enhanced Packet Block; `comment` goes into `opt_comment`, an identity into `epb_packetid`, a verdict (as of Linux'
   * eBPF at traffic control) into `epb_verdict`.
   */
  packet(
    p: PacketToWrite,
    iface = 0,
    comment = '',
    more: { readonly packetId?: number; readonly verdict?: number } = {},
  ): Uint8Array {
    const body = new Uint8Array(20);
    const v = new DataView(body.buffer);
    const t = BigInt(p.tsSec) * 1000000000n + BigInt(p.tsNsec);
    v.setUint32(0, iface, this.little);
    v.setUint32(4, Number(t >> 32n), this.little);
    v.setUint32(8, Number(t & 0xffffffffn), this.little);
    v.setUint32(12, p.data.length, this.little);
    v.setUint32(16, p.len ?? p.data.length, this.little);
    const options: Option[] = comment === '' ? [] : [[1, utf8(comment)]];
    if (more.packetId !== undefined) {
      options.push([EPB_PACKETID, this.#u64(more.packetId)]);
    }
    if (more.verdict !== undefined) {
      options.push([EPB_VERDICT, concat([Uint8Array.of(VERDICT_TC), this.#u64(more.verdict)])]);
    }
    return this.#block(EPB, [body, padded(p.data), this.#options(options)]);
  }

  /** Simple Packet Block: no time, interface 0. */
  simplePacket(data: Uint8Array, len: number = data.length): Uint8Array {
    return this.#block(SPB, [this.#u32(len), padded(data)]);
  }

  /** Name Resolution Block with IPv4 names. */
  names(entries: readonly (readonly [address: Uint8Array, name: string])[]): Uint8Array {
    return this.#block(NRB, [
      this.#options(
        entries.map(([a, n]) => [1, concat([a, utf8(`${n}\0`)])] as const),
        true,
      ),
    ]);
  }

  /** Custom Block of the owner `pen`. The data is padded to a multiple of 4: carry a length inside if it matters. */
  custom(pen: number, data: Uint8Array, copyable = true): Uint8Array {
    return this.#block(copyable ? CUSTOM : CUSTOM_NO_COPY, [this.#u32(pen), padded(data)]);
  }

  #u64(n: number): Uint8Array {
    const b = new Uint8Array(8);
    new DataView(b.buffer).setBigUint64(0, BigInt(n), this.little);
    return b;
  }

  #u32(n: number): Uint8Array {
    const b = new Uint8Array(4);
    new DataView(b.buffer).setUint32(0, n, this.little);
    return b;
  }

  #options(list: readonly Option[], alwaysEnd = false): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const [code, value] of list) {
      const head = new Uint8Array(4);
      const v = new DataView(head.buffer);
      v.setUint16(0, code, this.little);
      v.setUint16(2, value.length, this.little);
      parts.push(head, padded(value));
    }
    if (parts.length > 0 || alwaysEnd) {
      parts.push(new Uint8Array(4));
    }
    return concat(parts);
  }

  #block(type: number, parts: readonly Uint8Array[]): Uint8Array {
    const total = this.#u32(12 + parts.reduce((n, p) => n + p.length, 0));
    return concat([this.#u32(type), total, ...parts, total]);
  }
}

/** A whole pcapng file with one section and one Ethernet interface. */
export function writePcapng(packets: Iterable<PacketToWrite>, bigEndian = false): Uint8Array {
  const w = new PcapngWriter(bigEndian);
  const parts = [w.section('pktgdb'), w.interface()];
  for (const p of packets) {
    parts.push(w.packet(p));
  }
  return concat(parts);
}

function utf8(s: string): Uint8Array {
  return new TextEncoder().encode(s);
}

/** `b` padded with zeros to a multiple of 4. */
function padded(b: Uint8Array): Uint8Array {
  if (b.length % 4 === 0) {
    return b;
  }
  const out = new Uint8Array((b.length + 3) & ~3);
  out.set(b);
  return out;
}
