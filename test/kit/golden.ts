/** Golden files: what a test has recorded is compared with a file, or written there with PKTGDB_UPDATE_GOLDEN=1. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares a text with a golden file. `PKTGDB_UPDATE_GOLDEN=1 npm test -- FILE` writes the file instead. */
export function golden(file: string, text: string): void {
  if (process.env['PKTGDB_UPDATE_GOLDEN']) {
    writeFileSync(file, text);
  }
  // Compared by lines, so that a failure shows the lines that differ.
  assert.deepEqual(text.split('\n'), readFileSync(file, 'utf8').split('\n'));
}

/** What differs from run to run, and what stands for it. Pseudo addresses are handled apart. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\[ +\d+\.\d{6}\]/g, '[TIME]'],
  [/((?:127\.0\.0\.1|10\.0\.2\.2):|127\.0\.0\.1 |Src Port: |Source Port: )\d{4,5}\b/g, '$1PORT'],
  // The first sequence number is random, and the checksum of what contains it is.
  [/((?:Seq|Ack|Sequence Number|Acknowledgment Number): )\d{2,}/g, '$1SEQUENCE'],
  [/(\bChecksum: )0x[0-9a-f]{4}(?= )/g, '$1CHECKSUM'],
  [/(Transaction ID )0x[0-9a-f]{1,8}/g, '$1RANDOM'],
  // A buffer that begins in the middle of a DHCP message: hardware address length, hops, transaction ID, seconds.
  [/"06 00 (?:[0-9a-f]{2} ){4}00 00/g, '"06 00 RANDOM 00 00'],
  // A stack's file has other lines when somebody edits it.
  [/(\b[\w/-]+\.ts):\d+/g, '$1:LINE'],
  [/(\bfile [\w/-]+\.ts, line) \d+/g, '$1 LINE'],
  [/^\d+\t/gm, 'LINE\t'],
];

/**
 * A transcript without what differs from run to run. Equal pseudo addresses stay equal: they are numbered as they come.
 */
export function masked(text: string): string {
  const addresses = new Map<string, string>();
  const numbered = text.replace(/0x7f[0-9a-f]{10}/g, (address) => {
    const known = addresses.get(address) ?? `0xADDRESS${addresses.size + 1}`;
    addresses.set(address, known);
    return known;
  });
  return MASKS.reduce((all, [pattern, mask]) => all.replace(pattern, mask), numbered);
}
