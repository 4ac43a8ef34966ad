/** What `catch` is given, and the condition of an exception filter of DAP: which event, and a condition behind `if`. */
import {
  type CatchEvent,
  type CatchKind,
  PACKET_LAYERS,
  type PacketLayer,
  type SocketEnd,
  TCP_STATE_NAMES,
} from '../engine/api.ts';
import { FilterWords } from '../inspect/filter-words.ts';
import { ALL_REGISTERS, findRegister } from '../inspect/registers.ts';
import { FilterError } from '../packets/filter/filter.ts';
import { within } from '../packets/span.ts';
import { DROP_REASONS } from '../stack/util/drop_reasons.ts';
import { CommandError } from './command.ts';
import { knownName } from './known-names.ts';

export interface CatchText {
  readonly event: CatchEvent;
  readonly condition: string | undefined;
  /** Offset of the condition in the text. */
  readonly at: number;
}

export const LAYER_NAMES: readonly string[] = Object.keys(PACKET_LAYERS);
export const DROP_NAMES: readonly string[] = Object.keys(DROP_REASONS);
const ICR = findRegister('ICR')?.fields ?? [];
export const CAUSE_NAMES: readonly string[] = ICR.map((f) => f.name);
export const REGISTER_NAMES: readonly string[] = ALL_REGISTERS.map((r) => r.name);

/** Words that may stand behind `catch KIND`, for completion. */
export const CATCH_WORDS: Readonly<Record<CatchKind, readonly string[]>> = {
  packet: [],
  drop: DROP_NAMES,
  irq: CAUSE_NAMES,
  state: ['slirp', 'guest', ...TCP_STATE_NAMES],
  retransmit: [],
  rst: [],
  mmio: ['read', 'write', ...REGISTER_NAMES],
  exception: [],
};

export const CATCH_KINDS = Object.keys(CATCH_WORDS) as readonly CatchKind[];

/** Reads what stands behind `catch KIND`. Throws `CommandError`, which knows what is wrong and where. */
export function parseCatch(kind: CatchKind, text: string, filters = new FilterWords()): CatchText {
  const { before, condition, at } = splitCondition(text);
  return { event: within(before, 0, () => eventOf(kind, before, filters)), condition, at };
}

/** Splits `EVENT if CONDITION`; an `if` in a string is none. */
function splitCondition(text: string): { before: string; condition: string | undefined; at: number } {
  const found = /^((?:"(?:[^"\\]|\\.)*"|(?!(?:^|\s)if(?=[\s(!~*&$-]|$))[\s\S])*?)(?:^|\s)if(?=[\s(!~*&$-]|$)/.exec(
    text,
  );
  if (!found) {
    return { before: text, condition: undefined, at: text.length };
  }
  const rest = text.slice(found[0].length);
  const condition = rest.trim();
  if (condition === '') {
    throw new CommandError('Argument required (a condition behind "if").');
  }
  return { before: found[1] ?? '', condition, at: text.length - rest.trimStart().length };
}

function eventOf(kind: CatchKind, text: string, filters: FilterWords): CatchEvent {
  const words = text.split(/\s+/).filter((w) => w !== '');
  switch (kind) {
    case 'packet': {
      const found = packetText(text, filters);
      const made = filters.source(found.filter, found.layer);
      return { what: 'packet', ...found, ...(made === JSON.stringify(found.filter) ? {} : { made }) };
    }
    case 'drop':
      return { what: 'drop', reason: one(words, DROP_NAMES, 'reason of a drop', 'info drops') };
    case 'irq': {
      const cause = one(words, CAUSE_NAMES, 'interrupt cause', 'ptype $ICR');
      return { what: 'irq', cause, bit: 2 ** (ICR.find((f) => f.name === cause)?.lsb ?? Number.NEGATIVE_INFINITY) };
    }
    case 'state':
      return stateEvent(words);
    case 'mmio':
      return mmioEvent(words);
    default:
      if (words.length > 0) {
        throw new CommandError(`"catch ${kind}" takes no argument but a condition behind "if".`);
      }
      return { what: kind };
  }
}

