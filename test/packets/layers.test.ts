/** Protocols below and above TCP/IP, held against what tshark says of them (`layers.json`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { dissect, formatTree } from '../../adapter/packets/dissect.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { FIELDS } from '../../adapter/packets/fields.ts';
import { visible } from '../../adapter/packets/format.ts';
import type { PacketView } from '../../adapter/packets/packet-view.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { Random } from '../kit/random.ts';
import { LAYERS } from './layer-samples.ts';

interface Recorded {
  readonly protocol: string;
  readonly info: string;
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

const TABLE = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8')) as {
  readonly captures: Readonly<Record<string, readonly Recorded[]>>;
};

/**
 * Where ours is known to differ, by packet and what: nothing is remembered of SCTP's associations, content is named
 * behind HTTP alone, and what is a part of a message says less.
 */
const DIFFERS = new Set([
  'gre 3 columns',
  'sctp 4 columns',
  'sctp 4 sctp.data_tsn',
  'sctp 4 frame.protocols',
  'dtls 8 columns',
  'quic 5 columns',
  'quic 6 columns',
  'mdns 1 columns',
  'ftp 11 frame.protocols',
  'telnet 4 telnet.subcmd',
  'ssh 11 columns',
  'http 23 columns',
  'tls13 4 columns',
  'tls13 4 frame.protocols',
]);

function captureOf(frames: readonly Uint8Array[]): Uint8Array {
  return writePcap(frames.map((data, i) => ({ data, tsSec: 1 + i, tsNsec: 0 })));
}

function* packets(frames: readonly Uint8Array[]): Generator<PacketView> {
  yield* walkCapture(readCapture(captureOf(frames)));
}

/** Numbers as tshark writes them may be hexadecimal, flags 1 or 0, bytes with colons. */
function same(name: string, ours: unknown, theirs: string): boolean {
  if (FIELDS[name]?.type === 'protocol') {
    return ours === true && theirs !== '';
  }
  if (typeof ours === 'boolean') {
    return (theirs === '1' || theirs === 'True' || theirs === name) === ours;
  }
  const type = FIELDS[name]?.type;
  if (typeof ours === 'number' || type === 'seconds') {
    return Math.abs(Number(theirs) - Number(ours)) < 1e-6;
  }
  const text = String(ours);
  return (
    text === theirs ||
    text === theirs.replaceAll(':', '') ||
    visible(text) === theirs ||
    text.trimEnd() === theirs.trimEnd()
  );
}

describe('layers', () => {
  for (const [name, frames] of Object.entries(LAYERS)) {
    it(`${name}: columns and fields are those of tshark`, () => {
      const recorded = TABLE.captures[name] ?? [];
      const wrong: string[] = [];
      for (const p of packets(frames)) {
        const row = recorded[p.number - 1];
        const { protocol, info } = summary(p);
        const differs = DIFFERS.has(`${name} ${p.number} columns`);
        if (!differs && (protocol !== row?.protocol || info !== row.info)) {
          wrong.push(`${p.number}: ${protocol} | ${info} <> ${row?.protocol} | ${row?.info}`);
        }
        const ours = plainFields(p);
        for (const [field, values] of Object.entries(row?.fields ?? {})) {
          const mine = ours[field] ?? [];
          if (
            !DIFFERS.has(`${name} ${p.number} ${field}`) &&
            mine.length > 0 &&
            !(
              (mine.length === values.length || FIELDS[field]?.type === 'protocol') &&
              mine.every((v, i) => same(field, v, values[i] ?? ''))
            )
          ) {
            wrong.push(`${p.number}: ${field} ${JSON.stringify(mine)} <> ${JSON.stringify(values)}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  it('whatever the bytes, nothing throws, and nothing that is said has a control character', () => {
    const chance = Random.spread(7);
    const control = /\p{Cc}/u;
    for (const frames of Object.values(LAYERS)) {
      for (let round = 0; round < 20; round++) {
        for (const p of packets(frames.map((f) => mutated(f, chance)))) {
          assert.doesNotMatch(summary(p).info, control);
          assert.doesNotMatch(formatTree(dissect(p)).replaceAll('\n', ''), control);
          plainFields(p);
        }
      }
    }
  });
});

/** A frame with some bytes changed, or cut. */
function mutated(frame: Uint8Array, chance: Random): Uint8Array {
  const out = frame.slice(0, chance.next(5) === 0 ? chance.next(frame.length) : frame.length);
  for (let n = chance.next(4); n > 0 && out.length > 0; n--) {
    out[chance.next(out.length)] = chance.next(256);
  }
  return out;
}
