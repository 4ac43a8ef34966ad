/** Damaged captures: listed, judged, filtered, shown, saved again and played. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readCapture } from '../../adapter/packets/capture.ts';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { CaptureError } from '../../adapter/packets/types.ts';
import { CaptureModel } from '../../src/captures/capture-model.ts';
import { capture } from '../kit/paths.ts';
import type { Random } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { LAYERS } from '../packets/layer-samples.ts';
import { play } from '../replay/play.ts';
import { theme } from './theme.ts';

/** The capture that is damaged, and whether it is played as well; then what is done to its bytes. */
type Piece =
  | { readonly base: number; readonly play: boolean; readonly pack: boolean }
  | { readonly at: number; readonly bytes: string }
  | { readonly cut: number }
  | { readonly from: number; readonly to: number; readonly count: number };

/** Packets of each that are taken: many small captures find more than a large one. */
const PACKETS = 5;
/** One in so many is played, which takes longer than all else; and one in so many is packed. */
const PLAYED = 32;
const PACKED = 16;
/** And one in so many packets is shown with its tree. */
const DETAILED = 3;

function bases(): Buffer[] {
  const names = ['', 'foreign'].flatMap((folder) =>
    readdirSync(capture(folder))
      .filter((f) => f.endsWith('.pcap'))
      .map((f) => join(folder, f)),
  );
  const samples = Object.values(LAYERS)
    .flat()
    .map((data, i) => ({ tsSec: i, tsNsec: 0, data }));
  const pieces = Array.from({ length: Math.ceil(samples.length / PACKETS) }, (_, i) =>
    samples.slice(i * PACKETS, (i + 1) * PACKETS),
  );
  return [
    ...names.map((name) => {
      const { packets, interfaces } = readCapture(readFileSync(capture(name)));
      return Buffer.from(writePcap(packets.slice(0, 2 * PACKETS), { linktype: interfaces[0]?.linktype ?? 1 }));
    }),
    ...pieces.map((some) => Buffer.from(writePcap(some))),
    readFileSync(capture('foreign/mixed.pcapng')),
  ];
}

const BASES = bases();
const FILTERS = ['tcp.analysis.flags || dns.qry.name contains "a"', 'http || tls', 'frame.len > 9'].map((text) =>
  compileFilter(text),
);

/** Numbers that lengths and counts are replaced by. */
const NUMBERS = ['00', '01', 'ff', '7f', '80', '1b', '0000', 'ffff', '00000000', 'ffffffff', '7fffffff', '80000000'];

function damage(random: Random, length: number): Piece {
  // The headers of the file and of the first packets decide most.
  const at = random.next(random.next(3) === 0 ? Math.min(length, 120) : length);
  switch (random.next(8)) {
    case 0:
      return { cut: at };
    case 1:
      return { from: at, to: random.next(length), count: random.next(200) };
    case 2:
    case 3:
      return { at, bytes: random.pick(NUMBERS) };
    default:
      return { at, bytes: random.next(256).toString(16).padStart(2, '0') };
  }
}

/** The bytes that pieces make. */
function bytesOf(pieces: readonly Piece[]): { bytes: Buffer; played: boolean; packed: boolean } {
  let bytes = Buffer.from(BASES[0]!);
  let played = false;
  let packed = false;
  for (const piece of pieces) {
    if ('base' in piece) {
      bytes = Buffer.from(BASES[piece.base % BASES.length]!);
      ({ play: played, pack: packed } = piece);
    } else if ('cut' in piece) {
      bytes = bytes.subarray(0, piece.cut);
    } else if ('from' in piece) {
      Buffer.from(bytes.subarray(piece.from, piece.from + piece.count)).copy(bytes, Math.min(piece.to, bytes.length));
    } else {
      Buffer.from(piece.bytes, 'hex').copy(bytes, Math.min(piece.at, bytes.length));
    }
  }
  return { bytes, played, packed };
}

const unwatched = { told: () => undefined, signal: new AbortController().signal };
const CONTROL = /\p{Cc}/u;
const path = join(tempFolder(), 'damaged.pcap');

async function list(bytes: Buffer): Promise<void> {
  writeFileSync(path, bytes);
  let model: CaptureModel | undefined;
  try {
    await CaptureModel.open(path, unwatched, (shown) => {
      model = shown;
    });
    assert.ok(model !== undefined);
    await look(model);
  } catch (error) {
    if (!(error instanceof CaptureError)) {
      throw error;
    }
    assert.doesNotMatch(error.message, CONTROL);
  } finally {
    model?.close();
    // To write over a file takes some systems longer than all else: they bring the new bytes to the disk at once.
    rmSync(path);
  }
}

async function look(model: CaptureModel): Promise<void> {
  await model.judge(unwatched);
  for (const row of model.rows(0, model.count)) {
    assert.doesNotMatch(Object.values(row).join(''), CONTROL);
  }
  await model.matching(FILTERS[model.count % FILTERS.length]!, unwatched);
  for (let number = 1; number <= model.count; number += DETAILED) {
    model.details(number);
    model.streamFilter(number);
    model.conversationFilter(number);
  }
  assert.doesNotMatch(model.warnings.join(''), CONTROL);
  assert.ok(model.widths.address > 0);
}

function replay(bytes: Buffer): void {
  try {
    const { outside } = play(bytes, { args: ['-m', '4'] });
    assert.doesNotMatch(outside.reports.join(''), /(?!\n)\p{Cc}/u);
  } catch (error) {
    if (!(error instanceof CaptureError)) {
      throw error;
    }
  }
}

export const captures = theme<Piece>({
  unit: 'captures',
  make(random) {
    const base = random.next(BASES.length);
    const { length } = BASES[base]!;
    const damages = Array.from({ length: 1 + random.next(6) }, () => damage(random, length));
    return [{ base, play: random.next(PLAYED) === 0, pack: random.next(PACKED) === 0 }, ...damages];
  },
  async attempt(pieces) {
    const { bytes, played, packed } = bytesOf(pieces);
    await list(packed ? gzipSync(bytes) : bytes);
    if (played) {
      replay(bytes);
    }
    return 1;
  },
});
