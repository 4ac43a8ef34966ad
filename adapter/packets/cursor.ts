/** Walks through bytes that have no fixed places, and collects the fields that are met as parts. */
import { quiet, shown } from './occurrence.ts';
import type { PacketView } from './packet-view.ts';
import type { FieldDeclaration, FieldScalar, Part } from './protocol.ts';

/** What else may be said of a line. */
type Extra = Partial<Pick<Part, 'label' | 'text' | 'inside'>>;

/**
 * A place in a packet that moves on with each field that is read. What is not there reads as 0, and moves to the end,
 * after which nothing more is found.
 */
export class Cursor {
  readonly p: PacketView;
  at: number;
  readonly end: number;
  parts: Part[] = [];
  /** True once something did not fit. */
  short = false;

  constructor(p: PacketView, at: number, end: number) {
    this.p = p;
    this.at = at;
    this.end = Math.min(end, p.top);
  }

  get left(): number {
    return Math.max(0, this.end - this.at);
  }

  /** A number of `width` bytes, most significant first. */
  number(width: 1 | 2 | 3 | 4, field?: FieldDeclaration, extra?: Extra): number {
    const from = this.#take(width);
    if (from < 0) {
      return 0;
    }
    let value = 0;
    for (let i = 0; i < width; i++) {
      value = value * 256 + this.p.u8(from + i);
    }
    this.#add(field, field?.type === 'boolean' ? value !== 0 : value, from, width, extra);
    return value;
  }

  /** The same, least significant first. */
  little(width: 1 | 2 | 4, field?: FieldDeclaration, extra?: Extra): number {
    const from = this.#take(width);
    if (from < 0) {
      return 0;
    }
    let value = 0;
    for (let i = width - 1; i >= 0; i--) {
      value = value * 256 + this.p.u8(from + i);
    }
    this.#add(field, value, from, width, extra);
    return value;
  }

  /** Text of `n` bytes, up to a NUL. */
  text(n: number, field?: FieldDeclaration, extra?: Extra): string {
    const from = this.#take(n);
    const value = from < 0 ? '' : this.p.ascii(from, from + n);
    if (from >= 0) {
      this.#add(field, value, from, n, extra);
    }
    return value;
  }

  bytes(n: number, field?: FieldDeclaration, extra?: Extra): Uint8Array {
    const from = this.#take(n);
    const value = from < 0 ? new Uint8Array(0) : this.p.bytes(from, from + n);
    if (from >= 0) {
      this.#add(field, value, from, n, extra);
    }
    return value;
  }

  skip(n: number): void {
    this.#take(n);
  }

  /** A cursor over the next `n` bytes, or those that there are; this one goes on behind them. */
  within(n: number): Cursor {
    const inner = new Cursor(this.p, this.at, Math.min(this.at + Math.max(0, n), this.end));
    this.short ||= n > this.left;
    this.at = inner.end;
    return inner;
  }

  /** A line that is no field, over what `walk` finds. */
  group(label: () => string, walk: () => void, name?: string): void {
    const outer = this.parts;
    const from = this.at;
    this.parts = [];
    walk();
    outer.push({ ...(name === undefined ? {} : { name }), from, length: this.at - from, label, inside: this.parts });
    this.parts = outer;
  }

  #take(n: number): number {
    if (n > this.end - this.at || n < 0) {
      this.short = true;
      this.at = this.end;
      return -1;
    }
    const from = this.at;
    this.at += n;
    return from;
  }

  #add(field: FieldDeclaration | undefined, value: FieldScalar, from: number, n: number, extra?: Extra): void {
    if (field !== undefined) {
      this.parts.push(
        extra === undefined && field.shown !== undefined
          ? quiet(field, value, [from, n])
          : shown(field, value, [from, n], extra),
      );
    }
  }
}
