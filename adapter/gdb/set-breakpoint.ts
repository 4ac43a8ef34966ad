/** Setting breakpoints: `break` and its relatives, `dprintf`, `rbreak`, `catch packet`. */
import { CATCH_KINDS, parseCatch } from '../commands/catch-text.ts';
import { CommandError } from '../commands/command.ts';
import { type DefaultPlace, findFile, findFunctions, type Location, splitBreakpoint } from '../commands/linespec.ts';
import { splitPrintf } from '../commands/split.ts';
import { splitWord, splitWords } from '../commands/words.ts';
import { type Breakpoint, type BreakpointSpec, type CatchKind, EngineError, eventText } from '../engine/api.ts';
import { declaration } from '../inspect/type-text.ts';
import { errorText, within } from '../packets/span.ts';
import { placeText } from './breakpoint-table.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { defaultPlace, placeOf, regexOf } from './places.ts';
import { conversionsOf, unescapeC } from './printf.ts';

const FORCED = /(?:^|\s)-force-condition(?=\s|$)/;

/** `break [LOCATION] [thread 1] [-force-condition] [if CONDITION]`. */
export async function setBreakpoint(gdb: GdbInterpreter, text: string, temporary: boolean): Promise<void> {
  const { location: named, condition, event } = splitBreakpoint(text);
  const location = named.replace(FORCED, '').trim();
  const compiled = condition && gdb.evaluator.condition(withoutThread(condition.text));
  const forced = FORCED.test(named) ? compiled : undefined;
  const more = { temporary, ...(compiled && !forced ? { condition: compiled } : {}) };
  let at: BreakpointSpec['location'];
  try {
    at = event ?? (await placeToStop(gdb, withoutThread(location)));
  } catch (e) {
    const pending = await pendingPlace(gdb, location, e);
    const bp = gdb.engine.setBreakpoint({ location: pending, ...more });
    gdb.out(`${temporary ? 'Temporary breakpoint' : 'Breakpoint'} ${bp.id} (${location}) pending.\n`);
    return;
  }
  checkPacket(gdb, at);
  place(gdb, { location: at, ...more }, forced);
}

/**
 * Sets a breakpoint that has to be somewhere, and says where it is, and which others are there too. A `forced`
 * condition may be about what is not there: then the breakpoint is disabled.
 */
function place(gdb: GdbInterpreter, spec: BreakpointSpec, forced?: BreakpointSpec['condition']): Breakpoint {
  const before = [...gdb.engine.breakpoints];
  const bp = gdb.engine.setBreakpoint({ ...spec, required: true });
  const said = `${announcement(gdb, bp)}\n`;
  gdb.out(noteOf(bp, before));
  try {
    if (forced) {
      gdb.engine.updateBreakpoint(bp.id, { condition: forced });
    }
  } catch (e) {
    gdb.engine.updateBreakpoint(bp.id, { enabled: false });
    gdb.error(`warning: failed to validate condition at location 1, disabling:\n  ${errorText(e)}\n`);
  }
  gdb.out(said);
  return bp;
}

