/** Source text: the lines of a stop, `list`, and where a file is. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../commands/command.ts';
import {
  type DefaultPlace,
  findFile,
  findFiles,
  findFunctions,
  parseLocation,
  unknownFunction,
} from '../commands/linespec.ts';
import type { SOURCE_COMMANDS } from '../commands/table/source.ts';
import type { EngineApi } from '../engine/api.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { placeOfAddress, regexOf } from './places.ts';
import { colouredLines } from './source-colours.ts';
import type { Styles } from './styles.ts';

/** Reads source files, and remembers what `list` showed last. */
export class SourceView {
  readonly #engine: EngineApi;
  readonly #files = new Map<string, readonly string[] | undefined>();
  readonly #coloured = new Map<string, readonly string[]>();
  readonly #styles: Styles;
  /** The place of the last stop, frame or listing. */
  #place: DefaultPlace | undefined;
  /** First and last line shown last; undefined after a stop: the next `list` is around the place. */
  shown: { first: number; last: number } | undefined;
  /** What `search` looked for last. */
  searched = '';

  constructor(engine: EngineApi, styles: Styles) {
    this.#engine = engine;
    this.#styles = styles;
  }

  /** The current source file and line. */
  current(): DefaultPlace | undefined {
    return this.#place;
  }

  center(file: string, line: number): void {
    this.#place = { file, line };
    this.shown = undefined;
  }

