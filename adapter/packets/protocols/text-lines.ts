/** Protocols whose messages are lines with CR LF: FTP, SMTP, POP, IMAP. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { transportOf } from '../sessions.ts';
import { type Line, lineAt, textOf } from './header-lines.ts';

/** Lines of a segment that are looked at. */
const MAX_LINES = 1000;

/** The lines of a layer; the last one also if its end is not there. */
export function linesOf(p: PacketView, l: Layer): Line[] {
  const out: Line[] = [];
  for (let at = l.at; at < l.end && out.length < MAX_LINES; ) {
    const line = lineAt(p, at, l.end) ?? { at, next: l.end, text: textOf(p, at, l.end) };
    out.push(line);
    at = line.next;
  }
  return out;
}

/** True if a layer comes from a server, which is told by the port. */
export function fromServer(l: Layer, ports: readonly number[]): boolean {
  const t = transportOf(l);
  return t !== null && ports.includes(t.key) && !(ports.includes(t.otherKey) && t.otherKey < t.key);
}

/** The place of a part of a line. */
export function within(line: Line, from: number, text: string): readonly [from: number, length: number] {
  return [line.at + from, text.length];
}
