/**
 * `npx tsx test/tools/fields-record.ts`: records what tshark says of the project's captures in `test/vectors/tshark`,
 * so that tests need no tshark. Long values are left out: they are bytes that other fields have as well.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { comparableFields, tsharkPackets } from './tshark.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'vectors/tshark');
/** Packets of a capture, and characters of all values of a field, that are recorded at most. */
const MAX_PACKETS = 40;
const MAX_VALUE = 80;

const [version = ''] = execFileSync('tshark', ['--version'], { encoding: 'utf8' }).split('\n');
const known = new Set(comparableFields(''));
mkdirSync(out, { recursive: true });
for (const folder of ['traces', 'traces/foreign']) {
  for (const file of readdirSync(join(root, folder)).filter((f) => /\.(pcap|pcapng)$/.test(f))) {
    const packets = tsharkPackets(join(root, folder, file), MAX_PACKETS, '').map(({ protocol, info, fields }) => ({
      protocol,
      info,
      fields: Object.fromEntries(
        Object.entries(fields).filter(([name, values]) => known.has(name) && values.join('').length <= MAX_VALUE),
      ),
    }));
    const lines = packets.map((p) => JSON.stringify(p)).join(',\n');
    const head = `{"tshark":${JSON.stringify(version)},"capture":${JSON.stringify(`${folder}/${file}`)},"packets":[\n`;
    writeFileSync(join(out, `${basename(file)}.json`), `${head}${lines}\n]}\n`);
  }
}
