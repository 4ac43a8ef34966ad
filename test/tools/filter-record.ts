/**
 * `npx tsx test/tools/filter-record.ts [--all] [--compare]`: asks tshark about the filters of `filter-cases.ts` and
 * writes test/vectors/filters.tsv. Filters it was asked about before keep their answers, unless `--all` says
 * otherwise. With `--compare`, it writes nothing but what is different here.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ourAnswers } from '../packets/filter-answers.ts';
import { filterCapture } from '../packets/filter-capture.ts';
import { FILTERS } from '../packets/filter-cases.ts';
import { type Answer, formatRecord, RECORD, readRecord } from '../packets/filter-record.ts';

/** Runs of tshark at a time. */
const WORKERS = 4;

function ask(file: string, filter: string): Promise<Answer> {
  const args = ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number'];
  const env = { ...process.env, TZ: 'UTC' };
  return new Promise((resolve, reject) => {
    execFile('tshark', args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error && error.code !== 2) {
        reject(new Error(`${filter}: ${stderr}`));
      } else {
        resolve(error ? 'error' : stdout.split('\n').filter(Boolean).map(Number));
      }
    });
  });
}

async function record(filters: readonly string[], known: ReadonlyMap<string, Answer>): Promise<Map<string, Answer>> {
  const folder = mkdtempSync(join(tmpdir(), 'filters-'));
  const file = join(folder, 'all.pcapng');
  writeFileSync(file, filterCapture());
  const answers = new Map(known);
  const waiting = filters.filter((f) => !known.has(f));
  const work = async (): Promise<void> => {
    for (let f = waiting.shift(); f !== undefined; f = waiting.shift()) {
      answers.set(f, await ask(file, f));
    }
  };
  try {
    await Promise.all(Array.from({ length: WORKERS }, work));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return new Map(filters.map((f): [string, Answer] => [f, answers.get(f) ?? 'error']));
}

async function main(words: readonly string[]): Promise<void> {
  const before = words.includes('--all') ? new Map<string, Answer>() : readRecord().answers;
  const answers = await record(FILTERS, before);
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

await main(process.argv.slice(2));
