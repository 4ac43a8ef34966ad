/**
 * Questions about all that has been recorded, as front ends ask them: `EngineApi.query`. Rows come as they are found,
 * in the order in which things happened.
 */
import type { PassedPacket } from '../inferior/asked.ts';
import type { TimePosition } from '../inferior/stop.ts';
import type { NamedValue, Value } from '../inferior/value.ts';
import type { ExpressionCompiler, PacketLayer, WatchLocation } from './api.ts';

/** An expression of the user's, with what compiles it where it is evaluated. */
export interface QueryExpression {
  readonly text: string;
  readonly compile: ExpressionCompiler;
}

export type QueryRequest =
  /** Every call of functions (by their index in the debug info) for which a condition holds. */
  | {
      readonly kind: 'calls';
      readonly functions: readonly number[];
      readonly condition?: QueryExpression;
      readonly show?: readonly QueryExpression[];
    }
  /** Packets as they pass layers of the path. */
  | { readonly kind: 'packets'; readonly layers: readonly PacketLayer[]; readonly condition?: QueryExpression }
  /** Every change of a register, a field or guest memory, or the last one before here. `frame`: where it is named. */
  | { readonly kind: 'writes' | 'last-write'; readonly watch: WatchLocation; readonly frame: number }
  /** How an expression changes: at calls and returns where its locals are parameters, else at packets and turns. */
  | { readonly kind: 'plot'; readonly expression: QueryExpression };

export type { PassedPacket };

/** An answer. What there is beyond the moment depends on what was asked. */
export interface QueryRow extends TimePosition {
  /** From 1. */
  readonly number: number;
  /** The machine's clock in nanoseconds. */
  readonly ns: number;
  /** Packets that had passed the user network's edge. */
  readonly packets: number;
  /** In a replay: number in the capture of the last of them, 0 if it is none of it. */
  readonly captured?: number | undefined;
  /** The function, and where in the sources (relative to `EngineApi.sourceRoot`); empty between turns. */
  readonly fn: string;
  readonly file: string;
  readonly line: number;
  /** The function that called it; empty if there is none. */
  readonly caller: string;
  readonly args?: readonly NamedValue[];
  readonly returned?: Value;
  /** Values of what was to be shown, in order. */
  readonly shown?: readonly Value[];
  /** What an expression is now, and what it was before. */
  readonly value?: Value;
  readonly old?: Value;
  /** The debugger wrote it, not the statement at the position. */
  readonly debugger?: true;
  /** Which of several values under one name: `socket 2`. Empty if there is one only. */
  readonly series?: string;
  readonly packet?: PassedPacket;
  /** Where a packet passes. */
  readonly layer?: PacketLayer;
}

export interface QueryOptions {
  /** Takes rows as they are found. */
  readonly rows: (rows: readonly QueryRow[]) => void;
  /** Hears how much of the recording has been looked at. */
  readonly progress?: (done: number, total: number) => void;
  /** Gives the query up. */
  readonly signal?: AbortSignal;
  /** It ends after so many rows. */
  readonly limit?: number;
}

/** What a query came to. */
export interface QueryEnd {
  readonly rows: number;
  /** Everything has been looked at. */
  readonly complete: boolean;
  /** What went wrong first when an expression was evaluated; empty if nothing did. */
  readonly failure: string;
}
