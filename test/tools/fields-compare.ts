/**
 * `npx tsx test/tools/fields-compare.ts [options] FILE|FOLDER...`: compares the fields and the columns of captures with
 * those that tshark finds, and prints the share of equal ones with examples of those that are not.
 *
 * Options: `--field NAME` shows examples of one field (`protocol` and `info` are columns), `--examples N` so many of
 * each, `--packets N` looks at the first N packets of a capture, `--cache FOLDER` keeps what tshark said, `--worst N`
 * lists the captures with the most differences, `--only NAME` leaves out packets without that field.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { captureBytes } from '../../adapter/replay/open.ts';
import { ourValues, theirValues } from './oracle-values.ts';
import { comparableFields, type OraclePacket, tsharkPackets } from './tshark.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    field: { type: 'string' },
    only: { type: 'string' },
    examples: { type: 'string', default: '0' },
    packets: { type: 'string', default: '200' },
    cache: { type: 'string', default: '' },
    worst: { type: 'string', default: '0' },
    least: { type: 'string', default: '99.9' },
  },
});

/** How often a field was equal, of how many packets that had it on either side. */
class Tally {
  equal = 0;
  total = 0;
  readonly examples: string[] = [];

  note(same: boolean, example: () => string): void {
    this.total++;
    this.equal += Number(same);
    if (!same && this.examples.length < Number(options.examples)) {
      this.examples.push(example());
    }
  }

  get share(): number {
    return this.total === 0 ? 100 : (100 * this.equal) / this.total;
  }

  toString(): string {
    return `${this.share.toFixed(2).padStart(6)} %  ${this.equal}/${this.total}`;
  }
}

const tallies = new Map<string, Tally>();
const worst = new Map<string, number>();
const all = new Tally();
const both = new Tally();
const columns = { protocol: new Tally(), info: new Tally() };

function tally(name: string): Tally {
  const found = tallies.get(name) ?? new Tally();
  tallies.set(name, found);
  return found;
}

function comparePacket(file: string, ours: Record<string, readonly (string | number | boolean)[]>, want: OraclePacket) {
  const number = want.fields['frame.number']?.[0];
  for (const name of comparableFields(options.cache)) {
    const a = ourValues(ours[name]);
    const b = theirValues(name, want.fields[name]);
    if (a === '' && b === '') {
      continue;
    }
    const example = () => `${file} ${number} ${name}: ours ${a.slice(0, 150)}  tshark ${b.slice(0, 150)}`;
    tally(name).note(a === b, example);
    all.note(a === b, example);
    if (a !== '' && b !== '') {
      both.note(a === b, example);
    }
    if (a !== b) {
      worst.set(file, (worst.get(file) ?? 0) + 1);
    }
  }
}

async function compareFile(path: string): Promise<void> {
  const file = basename(path);
  const limit = Number(options.packets);
  const wanted = tsharkPackets(path, limit, options.cache);
  let i = 0;
  for (const p of walkCapture(readCapture(await captureBytes(path)))) {
    const want = wanted[i++];
    if (want === undefined) {
      break;
    }
    if (options.only !== undefined && want.fields[options.only] === undefined) {
      continue;
    }
    const line = summary(p);
    comparePacket(file, plainFields(p), want);
    for (const column of ['protocol', 'info'] as const) {
      const [a, b] = [line[column], want[column]];
      const example = () => `${file} ${p.number} ${line.protocol}\n   ours   ${a}\n   tshark ${b}`;
      columns[column].note(a.trim() === b.trim(), example);
    }
  }
}

function filesOf(path: string): string[] {
  return statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .map((f) => join(path, f))
        .filter((f) => /\.(pcap|pcapng|cap)$/.test(f) && statSync(f).isFile())
        .sort()
    : [path];
}

for (const path of positionals.flatMap(filesOf)) {
  try {
    await compareFile(path);
  } catch (error) {
    process.stderr.write(`${basename(path)}: ${error instanceof Error ? error.message.slice(0, 200) : error}\n`);
  }
}
const rows = [...tallies].sort((a, b) => b[1].total - b[1].equal - (a[1].total - a[1].equal));
for (const [name, t] of rows) {
  if (t.share < Number(options.least) || name === options.field) {
    const examples = options.field === name || options.field === undefined ? t.examples : [];
    process.stdout.write(`${t}  ${name}\n${examples.map((e) => `    ${e}\n`).join('')}`);
  }
}
for (const [name, t] of Object.entries(columns)) {
  process.stdout.write(`${t}  ${name} column\n`);
  if (options.field === name) {
    process.stdout.write(t.examples.map((e) => `    ${e}\n`).join(''));
  }
}
process.stdout.write(`${all}  fields that either side has\n${both}  fields that both sides have\n`);
for (const [file, n] of [...worst].sort((a, b) => b[1] - a[1]).slice(0, Number(options.worst))) {
  process.stdout.write(`${String(n).padStart(6)} differences  ${file}\n`);
}
