/** A packet's tree beside its bytes: which lines are seen, where keys lead, and which line a byte belongs to. */
import type { PacketDetails, PacketLine } from '../../adapter/packets/details.ts';

/** Bytes of a row of the dump. */
export const ROW = 16;

/** What is open, by the path of names: the same lines stay open from packet to packet. */
export class PacketTree {
  readonly lines: readonly PacketLine[];
  readonly #paths: readonly string[];
  readonly #open: Set<string>;

  constructor({ lines }: Pick<PacketDetails, 'lines'>, open: Set<string>) {
    this.lines = lines;
    this.#open = open;
    const path: string[] = [];
    this.#paths = lines.map(({ depth, name, text }) => {
      path.length = depth;
      path.push(name || text);
      return path.join('/');
    });
  }

  hasChildren(i: number): boolean {
    return (this.lines[i + 1]?.depth ?? 0) > (this.lines[i]?.depth ?? 0);
  }

  isOpen(i: number): boolean {
    return this.#open.has(this.#paths[i] ?? '');
  }

  toggle(i: number, open = !this.isOpen(i)): void {
    const path = this.#paths[i] ?? '';
    if (open) {
      this.#open.add(path);
    } else {
      this.#open.delete(path);
    }
  }

  parent(i: number): number {
    const { depth = 0 } = this.lines[i] ?? {};
    return this.lines.slice(0, i).findLastIndex((line) => line.depth < depth);
  }

  /** Opens all lines above one. */
  reveal(i: number): void {
    for (let above = this.parent(i); above >= 0; above = this.parent(above)) {
      this.toggle(above, true);
    }
  }

  /** Indices of the lines whose parents are all open. */
  get seen(): number[] {
    const out: number[] = [];
    let closed = Number.POSITIVE_INFINITY;
    for (const [i, { depth }] of this.lines.entries()) {
      if (depth <= closed) {
        out.push(i);
        closed = this.hasChildren(i) && !this.isOpen(i) ? depth : Number.POSITIVE_INFINITY;
      }
    }
    return out;
  }

  /** The line with the fewest bytes that has a byte; of several the deepest, the first of these; -1: none has it. */
  lineAt(byte: number): number {
    let best = -1;
    for (const [i, { start, length, depth }] of this.lines.entries()) {
      const so = this.lines[best];
      const better = !so || length < so.length || (length === so.length && depth > so.depth);
      if (byte >= start && byte < start + length && better) {
        best = i;
      }
    }
    return best;
  }

  /** Where a key leads from a line; -1 where there is none. What it opens or closes has been opened or closed. */
  key(key: string, i: number): number {
    const { seen } = this;
    const at = seen.indexOf(i);
    switch (key) {
      case 'ArrowUp':
        return seen[Math.max(0, at - 1)] ?? -1;
      case 'ArrowDown':
        return seen[Math.min(seen.length - 1, at + 1)] ?? -1;
      case 'Home':
        return seen[0] ?? -1;
      case 'End':
        return seen.at(-1) ?? -1;
      case 'ArrowRight':
        if (this.hasChildren(i) && !this.isOpen(i)) {
          this.toggle(i, true);
          return i;
        }
        return this.hasChildren(i) ? i + 1 : i;
      case 'ArrowLeft':
        if (this.hasChildren(i) && this.isOpen(i)) {
          this.toggle(i, false);
          return i;
        }
        return Math.max(0, this.parent(i));
      default:
        return -1;
    }
  }
}

/** A byte as the dump shows it beside the numbers. */
export function characterOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
