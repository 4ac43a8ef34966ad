/**
 * Packets with wrong bytes, in the order of captures, so that connections and messages of several packets are wrong as
 * well: nothing throws, and no control character reaches the screen. `PKTGDB_MUTATIONS=1000000` takes more of them, and
 * `PKTGDB_SEED` others.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type CapturePacket, readCapture } from '../../adapter/packets/capture.ts';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { dissect, type TreeNode } from '../../adapter/packets/dissect.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { compileFilter, FilterError } from '../../adapter/packets/filter/filter.ts';
import { type LinkType, PacketView } from '../../adapter/packets/packet-view.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { TCP_CONNECTIONS } from '../../adapter/packets/tcp/remember.ts';
import { FILTERS } from './filter-cases.ts';
import { LAYERS } from './layer-samples.ts';
import { BUILT } from './protocol-samples.ts';

const MUTATIONS = Number(process.env['PKTGDB_MUTATIONS'] ?? 4000);
const SEED = Number(process.env['PKTGDB_SEED'] ?? 1);
const FOLDERS = ['../traces/', '../traces/foreign/'].map((f) => new URL(f, import.meta.url));

/** Numbers that look random (xorshift), the same for each seed. */
class Random {
  #state = Math.imul(SEED, 0x9e3779b1) | 1;

  below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }
}

function samples(): Uint8Array[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((f) => /\.pcap(ng)?$/.test(f))
      .map((f) => new URL(f, folder)),
  );
  const packets: CapturePacket[] = files.flatMap((f) => readCapture(readFileSync(f)).packets.slice(0, 60));
  return [...packets.map((p) => p.data), ...Object.values(BUILT), ...Object.values(LAYERS).flat()];
}

function mutated(data: Uint8Array, random: Random): Uint8Array {
  const out = Uint8Array.from(random.below(4) === 0 ? data.subarray(0, random.below(data.length + 1)) : data);
  for (let n = random.below(6); n > 0 && out.length > 0; n--) {
    out[random.below(out.length)] =
      random.below(3) === 0 ? random.below(256) : [0, 1, 0x1b, 0x7f, 0x80, 0xff][random.below(6)]!;
  }
  return out;
}

/** Control characters, as they would reach a terminal. */
const CONTROL = /\p{Cc}/u;

function checkTree(nodes: readonly TreeNode[]): void {
  for (const { label, value, children } of nodes) {
    assert.doesNotMatch(`${label} ${value}`, CONTROL);
    checkTree(children);
  }
}

/** Filters on fields of all types, a few for each packet. */
const MATCHES = FILTERS.flatMap((text) => {
  try {
    return [compileFilter(text).matches];
  } catch (error) {
    assert.ok(error instanceof FilterError, text);
    return [];
  }
});
const FILTERS_EACH = 8;

describe('mutated packets', () => {
  it(`${MUTATIONS} of them neither throw nor print control characters, nor change`, function () {
    this.timeout(0);
    const random = new Random();
    const all = samples();
    const p = new PacketView();
    const conversations = new Conversations();
    const links: readonly LinkType[] = ['ethernet', 'ethernet', 'ethernet', 'ip', 'sll', 'sll2', 'null'];
    for (let i = 0; i < MUTATIONS; i++) {
      // A file's packets are views of a buffer, whose own methods do not copy.
      const data = Buffer.from(mutated(all[i % all.length]!, random));
      const before = data.toString('latin1');
      p.set(data, 0, data.length, links[random.below(links.length)]!, data.length + random.below(3) * 20);
      p.number = i + 1;
      conversations.add(p, i / 1000);
      plainFields(p);
      const { protocol, info, source, destination } = summary(p);
      assert.doesNotMatch(`${source} ${destination} ${protocol} ${info}`, CONTROL);
      checkTree(dissect(p));
      for (let n = 0; n < FILTERS_EACH; n++) {
        MATCHES[(i * FILTERS_EACH + n) % MATCHES.length]?.(p);
      }
      assert.equal(data.toString('latin1'), before, `packet ${i + 1} has been written to`);
    }
  });

  it('random connections do not fill the memory', () => {
    const random = new Random();
    const syn = BUILT['tcp'] ?? samples().find((d) => d[23] === 6);
    assert.ok(syn);
    const p = new PacketView();
    const conversations = new Conversations();
    for (let i = 0; i < 100_000; i++) {
      const data = Uint8Array.from(syn);
      for (let at = 26; at < 38; at++) {
        data[at] = random.below(256);
      }
      p.set(data, 0, data.length, 'ethernet');
      conversations.add(p, i);
    }
    const { byEnds, count } = TCP_CONNECTIONS.of(conversations.memory);
    assert.ok(count > 90_000 && byEnds.size <= 65536, `${byEnds.size} of ${count} are remembered`);
  });
});
