/** Commands about breakpoints. */

import { CommandError } from '../commands/command.ts';
import { findFunctions } from '../commands/linespec.ts';
import type { BREAKPOINT_COMMANDS } from '../commands/table/breakpoints.ts';
import { splitWord } from '../commands/words.ts';
import { enableDisplays, undisplay } from './display.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { deleteBookmark, deleteCheckpoint } from './moments.ts';
import { breakpointOf, defaultPlace, eachBreakpoint, placeOf } from './places.ts';
import { catchEvent, catchOnce, dprintf, rbreak, setBreakpoint } from './set-breakpoint.ts';

/** What else `delete` gives up, by its word. */
const KEPT_BY_NUMBER: Readonly<Record<string, (gdb: GdbInterpreter, args: string) => void | Promise<void>>> = {
  display: undisplay,
  checkpoint: deleteCheckpoint,
  bookmark: deleteBookmark,
};

async function deleteBreakpoints(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, what = '', rest = ''] = /^(display|checkpoint|bookmark)\b(.*)$/.exec(args) ?? [];
  const others = KEPT_BY_NUMBER[what];
  if (others) {
    return others(gdb, rest);
  }
  const text = args.replace(/^(?:breakpoints|break|b)\b/, '');
  if (text.trim() === '' && gdb.engine.breakpoints.length > 0 && !(await gdb.confirm('Delete all breakpoints?'))) {
    return;
  }
  eachBreakpoint(gdb, text, (id) => gdb.engine.deleteBreakpoint(id));
}

async function clear(gdb: GdbInterpreter, args: string): Promise<void> {
  const here = await defaultPlace(gdb);
  const at = args === '' && here ? { kind: 'line' as const, ...here } : await placeOf(gdb, args, here);
  // Where a function begins, however a breakpoint there was set; one that is set at it may have moved to where its
  // condition's locals are.
  const begin = at.kind === 'function' ? findFunctions(gdb.engine, at.name).map((f) => f.probes[0]) : [];
  const there = gdb.engine.breakpoints.filter(({ locations, spec: { location } }) =>
    at.kind === 'function'
      ? (location.kind === 'function' && location.name === at.name) || locations.some((l) => begin.includes(l.probe))
      : locations.some((l) => l.file === at.file && l.line === at.line),
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
    enableDisplays(gdb, display[1] ?? '', enabled);
    return;
  }
  const text = args.replace(/^breakpoints?\b\s*/, '');
  const [, how, rest = ''] = /^(once|delete|count)\b\s*(.*)$/.exec(text) ?? [];
  if (enabled && how !== undefined) {
    enableFor(gdb, how, rest);
    return;
  }
  const places = text.split(/\s+/).filter((word) => /^\d+\.\S*$/.test(word));
  for (const word of places) {
    enablePlace(gdb, word, enabled);
  }
  const others = text.split(/\s+/).filter((word) => !places.includes(word));
  if (places.length === 0 || others.length > 0) {
    eachBreakpoint(gdb, others.join(' '), (id) => gdb.engine.updateBreakpoint(id, { enabled }));
  }
}

/** `enable once|delete NUM...`, `enable count N NUM...`. */
function enableFor(gdb: GdbInterpreter, how: string, text: string): void {
  const { word, rest } = splitWord(text);
  const count = how === 'count' ? Number(word) : 1;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new CommandError('Argument required (hit count).');
  }
  const numbers = how === 'count' ? rest : text;
  if (numbers.trim() === '') {
    throw new CommandError('Argument required (one or more breakpoint numbers).');
  }
  const spent = how === 'delete' ? { temporary: true } : { stopsLeft: count };
  eachBreakpoint(gdb, numbers, (id) => gdb.engine.updateBreakpoint(id, { enabled: true, ...spent }));
}

/** `disable 2.1`: one of a breakpoint's places. */
function enablePlace(gdb: GdbInterpreter, word: string, enabled: boolean): void {
  const [id = '', place = ''] = word.split('.');
  const bp = breakpointOf(gdb, id);
  const at = Number(place) - 1;
  if (!bp.locations[at]) {
    throw new CommandError(`Bad breakpoint location number '${place}'`);
  }
  const others = (bp.spec.disabledAt ?? []).filter((i) => i !== at);
  gdb.engine.updateBreakpoint(bp.id, { disabledAt: enabled ? others : [...others, at] });
}

function condition(gdb: GdbInterpreter, args: string): void {
  const { word, rest } = splitWord(args);
  if (word === '') {
    throw new CommandError('Argument required (breakpoint number).');
  }
  if (!/^[\d$]/.test(word)) {
    throw new CommandError(`Bad breakpoint argument: '${args.trim()}'`);
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
  if (rest === '') {
    throw new CommandError('Second argument (specified ignore-count) is missing.');
  }
  const bp = breakpointOf(gdb, word);
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

export const BREAKPOINT_HANDLERS: Handlers<typeof BREAKPOINT_COMMANDS> = {
  break: (gdb, args) => setBreakpoint(gdb, args, false),
  tbreak: (gdb, args) => setBreakpoint(gdb, args, true),
  hbreak: (gdb, args) => setBreakpoint(gdb, args, false),
  thbreak: (gdb, args) => setBreakpoint(gdb, args, true),
  rbreak,
  dprintf,
  tcatch: catchOnce,
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
