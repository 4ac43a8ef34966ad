/**
 * The global `pktgdb` of scripts: `source FILE.mjs` and `js CODE`. In a script, for an editor:
 *
 *     /// <reference path="./pktgdb.d.ts" />
 */
declare namespace pktgdb {
  /** A struct, an array or a map of the machine; it can be looked into until the machine runs. */
  export interface Aggregate {
    readonly kind: string;
    readonly type: string;
    readonly length: number;
    /** Fields or elements by their names: all, or `count` from `start`. */
    children(start?: number, count?: number): Promise<Readonly<Record<string, Value>>>;
  }

  export type Value = number | bigint | boolean | string | null | undefined | Aggregate;

  export interface Frame {
    /** 0 is the innermost. */
    readonly index: number;
    readonly function: string;
    readonly file: string;
    readonly line: number;
  }

  export interface Breakpoint {
    readonly id: number;
    readonly verified: boolean;
    readonly hits: number;
    readonly message?: string;
    readonly locations: readonly { readonly file: string; readonly line: number; readonly function: string }[];
  }

  /** Why the machine has stopped. */
  export interface Stop {
    readonly kind: string;
    /** Numbers of breakpoints that were hit. */
    readonly breakpoints?: readonly number[];
  }

  export interface Row {
    readonly number: number;
    readonly tick: number;
    readonly probe: number;
    /** The machine's clock, in nanoseconds. */
    readonly ns: number;
    readonly function: string;
    readonly file: string;
    readonly line: number;
    /** As the command prints it. */
    readonly text: string;
  }

  /** The packet that the function handles: a field by Wireshark's name, undefined if it has none. */
  export type PacketField = (name: string) => number | bigint | string | boolean | undefined;

  export interface BreakpointOptions {
    /** An expression of the debugger's: `size > 60`. */
    readonly condition?: string;
    /**
     * Decides in the machine's thread whether to stop. It is taken there as text, so it sees nothing of the script
     * but its arguments: the function's variables that it names, and the packet. It must change nothing.
     */
    // biome-ignore lint/suspicious/noExplicitAny: the variables are of any type, and the text is not checked there.
    readonly stop?: (locals: any, packet: PacketField) => unknown;
    readonly temporary?: boolean;
  }

  /** Executes a command and resolves to what it prints: `await pktgdb.run("info registers")`. */
  export function run(command: string): Promise<string>;
  /** The value of an expression in a frame. It changes nothing. */
  export function evaluate(expression: string, frame?: number): Promise<Value>;
  /** The call stack, innermost first, while the machine stands still. */
  export function frames(): Promise<readonly Frame[]>;
  /** Fields of a frame's packet, as text by Wireshark's names; undefined if it handles none. */
  export function packet(frame?: number): Promise<Readonly<Record<string, string>> | undefined>;
  /** Asks about all that has been recorded, as the commands `calls`, `packets`, `plot`, `writes`, `last-write`. */
  export function query(kind: string, text?: string, limit?: number): Promise<readonly Row[]>;
  /** Sets a breakpoint at `FUNCTION` or `FILE:LINE`. */
  export function breakpoint(at: string, options?: BreakpointOptions): Promise<Breakpoint>;
  export function breakpoints(): Promise<readonly Breakpoint[]>;
  /** False if there is no such breakpoint. */
  function _delete(id: number): Promise<boolean>;

  export { _delete as delete };

  /** The next stop. */
  export function stopped(): Promise<Stop>;
  export function print(...values: readonly unknown[]): void;

  /** Calls `listener` at each event; what is returned takes it away again. */
  export function on(event: 'stopped', listener: (stop: Stop) => unknown): () => void;
  export function on(event: 'continued', listener: () => unknown): () => void;
  export function on(event: 'exited', listener: (code: number, message: string) => unknown): () => void;
  /** The guest has printed, or a log point has. */
  export function on(event: 'console' | 'log', listener: (text: string) => unknown): () => void;
}
