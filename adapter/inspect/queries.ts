/** Answers of queries as lines of text. */
import type { QueryEnd, QueryRequest, QueryRow, Value } from '../engine/api.ts';
import { packetNumber, visible } from '../packets/format.ts';
import { formatSummary } from '../packets/summary.ts';
import { formatArgument } from './values.ts';

const NS = 1e9;

/** The moment of a row, as `goto` takes it. */
export function rowMoment({ tick, probe }: Pick<QueryRow, 'tick' | 'probe'>): string {
  return `${tick}:${probe}`;
}

/**
 * `3  22283:4427  0.012345678 s  packet 12  tcp_output (tp=0x7f0000001000) <- tcp_input = 1`: number, position, time,
 * the last packet at the user network's edge, and what was found.
 */
export function rowText(request: QueryRequest, row: QueryRow): string {
  const seconds = `${(row.ns / NS).toFixed(9)} s`;
  return [row.number, rowMoment(row), seconds, `packet ${packetNumber(row)}`, found(request, row)].join('  ');
}

function found(request: QueryRequest, row: QueryRow): string {
  switch (request.kind) {
    case 'calls':
      return callText(row, request.show?.map((e) => e.text) ?? []);
    case 'packets':
      return row.packet ? `${row.layer} ${row.fn}: ${formatSummary(row.packet)}` : '';
    case 'plot':
      return changeText(row);
    case 'writes':
    case 'last-write':
      return writeText(request.watch.text, row);
  }
}

/** `tcp_output (tp=0x7f0000001000) <- tcp_input = 1, tp->t_state = 4` */
function callText(row: QueryRow, shown: readonly string[]): string {
  const args = (row.args ?? []).map((a) => `${a.name}=${formatArgument(a.value)}`).join(', ');
  const caller = row.caller === '' ? '' : ` <- ${row.caller}`;
  const returned = row.returned === undefined ? '' : ` = ${formatArgument(row.returned)}`;
  const values = shown.map((text, i) => {
    const value = row.shown?.[i];
    return `, ${text} = ${value === undefined ? '' : shownText(value)}`;
  });
  return `${row.fn} (${args})${caller}${returned}${values.join('')}`;
}

/** A value that was to be shown; a text as it is. */
function shownText(value: Value): string {
  return value.kind === 'string' ? visible(String(value.value)) : formatArgument(value);
}

/** `socket 1: 1460 (was 0) in tcp_reass` */
function changeText({ series = '', value, old, fn }: QueryRow): string {
  const name = series === '' ? '' : `${series}: `;
  const now = value === undefined ? '' : formatArgument(value);
  const before = old === undefined ? '' : ` (was ${formatArgument(old)})`;
  return `${name}${now}${before}${fn === '' ? '' : ` in ${fn}`}`;
}

/** `$RDT: 2 -> 3 in set_rdt () at hw/net/e1000.ts:187` */
function writeText(name: string, { value, old, fn, file, line, debugger: debug }: QueryRow): string {
  const text = (v: Value | undefined): string => (v === undefined ? '?' : formatArgument(v));
  const by = debug ? 'by the debugger' : `in ${fn} () at ${file}:${line}`;
  return `${name}: ${text(old)} -> ${text(value)} ${by}`;
}

/** What is said behind the rows; empty where they speak for themselves. */
export function endText({ rows, complete, failure }: QueryEnd): string {
  const none = rows === 0 && complete ? 'Nothing found.\n' : '';
  return `${none}${failure === '' ? '' : `warning: ${failure}\n`}`;
}