  /** Path of a file of the stack on this machine. */
  path(file: string): string {
    return join(this.#engine.sourceRoot, file);
  }

  /** Lines of a file; undefined if it cannot be read. */
  lines(file: string): readonly string[] | undefined {
    if (!this.#files.has(file)) {
      let lines: string[] | undefined;
      try {
        lines = readFileSync(this.path(file), 'utf8').replace(/\n$/, '').split('\n');
      } catch {
        lines = undefined;
      }
      this.#files.set(file, lines);
    }
    return this.#files.get(file);
  }

  /** A line of a file as it is shown: in colours where that is wanted. */
  shownLine(file: string, line: number): string | undefined {
    const lines = this.lines(file);
    if (!lines || !this.#styles.sources) {
      return lines?.[line - 1];
    }
    const coloured = this.#coloured.get(file) ?? colouredLines(lines);
    this.#coloured.set(file, coloured);
    return coloured[line - 1];
  }

  /** `1031\t  const ...`; without the source, where it would be. */
  numberedLine(file: string, line: number): string {
    const text = this.shownLine(file, line);
    return text === undefined ? `${line}\tin ${file}` : `${line}\t${text}`;
  }
}

/** Prints lines `first` to `last`, as far as there are. */
function printLines(gdb: GdbInterpreter, file: string, first: number, last: number): void {
  const lines = gdb.source.lines(file);
  if (!lines) {
    throw new CommandError(`${file}: the source is not at ${gdb.source.path(file)}.`);
  }
  if (first > lines.length) {
    throw new CommandError(`Line number ${first} out of range; ${file} has ${lines.length} lines.`);
  }
  const end = Math.min(last, lines.length);
  for (let n = Math.max(first, 1); n <= end; n++) {
    gdb.out(`${n}\t${gdb.source.shownLine(file, n)}\n`);
  }
  gdb.source.center(file, end);
  gdb.source.shown = { first: Math.max(first, 1), last: end };
}

function around(gdb: GdbInterpreter, file: string, line: number): void {
  const size = gdb.settings.listsize;
  const first = Math.max(1, line - Math.floor(size / 2));
  printLines(gdb, file, first, first + size - 1);
}

/** The place to list when nothing was: the frame, else `main`. */
async function startPlace(gdb: GdbInterpreter): Promise<DefaultPlace> {
  const here = gdb.source.current() ?? (gdb.engine.state === 'stopped' ? (await gdb.selected()).location : undefined);
  const place = here ?? findFunctions(gdb.engine, 'main')[0];
  if (!place) {
    throw new CommandError('No symbol table is loaded: the stack is not built.');
  }
  return { file: place.file, line: place.line };
}

async function list(gdb: GdbInterpreter, args: string): Promise<void> {
  const text = args.trim();
  const size = gdb.settings.listsize;
  const here = await startPlace(gdb);
  const { shown } = gdb.source;
  if (text === '' || text === '+') {
    if (!shown) {
      return around(gdb, here.file, here.line);
    }
    return printLines(gdb, here.file, shown.last + 1, shown.last + size);
  }
  if (text === '-') {
    gdb.repeatAs('list -');
    const before = shown ? shown.first : here.line - Math.floor(size / 2);
    if (before <= 1) {
      throw new CommandError(`Already at the start of ${here.file}.`);
    }
    return printLines(gdb, here.file, Math.max(1, before - size), before - 1);
  }
  const comma = text.indexOf(',');
  if (comma < 0) {
    return listAround(gdb, text, here);
  }
  const from = text.slice(0, comma).trim();
  const to = text.slice(comma + 1).trim();
  if (from === '') {
    const end = lineOf(gdb, to, here);
    return printLines(gdb, end.file, Math.max(1, end.line - size + 1), end.line);
  }
  const [first = here, ...also] = placesOf(gdb, from, here);
  if (also.length > 0) {
    const all = placesOf(gdb, from, here).map((p) => ambiguityLine(p.file, p.line, p.symbol));
    throw new CommandError(`Specified first line '${from}' is ambiguous:\n${all.join('').trimEnd()}`);
  }
  const last = to === '' ? first.line + size - 1 : lineOf(gdb, to, first).line;
  if (last < first.line) {
    throw new CommandError('Second line of the range is before the first.');
  }
  printLines(gdb, first.file, first.line, last);
}

/** `list LOCATION`: around it; where a file's name means several, around the line of each. */
async function listAround(gdb: GdbInterpreter, text: string, here: DefaultPlace): Promise<void> {
  const address = await placeOfAddress(gdb, text);
  if (address) {
    gdb.out(`${placedText(gdb, address)}\n`);
    return around(gdb, address.file, address.line);
  }
  const places = placesOf(gdb, text, here);
  for (const { file, line, symbol } of places) {
    if (places.length > 1) {
      gdb.out(ambiguityLine(file, line, symbol));
    }
    around(gdb, file, line);
  }
}

/** All lines that a linespec means: a file's name or a function's may be that of several. */
export function placesOf(
  gdb: GdbInterpreter,
  text: string,
  here: DefaultPlace,
): readonly (DefaultPlace & { readonly symbol: string })[] {
  const [, name, line] = /^(.+):(\d+)$/.exec(text) ?? [];
  const files = name === undefined ? [] : findFiles(gdb.engine, name);
  if (files.length > 1) {
    return files.map((file) => ({ file, line: Number(line), symbol: '???' }));
  }
  const functions = /^[A-Za-z_]\w*$/.test(text) ? findFunctions(gdb.engine, text) : [];
  if (functions.length > 1) {
    return functions.map((f) => ({ file: f.file, line: f.line, symbol: f.name }));
  }
  return [{ ...lineOf(gdb, text, here), symbol: '???' }];
}

function ambiguityLine(file: string, line: number, symbol: string): string {
  return `file: "${file}", line number: ${line}, symbol: "${symbol}"\n`;
}

/** `0x1af is in tcp_input (slirp/tcp_input.ts:155).` */
function placedText(gdb: GdbInterpreter, at: DefaultPlace & { readonly column?: number }): string {
  const { functions, probes } = gdb.engine.info;
  const probe = probes.find(
    (p) =>
      functions[p.fn]?.file === at.file && p.line === at.line && (at.column === undefined || p.column === at.column),
  );
  const fn = functions[probe?.fn ?? -1];
  return `0x${(probe?.id ?? 0).toString(16)} is in ${fn?.name} (${at.file}:${at.line}).`;
}

/** The line that a linespec names; numbers may be beyond the code. */
export function lineOf(gdb: GdbInterpreter, text: string, here: DefaultPlace): DefaultPlace {
  const m = /^(?:(.+):)?(\d+)$/.exec(text);
  if (m) {
    return { file: m[1] === undefined ? here.file : findFile(gdb.engine, m[1]), line: Number(m[2]) };
  }
  const at = parseLocation(gdb.engine, text, here);
  if (at.kind === 'line') {
    return at;
  }
  const [f] = findFunctions(gdb.engine, at.name);
  if (!f) {
    throw new CommandError(unknownFunction(gdb.engine, at.name));
  }
  return { file: f.file, line: f.line };
}

/** `search REGEX`: the next line of the file that it matches, or the one before. */
async function search(gdb: GdbInterpreter, args: string, direction: 1 | -1): Promise<void> {
  const here = await startPlace(gdb);
  const lines = gdb.source.lines(here.file) ?? [];
  if (args.trim() === '' && gdb.source.searched === '') {
    throw new CommandError('No previous regular expression');
  }
  gdb.source.searched = args.trim() || gdb.source.searched;
  const re = regexOf(gdb.source.searched);
  const from =
    gdb.source.shown === undefined ? here.line : direction > 0 ? gdb.source.shown.last : gdb.source.shown.first;
  for (let n = from + direction; n >= 1 && n <= lines.length; n += direction) {
    if (re.test(lines[n - 1] ?? '')) {
      gdb.out(`${n}\t${gdb.source.shownLine(here.file, n)}\n`);
      gdb.source.center(here.file, n);
      gdb.source.shown = { first: n, last: n };
      gdb.evaluator.setVariable('_', n);
      return;
    }
  }
  throw new CommandError('Expression not found');
}

export const SOURCE_HANDLERS: Handlers<typeof SOURCE_COMMANDS> = {
  list,
  'forward-search': (gdb, args) => search(gdb, args, 1),
  'reverse-search': (gdb, args) => search(gdb, args, -1),
};
