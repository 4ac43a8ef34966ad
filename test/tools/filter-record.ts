/**
 * `npx tsx test/tools/filter-record.ts [--all] [--compare]`: asks Wireshark about the filters of `filter-cases.ts` and
 * writes test/vectors/filters.tsv. Filters it was asked about before keep their answers, unless `--all` says
 * otherwise. With `--compare`, it writes nothing but what is different here.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ourAnswers } from '../packets/filter-answers.ts';
import { filterCapture } from '../packets/filter-capture.ts';
import { FILTERS } from '../packets/filter-cases.ts';
import { type Answer, formatRecord, RECORD, readRecord } from '../packets/filter-record.ts';

/** An answer of sharkd to one request. */
interface Reply {
  readonly id: number;
  readonly result?: readonly { readonly num: number }[];
  readonly error?: { readonly message: string };
}

/** Asks sharkd, Wireshark's engine as a service: it reads the capture once, where tshark takes a run for each filter. */
function record(filters: readonly string[], known: ReadonlyMap<string, Answer>): Map<string, Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'filters-'));
  const file = join(folder, 'all.pcapng');
  writeFileSync(file, filterCapture());
  const waiting = filters.filter((f) => !known.has(f));
  const request = (id: number, method: string, params: object): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
  const requests = [
    request(1, 'load', { file }),
    ...waiting.map((filter, i) => request(i + 2, 'frames', { filter })),
    request(waiting.length + 2, 'bye', {}),
  ];
  try {
    const output = execFileSync('sharkd', ['-'], {
      input: requests.join(''),
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
      maxBuffer: 2 ** 31,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const answers = new Map(known);
    for (const line of output.split('\n').filter((l) => l.startsWith('{'))) {
      const { id, result, error } = JSON.parse(line) as Reply;
      const filter = waiting[id - 2];
      if (filter !== undefined) {
        answers.set(filter, error ? 'error' : (result ?? []).map((frame) => frame.num));
      }
    }
    return new Map(filters.flatMap((f) => (answers.has(f) ? [[f, answers.get(f) as Answer]] : [])));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(words: readonly string[]): void {
  const before = words.includes('--all') ? new Map<string, Answer>() : readRecord().answers;
  const answers = record(FILTERS, before);
  if (!words.includes('--compare')) {
    const [program = ''] = execFileSync('tshark', ['--version'], { encoding: 'utf8' }).split('\n');
    writeFileSync(RECORD, formatRecord({ program: program.replace(/ \(Git.*/, ''), answers }));
  }
  const ours = ourAnswers([...answers.keys()]);
  let different = 0;
  for (const [filter, answer] of answers) {
    const here = ours.get(filter);
    if (String(here) !== String(answer)) {
      different++;
      process.stdout.write(`${filter}\n  tshark: ${String(answer)}\n  here:   ${String(here)}\n`);
    }
  }
  process.stdout.write(`${answers.size} filters, ${different} different\n`);
}

main(process.argv.slice(2));
