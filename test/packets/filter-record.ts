/** What tshark said of filters: how it is kept, one line a filter. */
import { readFileSync } from 'node:fs';

export const RECORD: URL = new URL('../vectors/filters.tsv', import.meta.url);

/** What a program says of a filter: the numbers of the packets, or that the filter is wrong. */
export type Answer = readonly number[] | 'error';

export interface FilterRecord {
  /** Whose answers these are: `TShark (Wireshark) 4.0.17`. */
  readonly program: string;
  readonly answers: ReadonlyMap<string, Answer>;
}

/** Reads the record; empty if there is none. */
export function readRecord(): FilterRecord {
  let lines: string[] = [];
  try {
    lines = readFileSync(RECORD, 'utf8').split('\n').slice(0, -1);
  } catch {
    // It is to be made.
  }
  const [program = '', ...rest] = lines;
  const answers = rest.map((line): [string, Answer] => {
    const [answer = '', text = '""'] = line.split('\t');
    return [JSON.parse(text) as string, answer === 'error' ? 'error' : expanded(answer)];
  });
  return { program, answers: new Map(answers) };
}

/** The record as a file: the program, then the answer and the filter as a JSON string with a tab between. */
export function formatRecord({ program, answers }: FilterRecord): string {
  const lines = [...answers].map(([filter, answer]) => {
    const text = answer === 'error' ? answer : shortened(answer);
    return `${text}\t${JSON.stringify(filter)}`;
  });
  return [program, ...lines, ''].join('\n');
}

/** `1-3 7`: runs of numbers by their ends. */
function shortened(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === n - 1) {
      last[1] = n;
    } else {
      runs.push([n, n]);
    }
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(' ');
}

function expanded(text: string): number[] {
  return text
    .split(' ')
    .filter((run) => run !== '')
    .flatMap((run) => {
      const [from = 0, to = from] = run.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}
