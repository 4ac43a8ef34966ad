/** Rows of queries as the timeline shows them: marks, or values over time. Needs nothing of VS Code. */
import type { QueryRowsEventBody, QueryRowView, TimelineMark, TimelinePoint } from '../../adapter/dap/custom.ts';
import { QUESTIONS } from '../history/questions.ts';

/** Rows of one query that are kept. */
const MAX_ROWS = 200_000;
/** Values over time that are shown at the same time. */
const MAX_PLOTS = 8;

/** A value that changes: from each point on it is `value`. */
export interface Plot {
  readonly name: string;
  readonly points: readonly (TimelinePoint & { readonly value: number })[];
}

/** What has been found. */
export interface Found {
  readonly marks: readonly TimelineMark[];
  readonly plots: readonly Plot[];
}

interface Query {
  readonly name: string;
  readonly rows: QueryRowView[];
}

export class FoundRows {
  readonly #queries = new Map<number, Query>();
  #last = 0;

  /** A query begins; the answer is its number. */
  begin(name: string): number {
    this.#last++;
    this.#queries.set(this.#last, { name, rows: [] });
    return this.#last;
  }

  /** Rows have come. The first of a query that was not begun here takes the place of those before. */
  add({ id, rows }: QueryRowsEventBody): void {
    if (id === QUESTIONS.drops) {
      return; // listings have asked
    }
    if (id <= 0 && rows[0]?.number === 1) {
      this.#queries.delete(id);
    }
    const query = this.#queries.get(id) ?? { name: '', rows: [] };
    this.#queries.set(id, query);
    query.rows.push(...rows.slice(0, Math.max(0, MAX_ROWS - query.rows.length)));
  }

  clear(): void {
    this.#queries.clear();
  }

  get found(): Found {
    const all = [...this.#queries.values()];
    return {
      marks: all.flatMap(({ rows }) => rows.filter((row) => row.value === undefined).map(markOf)),
      plots: all.flatMap(plotsOf).slice(-MAX_PLOTS),
    };
  }
}

function markOf({ ns, packets, captured, tick, probe, text }: QueryRowView): TimelineMark {
  const number = captured === undefined ? {} : { captured };
  return { kind: 'row', ns, packets, ...number, text, moment: `${tick}:${probe}` };
}

/** The values of a query: one plot for each that goes by the name. */
function plotsOf({ name, rows }: Query): Plot[] {
  const series = new Map<string, Plot['points'][number][]>();
  for (const { value, series: which = '', ns, packets } of rows) {
    const number = Number(value?.value);
    if (value !== undefined && Number.isFinite(number)) {
      const points = series.get(which) ?? [];
      series.set(which, points);
      points.push({ ns, packets, value: number });
    }
  }
  return [...series].map(([which, points]) => ({ name: [name, which].filter(Boolean).join(' '), points }));
}
