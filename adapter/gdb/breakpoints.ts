/** Commands about breakpoints. */

import { parseCatch } from '../commands/catch-text.ts';
import { CommandError } from '../commands/command.ts';
import { type DefaultPlace, type Location, parseLocation, splitBreakpoint } from '../commands/linespec.ts';
import type { BREAKPOINT_COMMANDS } from '../commands/table/breakpoints.ts';
import { splitWord } from '../commands/words.ts';
import { type Breakpoint, type CatchKind, eventText, GRADES } from '../engine/api.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { watchKind } from './watch.ts';

/** The place a bare line number counts from: the selected frame's, else what was listed last. */
export async function defaultPlace(gdb: GdbInterpreter): Promise<DefaultPlace | undefined> {
  if (gdb.engine.state === 'stopped') {
    return (await gdb.selected()).location;
  }
  return gdb.source.current();
}

async function setBreakpoint(gdb: GdbInterpreter, text: string, temporary: boolean): Promise<void> {
  const { location, condition, event } = splitBreakpoint(text);
  const compiled = condition && gdb.evaluator.condition(condition.text);
  const at = event ?? (await placeToStop(gdb, location));
  checkPacket(gdb, at);
  const bp = gdb.engine.setBreakpoint({ location: at, temporary, ...(compiled ? { condition: compiled } : {}) });
  if (!bp.verified) {
    gdb.engine.deleteBreakpoint(bp.id);
    throw new CommandError(bp.message ?? `Cannot set a breakpoint at ${location}.`);
  }
  gdb.out(`${announcement(bp)}\n`);
}

