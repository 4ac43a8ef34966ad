/** Messages of a first line, headers and a content, as HTTP, SIP, RTSP and SSDP have them (RFC 5322's way). */
import type { PacketView } from '../packet-view.ts';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Bytes of headers that are looked at. */
export const MAX_HEADERS = 65536;

/** A line of `[at, next)`, its text without its end. */
export interface Line {
  readonly at: number;
  readonly next: number;
  readonly text: string;
}

/** The line that begins at `at`; undefined if its end is not there. */
export function lineAt(p: PacketView, at: number, end: number): Line | undefined {
  const limit = Math.min(end, at + MAX_HEADERS);
  for (let i = at; i < limit; i++) {
    if (p.u8(i) === LINE_FEED) {
      const stop = i > at && p.u8(i - 1) === CARRIAGE_RETURN ? i - 1 : i;
      return { at, next: i + 1, text: textOf(p, at, stop) };
    }
  }
  return undefined;
}

/** Bytes as they are, a character each. */
export function textOf(p: PacketView, from: number, to: number): string {
  let s = '';
  for (let i = from; i < to; i++) {
    s += String.fromCharCode(p.u8(i));
  }
  return s;
}

/** A header: its name as it is written, and its value without white space around it. */
export interface Header extends Line {
  readonly name: string;
  readonly value: string;
}

/** The first line and the headers of a message. */
export interface Head {
  readonly first: Line;
  readonly headers: readonly Header[];
  /** First byte of the content; -1 if the empty line before it is not there. */
  readonly body: number;
}

/** The head of the message at `at`, as far as it is there; undefined without a whole first line. */
export function headAt(p: PacketView, at: number, end: number): Head | undefined {
  const first = lineAt(p, at, end);
  if (first === undefined) {
    return undefined;
  }
  const headers: Header[] = [];
  const limit = Math.min(end, at + MAX_HEADERS);
  let next = first.next;
  for (;;) {
    const line = lineAt(p, next, limit);
    if (line === undefined) {
      return { first, headers, body: -1 };
    }
    next = line.next;
    if (line.text === '') {
      return { first, headers, body: next };
    }
    const colon = line.text.indexOf(':');
    if (colon > 0) {
      const [name, value] = [line.text.slice(0, colon), line.text.slice(colon + 1).trim()];
      headers.push({ ...line, name, value });
    }
  }
}

/** The value of a header, by its name in small letters. */
export function headerOf(head: Head, name: string): string | undefined {
  return head.headers.find((h) => h.name.length === name.length && h.name.toLowerCase() === name)?.value;
}