/** `Note: breakpoints 1 and 2 also set at hw/net/e1000.ts:314.` */
function noteOf(bp: Breakpoint, before: readonly Breakpoint[]): string {
  const probes = new Set(bp.locations.map((l) => l.probe));
  const there = before.filter((b) => b.spec.location.kind !== 'watch' && b.locations.some((l) => probes.has(l.probe)));
  const [at] = bp.locations;
  if (there.length === 0 || !at || bp.spec.location.kind === 'packet') {
    return '';
  }
  const numbers = there.map((b) => `${b.id}${b.enabled ? '' : ' (disabled)'}`);
  const list = numbers.length === 1 ? numbers[0] : `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
  return `Note: breakpoint${numbers.length > 1 ? 's' : ''} ${list} also set at ${at.file}:${at.line}.\n`;
}

/** A location or a condition without `thread 1` behind it: the machine has that one only. */
function withoutThread(text: string): string {
  const [, rest = text, thread] = /^(.*?)(?:^|\s+)thread\s+(\S+)$/.exec(text) ?? [];
  if (thread !== undefined && thread !== '1') {
    throw new CommandError(`Unknown thread ${thread}.`);
  }
  return rest;
}

/** What a place that there is not may be taken for later: nothing, unless the user wants it pending. */
async function pendingPlace(gdb: GdbInterpreter, text: string, error: unknown): Promise<BreakpointSpec['location']> {
  const unknown = error instanceof CommandError && /not defined|^No source file named/.test(error.message);
  const { pending } = gdb.settings.pending;
  if (!unknown || pending === 'off' || (pending === 'auto' && !gdb.options.confirm)) {
    throw error;
  }
  if (pending === 'auto') {
    gdb.error(`${error.message}\n`);
    if (!(await gdb.confirm('Make breakpoint pending on future shared library load?'))) {
      throw new CommandError('Not confirmed.');
    }
  } else {
    gdb.error(`${error.message}\n`);
  }
  return { kind: 'function', name: text };
}

/** Where line numbers count from before anything was shown: `main`, as in gdb. */
function mainPlace(gdb: GdbInterpreter): DefaultPlace | undefined {
  const [f] = findFunctions(gdb.engine, 'main');
  return f && { file: f.file, line: f.line };
}

/** `dprintf LOCATION,"FORMAT",ARGS`. */
export async function dprintf(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('Format string required');
  }
  const comma = args.indexOf(',');
  const location = args.slice(0, Math.max(0, comma)).trim();
  const text = args.slice(comma + 1).trim();
  if (comma < 0 || location === '' || !text.startsWith('"')) {
    throw new CommandError(comma < 0 ? 'Format string required' : `Bad format string, missing '"'.`);
  }
  const { format, values } = within(text, 0, splitPrintf);
  const letters = conversionsOf(format, values.length).flatMap((c) => (c.letter === '' ? [] : [c.letter]));
  const part = gdb.evaluator.printf(
    unescapeC(format),
    letters,
    values.map((v) => v.expression),
  );
  place(gdb, { location: await placeToStop(gdb, location), log: [part], exact: true, text });
}

/** `rbreak [FILE:]REGEX`: all functions that it matches. */
export async function rbreak(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, fileName, pattern = ''] = /^(?:([^:\s]+):)?\s*(.*)$/.exec(args.trim()) ?? [];
  const file = fileName === undefined ? undefined : findFile(gdb.engine, fileName);
  const re = regexOf(pattern);
  const found = gdb.engine.info.functions.filter(
    (f) => !f.nodebug && f.probes.length > 0 && (file === undefined || f.file === file) && re.test(f.name),
  );
  if (pattern === '' && file === undefined && !(await gdb.confirm('Set a breakpoint at each function?'))) {
    throw new CommandError('Not confirmed.');
  }
  for (const f of found) {
    await gdb.interrupts.breathe();
    try {
      place(gdb, { location: { kind: 'function', name: f.name } });
      gdb.out(`${declaration(f)}\n`);
    } catch (e) {
      if (!(e instanceof EngineError)) {
        throw e;
      }
    }
  }
}

/** `-function F`, `-line N`, `-source FILE` as one text. */
function plainLocation(text: string): string {
  if (!/^-(?:function|line|source|label|qualified|force-condition)\b/.test(text)) {
    const [, option] = /^(-[A-Za-z][\w-]*)/.exec(text) ?? [];
    if (option !== undefined) {
      throw new CommandError(`invalid explicit location argument, "${option}"`);
    }
    // gdb takes a function's brackets, and quotes around it, around a file, and around both.
    return text
      .replace(/^(['"])(.*?)\1(?=:|$)/, '$2')
      .replace(/(^|:)(['"])(.*)\2$/, '$1$3')
      .replace(/\(\)$/, '');
  }
  const words = splitWords(text);
  const of = (name: string): string | undefined => {
    const at = words.indexOf(`-${name}`);
    return at < 0 ? undefined : (words[at + 1] ?? '');
  };
  const [source, name, line] = [of('source'), of('function'), of('line')];
  if (of('label') !== undefined) {
    throw new CommandError('There are no labels here; name a function or a line.');
  }
  if (source !== undefined && name === undefined && line === undefined) {
    throw new CommandError('Source filename requires function, label, or line offset.');
  }
  const empty = ['source', 'function', 'line'].find((option) => of(option) === '');
  if (empty !== undefined) {
    throw new CommandError(`missing argument for "-${empty}"`);
  }
  const place = name ?? line ?? words.filter((w) => !w.startsWith('-')).join(' ');
  return source === undefined ? place : `${source}:${place}`;
}

/** Stops where something happens. */
export function catchEvent(kind: CatchKind, temporary = false): (gdb: GdbInterpreter, text: string) => void {
  return (gdb, text) => {
    const { event, condition } = parseCatch(kind, text, gdb.evaluator.filters);
    const bp = gdb.engine.setBreakpoint({
      location: { kind: 'catch', event },
      ...(condition === undefined ? {} : { condition: gdb.evaluator.condition(condition) }),
      required: true,
      temporary,
    });
    gdb.out(`${temporary ? 'Temporary catchpoint' : 'Catchpoint'} ${bp.id} (${eventText(event)})\n`);
  };
}

/** `tcatch KIND ...`: stops once. */
export function catchOnce(gdb: GdbInterpreter, text: string): void {
  const { word, rest } = splitWord(text);
  const kind = CATCH_KINDS.find((k) => k === word);
  if (kind === undefined) {
    throw new CommandError(
      word === ''
        ? `Argument required (what to catch: ${CATCH_KINDS.join(', ')}).`
        : `Undefined tcatch command: "${word}".  Try "help catch".`,
    );
  }
  catchEvent(kind, true)(gdb, rest);
}

/** Throws if there is no such packet in the capture that is replayed; says so if it is not played. */
function checkPacket(gdb: GdbInterpreter, at: Breakpoint['spec']['location']): void {
  const { replay } = gdb.engine;
  if (at.kind !== 'packet' || !replay) {
    return;
  }
  const { packets, reason } = replay.packet(at.number);
  if (at.number < 1 || at.number > packets) {
    throw new CommandError(`There is no packet ${at.number}: the capture has ${packets}.`);
  }
  if (reason !== '') {
    gdb.out(`Packet ${at.number} is not played (${reason}).\n`);
  }
}

/** The place that a location names; without one the current line. */
async function placeToStop(gdb: GdbInterpreter, wanted: string): Promise<Location> {
  const location = plainLocation(wanted);
  if (location !== '') {
    return placeOf(gdb, location, (await defaultPlace(gdb)) ?? mainPlace(gdb));
  }
  const here = gdb.engine.state === 'stopped' ? await defaultPlace(gdb) : undefined;
  if (!here) {
    throw new CommandError('No default breakpoint address now.');
  }
  return { kind: 'line', file: here.file, line: here.line };
}

/** `Breakpoint 1 at hw/net/e1000.ts:1031`. */
function announcement({ style }: GdbInterpreter, bp: Breakpoint): string {
  const what = bp.spec.log ? 'Dprintf' : bp.spec.temporary ? 'Temporary breakpoint' : 'Breakpoint';
  const [first] = bp.locations;
  const { location } = bp.spec;
  if (location.kind === 'packet' || location.kind === 'divergence') {
    return `${what} ${bp.id} at ${placeText(location)}.`;
  }
  if (bp.locations.length > 1) {
    const places = bp.locations.map((l) => style.place(l.file, l.line));
    return `${what} ${bp.id} at ${places.length} locations: ${places.join(', ')}.`;
  }
  const remark = bp.message === undefined ? '' : ` (${bp.message})`;
  const fn = style.as('function', String(first?.function));
  return `${what} ${bp.id} at ${fn}: file ${style.as('filename', String(first?.file))}, line ${first?.line}.${remark}`;
}