/** A filter that stands in quotes as a whole, as it does in `$pkt("...")`; any other as it is. */
export function withoutQuotes(filter: string): string {
  const [, quoted] = /^\s*"((?:[^"\\]|\\.)*)"\s*$/s.exec(filter) ?? [];
  return quoted === undefined ? filter : quoted.replace(/\\(["\\])/g, '$1');
}

/** Splits `FILTER [in LAYER]`, of which the first may stand in quotes, and checks both. Throws `CommandError`. */
export function packetText(text: string, filters = new FilterWords()): { filter: string; layer: PacketLayer } {
  const found = /^(.*?)(?:^|\s)in\s+([A-Za-z0-9_]+)\s*$/s.exec(text);
  const written = (found?.[1] ?? text).trimEnd();
  const filter = withoutQuotes(written);
  within(filter, filter === written ? 0 : written.indexOf('"') + 1, () => checkFilter(filter, filters));
  if (found?.[2] === undefined) {
    return { filter, layer: filters.layer };
  }
  const layer = LAYER_NAMES.find((name) => name === found[2]);
  if (layer === undefined) {
    const start = text.trimEnd().length - found[2].length;
    throw new CommandError(`There is no layer "${found[2]}"; layers are ${LAYER_NAMES.join(', ')}.`, {
      start,
      end: start + found[2].length,
    });
  }
  return { filter, layer: layer as PacketLayer };
}

/** Throws the error of a filter as one of the command. */
function checkFilter(filter: string, filters: FilterWords): void {
  try {
    filters.compile(filter);
  } catch (error) {
    throw error instanceof FilterError ? new CommandError(error.message, error.span, error.excerpt) : error;
  }
}

/** The only word, which is one of `names`, whatever its case; empty if there is none. */
function one(words: readonly string[], names: readonly string[], what: string, where: string): string {
  const [word = '', more] = words;
  if (more !== undefined) {
    throw new CommandError(`Junk at end of arguments: "${more}"; a condition stands behind "if".`);
  }
  return word === '' ? '' : knownName(word, names, what, where);
}

/** Other spellings of states: Linux's, netstat's, BSD's. */
const OTHER_STATES: Readonly<Record<string, string>> = {
  SYNRECV: 'SYN_RCVD',
  SYNRECEIVED: 'SYN_RCVD',
  CLOSE: 'CLOSED',
};

function stateOf(word: string): string | undefined {
  const plain = word.toUpperCase().replace(/[-_]|^TCPS?_/g, '');
  return OTHER_STATES[plain] ?? TCP_STATE_NAMES.find((s) => s.replaceAll('_', '') === plain);
}

/** `[slirp | guest] [[ADDRESS:]PORT] [STATE]`, in any order. */
function stateEvent(words: readonly string[]): CatchEvent {
  let side: '' | 'slirp' | 'guest' = '';
  let end: SocketEnd | null = null;
  let state = '';
  for (const word of words) {
    const socket = endOf(word);
    const named = stateOf(word);
    if (word === 'slirp' || word === 'guest') {
      side = word;
    } else if (socket) {
      end = socket;
    } else if (named !== undefined) {
      state = named;
    } else {
      throw new CommandError(
        `"${word}" is no socket (PORT or ADDRESS:PORT) and no state; states are ${TCP_STATE_NAMES.join(', ')}.`,
      );
    }
  }
  return { what: 'state', side, end, state };
}

function endOf(word: string): SocketEnd | null {
  const [, address, a, b, c, d, port] = /^((\d+)\.(\d+)\.(\d+)\.(\d+):)?(\d+)$/.exec(word) ?? [];
  if (port === undefined || Number(port) > 65535) {
    return null;
  }
  const value = address === undefined ? null : [a, b, c, d].reduce((sum, n) => sum * 256 + Number(n), 0);
  return { port: Number(port), address: value, text: word };
}

/** `[read | write] [REGISTER]`. */
function mmioEvent(words: readonly string[]): CatchEvent {
  const [first = ''] = words;
  const access = first === 'read' || first === 'write' ? first : '';
  const name = one(access === '' ? words : words.slice(1), REGISTER_NAMES, 'register', 'info registers').toUpperCase();
  const info = findRegister(name);
  const from = info?.offset ?? 0;
  const to = info ? info.offset + info.stride * (info.count - 1) + 4 : 0;
  return { what: 'mmio', access, register: info?.name ?? '', from, to };
}
