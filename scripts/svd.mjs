#!/usr/bin/env node
/**
 * `npm run svd [-- FILE [BASE]]`: writes the NIC's registers as a CMSIS-SVD file, by default dist/e1000.svd.
 * The registers are at BASE, by default 0xfebc0000.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NIC_BAR0 } from '../adapter/engine/guest-memory.ts';
import { e1000Svd } from '../adapter/inspect/svd.ts';
import { root } from './inputs.mjs';

const [file = join(root, 'dist/e1000.svd'), base = String(NIC_BAR0)] = process.argv.slice(2);
if (!Number.isInteger(Number(base))) {
  process.stderr.write(`svd: "${base}" is no address, expected such as 0xfebc0000\n`);
  process.exit(2);
}
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, e1000Svd(Number(base)));
process.stdout.write(`${file}\n`);
