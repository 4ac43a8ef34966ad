/** The tree of the view Packet: what is seen of it, where keys lead, and which line a byte belongs to. */
import assert from 'node:assert/strict';
import type { PacketLine } from '../../adapter/packets/details.ts';
import { characterOf, PacketTree } from '../../src/packet/packet-model.ts';

const line = (depth: number, name: string, start: number, length: number): PacketLine => ({
  depth,
  name,
  text: name,
  start,
  length,
});
const LINES = [
  line(0, 'eth', 0, 14),
  line(1, 'eth.dst', 0, 6),
  line(0, 'ip', 14, 20),
  line(1, 'ip.flags', 20, 2),
  line(2, 'ip.flags.df', 20, 2),
  line(1, 'ip.ttl', 22, 1),
];

describe('tree of a packet', () => {
  const names = (tree: PacketTree): string[] => tree.seen.map((i) => tree.lines[i]!.name);

  it('shows protocols, and fields of what is open', () => {
    const tree = new PacketTree({ lines: LINES }, new Set());
    assert.deepEqual(names(tree), ['eth', 'ip']);
    tree.toggle(2);
    assert.deepEqual(names(tree), ['eth', 'ip', 'ip.flags', 'ip.ttl']);
    tree.toggle(3);
    assert.deepEqual(names(tree), ['eth', 'ip', 'ip.flags', 'ip.flags.df', 'ip.ttl']);
    tree.toggle(2);
    assert.deepEqual(names(tree), ['eth', 'ip']);
  });

  it('stays open from packet to packet', () => {
    const open = new Set<string>();
    new PacketTree({ lines: LINES }, open).toggle(2);
    assert.deepEqual(names(new PacketTree({ lines: LINES.slice(2) }, open)), ['ip', 'ip.flags', 'ip.ttl']);
  });

  it('finds the line of a byte, and shows it', () => {
    const tree = new PacketTree({ lines: LINES }, new Set());
    assert.deepEqual(
      [0, 7, 21, 22, 30, 99].map((byte) => tree.lines[tree.lineAt(byte)]?.name),
      ['eth.dst', 'eth', 'ip.flags.df', 'ip.ttl', 'ip', undefined],
    );
    tree.reveal(tree.lineAt(21));
    assert.ok(names(tree).includes('ip.flags.df'));
  });

  it('is walked through with the arrow keys as other trees are', () => {
    const tree = new PacketTree({ lines: LINES }, new Set());
    const walk = (from: number, ...keys: string[]): number => keys.reduce((i, key) => tree.key(key, i), from);
    assert.equal(walk(0, 'ArrowDown', 'ArrowDown'), 2);
    assert.equal(walk(2, 'ArrowRight'), 2);
    assert.equal(walk(2, 'ArrowRight', 'ArrowRight', 'ArrowRight'), 4);
    assert.equal(walk(4, 'ArrowLeft', 'ArrowLeft', 'ArrowLeft'), 2);
    assert.deepEqual([walk(2, 'Home'), walk(0, 'End'), walk(0, 'x')], [0, 5, -1]);
  });

  it('shows bytes as characters where they are some', () => {
    assert.deepEqual([0x41, 0x20, 0x0a, 0x7f, 0xe9].map(characterOf), ['A', ' ', '.', '.', '.']);
  });
});
