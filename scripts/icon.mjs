#!/usr/bin/env node
/** Draws media/icon.png: a descriptor ring with head and tail, and a breakpoint on the packet in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { root } from './inputs.mjs';

const SIZE = 128;
/** Samples of a pixel in each direction. */
const SAMPLES = 4;
const SEGMENTS = 12;
const [BACK, RING, HELD, DOT, EDGE] = [
  [27, 42, 58],
  [88, 140, 190],
  [240, 165, 60],
  [229, 57, 53],
  [255, 255, 255],
];

/** The colour at a point of the unit square around the middle; undefined outside the rounded background. */
function colour(x, y) {
  const dx = Math.max(Math.abs(x) - 0.78, 0);
  const dy = Math.max(Math.abs(y) - 0.78, 0);
  if (Math.hypot(dx, dy) > 0.2) {
    return undefined;
  }
  const r = Math.hypot(x - 0.02, y + 0.02);
  const turn = ((Math.atan2(x - 0.02, -y - 0.02) / (2 * Math.PI) + 1) % 1) * SEGMENTS;
  const dot = Math.hypot(x - 0.52, y - 0.52);
  if (dot < 0.33) {
    return dot < 0.27 ? DOT : EDGE;
  }
  if (r > 0.4 && r < 0.74 && Math.abs(turn - Math.round(turn)) * r > 0.035) {
    return [2, 3, 4].includes(Math.floor(turn)) ? HELD : RING;
  }
  return BACK;
}

/** RGBA of a pixel, the mean of its samples. */
function pixel(px, py) {
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < SAMPLES * SAMPLES; i++) {
    const at = (p, k) => ((p + (k + 0.5) / SAMPLES) / SIZE) * 2 - 1;
    const c = colour(at(px, i % SAMPLES), at(py, Math.floor(i / SAMPLES)));
    if (c) {
      for (const k of [0, 1, 2]) {
        sum[k] += c[k];
      }
      sum[3]++;
    }
  }
  return [...sum.slice(0, 3).map((v) => Math.round(v / (sum[3] || 1))), Math.round((sum[3] * 255) / SAMPLES ** 2)];
}

/** A chunk of a PNG file (PNG specification, section 5.3). */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, RGBA
const rows = Buffer.concat(
  Array.from({ length: SIZE }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: SIZE }, (_, x) => pixel(x, y)).flat()]),
  ),
);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const png = [signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
writeFileSync(join(root, 'media/icon.png'), Buffer.concat(png));