/** Stops where something happens. */
function catchEvent(kind: CatchKind): (gdb: GdbInterpreter, text: string) => void {
  return (gdb, text) => {
    const { event, condition } = parseCatch(kind, text);
    const bp = gdb.engine.setBreakpoint({
      location: { kind: 'catch', event },
      ...(condition === undefined ? {} : { condition: gdb.evaluator.condition(condition) }),
    });
    if (!bp.verified) {
      gdb.engine.deleteBreakpoint(bp.id);
      throw new CommandError(bp.message ?? 'Cannot set a catchpoint.');
    }
    gdb.out(`Catchpoint ${bp.id} (${eventText(event)})\n`);
  };
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
async function placeToStop(gdb: GdbInterpreter, location: string): Promise<Location> {
  if (location !== '') {
    return parseLocation(gdb.engine, location, await defaultPlace(gdb));
  }
  const here = gdb.engine.state === 'stopped' ? await defaultPlace(gdb) : undefined;
  if (!here) {
    throw new CommandError('No default breakpoint address now.');
  }
  return { kind: 'line', file: here.file, line: here.line };
}

/** `Breakpoint 1 at hw/net/e1000.ts:1031`. */
function announcement(bp: Breakpoint): string {
  const what = bp.spec.temporary ? 'Temporary breakpoint' : 'Breakpoint';
  const [first] = bp.locations;
  const { location } = bp.spec;
  if (location.kind === 'packet' || location.kind === 'divergence') {
    return `${what} ${bp.id} at ${placeText(location)}.`;
  }
  if (bp.locations.length > 1) {
    const places = bp.locations.map((l) => `${l.file}:${l.line}`);
    return `${what} ${bp.id} at ${places.length} locations: ${places.join(', ')}.`;
  }
  const remark = bp.message === undefined ? '' : ` (${bp.message})`;
  return `${what} ${bp.id} at ${first?.function}: file ${first?.file}, line ${first?.line}.${remark}`;
}

/** Numbers and ranges, `1 3-5 $bpnum`. Throws for anything else. */
export function parseNumbers(gdb: GdbInterpreter, text: string, what: string): number[] {
  const numbers: number[] = [];
  for (const word of text.split(/[\s,]+/).filter((w) => w !== '')) {
    const m = /^(\d+)(?:-(\d+))?$/.exec(word);
    const variable = word.startsWith('$')
      ? gdb.evaluator.variableEntries().find(([n]) => `$${n}` === word)?.[1].value.value
      : undefined;
    if (!m && typeof variable !== 'number') {
      throw new CommandError(`Bad ${what} argument: '${word}'`);
    }
    const from = m ? Number(m[1]) : Number(variable);
    const to = m?.[2] === undefined ? from : Number(m[2]);
    if (to < from || to - from > 10000) {
      throw new CommandError('inverted range');
    }
    for (let n = from; n <= to; n++) {
      numbers.push(n);
    }
  }
  return numbers;
}

/** Does `action` with each breakpoint named (all, if none is); unknown numbers are complained about at the end. */
function eachBreakpoint(gdb: GdbInterpreter, args: string, action: (id: number) => void): void {
  const wanted =
    args.trim() === '' ? gdb.engine.breakpoints.map((b) => b.id) : parseNumbers(gdb, args, 'breakpoint number');
  const missing: number[] = [];
  for (const id of wanted) {
    if (gdb.engine.breakpoints.some((b) => b.id === id)) {
      action(id);
    } else {
      missing.push(id);
    }
  }
  if (missing.length > 0) {
    throw new CommandError(missing.map((id) => `No breakpoint number ${id}.`).join('\n'));
  }
}

/** The breakpoint that a number names. */
export function breakpointOf(gdb: GdbInterpreter, word: string): Breakpoint {
  const [id] = parseNumbers(gdb, word, 'breakpoint number');
  const bp = gdb.engine.breakpoints.find((b) => b.id === id);
  if (!bp) {
    throw new CommandError(`No breakpoint number ${word}.`);
  }
  return bp;
}

async function deleteBreakpoints(gdb: GdbInterpreter, args: string): Promise<void> {
  const text = args.replace(/^(?:breakpoints|break|b)\b/, '');
  if (text.trim() === '' && gdb.engine.breakpoints.length > 0 && !(await gdb.confirm('Delete all breakpoints?'))) {
    return;
  }
  eachBreakpoint(gdb, text, (id) => gdb.engine.deleteBreakpoint(id));
}

async function clear(gdb: GdbInterpreter, args: string): Promise<void> {
  const here = await defaultPlace(gdb);
  const at = args === '' && here ? { kind: 'line' as const, ...here } : parseLocation(gdb.engine, args, here);
  const there = gdb.engine.breakpoints.filter(({ locations }) =>
    locations.some((l) => (at.kind === 'function' ? l.function === at.name : l.file === at.file && l.line === at.line)),
  );
  if (there.length === 0) {
    throw new CommandError(`No breakpoint at ${args || 'this line'}.`);
  }
  gdb.out(`Deleted breakpoint${there.length > 1 ? 's' : ''} ${there.map((b) => b.id).join(' ')} \n`);
  for (const b of there) {
    gdb.engine.deleteBreakpoint(b.id);
  }
}

/** `enable`, `disable`: of breakpoints, or of displays. */
function setEnabled(gdb: GdbInterpreter, args: string, enabled: boolean): void {
  const display = /^d(?:i(?:s(?:p(?:l(?:ay?)?)?)?)?)?\b(.*)$/.exec(args);
  if (display) {
    const ids = parseNumbers(gdb, display[1] ?? '', 'display number');
    for (const d of gdb.displays.filter((x) => ids.length === 0 || ids.includes(x.id))) {
      d.enabled = enabled;
    }
    return;
  }
  if (/^(?:once|delete|count)\b/.test(args)) {
    throw new CommandError(
      '"enable once", "enable delete" and "enable count" are not supported; use tbreak or ignore.',
    );
  }
  eachBreakpoint(gdb, args.replace(/^breakpoints?\b/, ''), (id) => gdb.engine.updateBreakpoint(id, { enabled }));
}

function condition(gdb: GdbInterpreter, args: string): void {
  const { word, rest } = splitWord(args);
  if (word === '') {
    throw new CommandError('Argument required (breakpoint number).');
  }
  const bp = breakpointOf(gdb, word);
  if (rest === '') {
    gdb.engine.updateBreakpoint(bp.id, { condition: null });
    gdb.out(`Breakpoint ${bp.id} now unconditional.\n`);
    return;
  }
  const updated = gdb.engine.updateBreakpoint(bp.id, { condition: gdb.evaluator.condition(rest) });
  if (!updated.verified && bp.verified) {
    throw new CommandError(updated.message ?? 'The condition is not usable there.');
  }
}

async function ignore(gdb: GdbInterpreter, args: string): Promise<void> {
  const { word, rest } = splitWord(args);
  if (word === '') {
    throw new CommandError('Argument required (a breakpoint number).');
  }
  const bp = breakpointOf(gdb, word);
  if (rest === '') {
    throw new CommandError('Second argument (specified ignore-count) is missing.');
  }
  const { value } = await gdb.evaluator.evaluate(rest, gdb.expressionFrame());
  if (value.kind !== 'number') {
    throw new CommandError('The ignore count must be a number.');
  }
  const count = Math.max(0, Math.trunc(Number(value.value)));
  gdb.engine.updateBreakpoint(bp.id, { ignoreCount: count });
  const text =
    count === 0
      ? `Will stop next time breakpoint ${bp.id} is reached.`
      : count === 1
        ? `Will ignore next crossing of breakpoint ${bp.id}.`
        : `Will ignore next ${count} crossings of breakpoint ${bp.id}.`;
  gdb.out(`${text}\n`);
}

/** `info breakpoints`: gdb's table. */
export function infoBreakpoints(
  gdb: GdbInterpreter,
  args: string,
  which: (b: Breakpoint) => boolean = () => true,
): void {
  const ids = parseNumbers(gdb, args, 'breakpoint number');
  const shown = gdb.engine.breakpoints.filter((b) => which(b) && (ids.length === 0 || ids.includes(b.id)));
  if (shown.length === 0) {
    gdb.out(
      ids.length === 0
        ? 'No breakpoints or watchpoints.\n'
        : `No breakpoint or watchpoint matching '${args.trim()}'.\n`,
    );
    return;
  }
  const width = Math.max(TYPE_WIDTH, ...shown.map((b) => kindOf(b).length));
  gdb.out(`Num     ${'Type'.padEnd(width)} Disp Enb Address            What\n`);
  for (const b of shown) {
    gdb.out(breakpointRows(gdb, b, width));
  }
}

function isWatch(bp: Breakpoint): boolean {
  return bp.spec.location.kind === 'watch';
}

/** `info watchpoints`. */
export function infoWatchpoints(gdb: GdbInterpreter, args: string): void {
  if (gdb.engine.breakpoints.some(isWatch)) {
    infoBreakpoints(gdb, args, isWatch);
  } else {
    gdb.out('No watchpoints.\n');
  }
}

/** Columns of a type. */
const TYPE_WIDTH = 14;

/** What the table calls a breakpoint. */
function kindOf({ spec }: Breakpoint): string {
  const { location } = spec;
  if (spec.log) {
    return 'dprintf';
  }
  return location.kind === 'catch' ? 'catchpoint' : location.kind === 'watch' ? watchKind(location) : 'breakpoint';
}

/** The address column. */
function addressOf({ spec, locations }: Breakpoint): string {
  const { kind } = spec.location;
  if (kind === 'watch' || kind === 'catch' || locations.length === 1) {
    return '';
  }
  return locations.length === 0 ? '<PENDING>' : '<MULTIPLE>';
}

function breakpointRows(gdb: GdbInterpreter, b: Breakpoint, width: number): string {
  const row = (num: string, type: string, disp: string, enb: string, address: string, what: string): string =>
    `${num.padEnd(7)} ${type.padEnd(width)} ${disp.padEnd(4)} ${enb.padEnd(3)} ${address.padEnd(18)} ${what}`.trimEnd();
  const { location } = b.spec;
  const caught = location.kind === 'catch';
  const [only] = b.locations;
  const place = (l: Breakpoint['locations'][number]): string => `in ${l.function} at ${l.file}:${l.line}`;
  const wanted = placeText(location);
  const what =
    b.locations.length === 0 || caught || location.kind === 'packet' || location.kind === 'divergence'
      ? wanted
      : b.locations.length === 1 && only
        ? place(only)
        : '';
  const lines = [
    row(String(b.id), kindOf(b), b.spec.temporary ? 'del' : 'keep', b.enabled ? 'y' : 'n', addressOf(b), what),
  ];
  if (b.spec.condition) {
    lines.push(`\tstop only if ${b.spec.condition.text}`);
  }
  if (b.hits > 0) {
    lines.push(`\t${caught ? 'catchpoint' : 'breakpoint'} already hit ${b.hits} time${b.hits === 1 ? '' : 's'}`);
  }
  if (b.spec.ignoreCount) {
    lines.push(`\tignore next ${b.spec.ignoreCount} hits`);
  }
  for (const c of gdb.breakpointCommands.get(b.id) ?? []) {
    lines.push(`        ${c}`);
  }
  if (b.locations.length > 1 && !caught) {
    lines.push(...b.locations.map((l, i) => row(`${b.id}.${i + 1}`, '', '', 'y', '', place(l))));
  }
  return `${lines.join('\n')}\n`;
}

/** A place as it was asked for. */
function placeText(location: Breakpoint['spec']['location']): string {
  switch (location.kind) {
    case 'function':
      return location.name;
    case 'line':
      return `${location.file}:${location.line}`;
    case 'packet':
      return `packet ${location.number}`;
    case 'catch':
      return eventText(location.event);
    case 'divergence':
      return `divergence: ${GRADES[location.grade - 1]}${location.grade < GRADES.length ? ' or worse' : ''}`;
    case 'watch':
      return location.text;
  }
}

export const BREAKPOINT_HANDLERS: Handlers<typeof BREAKPOINT_COMMANDS> = {
  break: (gdb, args) => setBreakpoint(gdb, args, false),
  tbreak: (gdb, args) => setBreakpoint(gdb, args, true),
  catch: listSubcommands('catch'),
  'catch packet': catchEvent('packet'),
  'catch drop': catchEvent('drop'),
  'catch irq': catchEvent('irq'),
  'catch state': catchEvent('state'),
  'catch retransmit': catchEvent('retransmit'),
  'catch rst': catchEvent('rst'),
  'catch mmio': catchEvent('mmio'),
  'catch exception': catchEvent('exception'),
  delete: deleteBreakpoints,
  clear,
  disable: (gdb, args) => setEnabled(gdb, args, false),
  enable: (gdb, args) => setEnabled(gdb, args, true),
  condition,
  ignore,
};
