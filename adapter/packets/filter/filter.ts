/** Display filters: Wireshark's language for saying which packets are meant. */
import type { PacketView } from '../packet-view.ts';
import { marked } from '../span.ts';
import { FilterError } from './ast.ts';
import { captureHint } from './capture-syntax.ts';
import { compileTest } from './compile.ts';
import { expand, type Macros } from './macros.ts';
import { parseFilter } from './parser.ts';
import { fieldNamed, type Referenced } from './resolve.ts';

export { FilterError } from './ast.ts';
export type { Macros } from './macros.ts';
export type { Referenced } from './resolve.ts';

/** A filter that is understood. */
export interface Filter {
  readonly text: string;
  /** Whether the packet of a view is meant. Never throws, whatever the bytes. */
  readonly matches: (p: PacketView) => boolean;
  /** Names of the fields that it looks at. */
  readonly fieldsUsed: readonly string[];
}

export interface FilterOptions {
  /** The user's macros. */
  readonly macros?: Macros;
  /** What `${ip.src}` stands for; nothing without. */
  readonly referenced?: Referenced;
}

const NO_MACROS: Macros = new Map();

/** Throws `FilterError`, which knows and shows the part of the text that is wrong. An empty text means every packet. */
export function compileFilter(text: string, options: FilterOptions = {}): Filter {
  try {
    return compiled(text, options);
  } catch (error) {
    if (error instanceof FilterError) {
      const hint = captureHint(text);
      const message = hint === undefined ? error.message : `${error.message} ${hint}`;
      throw new FilterError(message, error.span, marked(text, error.span));
    }
    throw error;
  }
}

function compiled(text: string, { macros = NO_MACROS, referenced = () => [] }: FilterOptions): Filter {
  const expanded = expand(text, macros, (name) => fieldNamed(name) !== undefined);
  try {
    const tree = parseFilter(expanded.text);
    const { matches, fields } = tree === null ? { matches: () => true, fields: [] } : compileTest(tree, referenced);
    return { text, matches, fieldsUsed: fields };
  } catch (error) {
    if (error instanceof FilterError && error.span) {
      throw new FilterError(error.message, expanded.original(error.span));
    }
    throw error;
  }
}
