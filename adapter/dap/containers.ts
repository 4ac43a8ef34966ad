/** What is behind a `variablesReference`: rows that are made when a client asks for them, all at once or in pages. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { SourceLocation } from '../compiler/debug-info.ts';

/** A part of what a memory reference means. */
export interface MemoryPlace {
  readonly memoryReference: string;
  readonly offset: number;
  readonly count: number;
}

/** One row, before its children have a reference. */
export interface Item {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  readonly evaluateName?: string;
  readonly memoryReference?: string;
  /** Of a row that has been set: the memory that has changed by it. */
  readonly memory?: MemoryPlace;
  readonly children?: Container;
  readonly presentationHint?: DebugProtocol.VariablePresentationHint;
  /** Where it is declared, and where what it points to is. */
  readonly declaration?: SourceLocation;
  readonly pointee?: SourceLocation;
}

/** How numbers are to be written. */
export interface ValueFormat {
  readonly hex: boolean;
  /** As it suits what they are: counts, ports and sizes are decimal all the same. */
  readonly byKind?: boolean;
  /** In this base instead. */
  readonly base?: 2 | 8;
}

export interface Container {
  /** How many rows are named and how many are elements of an array; a client pages the latter. */
  readonly named: number;
  readonly indexed: number;
  /** The frame that the expressions of the rows are about, if they are about one. */
  readonly frame?: number;
  /** Rows `start` to `start + count` of the named ones followed by the indexed ones. */
  rows(start: number, count: number, format: ValueFormat): Promise<readonly Item[]>;
  /** Assigns `value`, an expression, to the row `name`. Absent where nothing can be set. */
  set?(name: string, value: string, format: ValueFormat): Promise<Item>;
}

/** A container of rows that are cheap to make. */
export function listContainer(
  make: (format: ValueFormat) => readonly Item[],
  set?: (name: string, value: string, format: ValueFormat) => Promise<Item>,
): Container {
  return {
    named: 0,
    indexed: 0,
    rows: async (start, count, format) => make(format).slice(start, start + count),
    ...(set === undefined ? {} : { set }),
  };
}

/** The rows that the arguments of a `variables` request select. `count` 0 means all, as the specification has it. */
export function selectRows(
  container: Container,
  filter: string | undefined,
  start: number,
  count: number,
  format: ValueFormat,
): Promise<readonly Item[]> {
  const wanted = count === 0 ? Number.POSITIVE_INFINITY : count;
  if (filter === 'indexed') {
    const rest = Math.max(0, container.indexed - start);
    return container.rows(container.named + start, Math.min(wanted, rest), format);
  }
  if (filter === 'named' && container.indexed > 0) {
    return container.rows(start, Math.min(wanted, Math.max(0, container.named - start)), format);
  }
  return container.rows(start, wanted, format);
}
