/** What there is to say of breakpoints: `info breakpoints`, `info watchpoints`, `save breakpoints`. */
import { CommandError } from '../commands/command.ts';
import { type Breakpoint, eventText, GRADES } from '../engine/api.ts';
import { writeWhole } from '../written-file.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { fileError } from './output.ts';
import { parseNumbers } from './places.ts';
import { indented } from './user-commands.ts';
import { watchKind } from './watch.ts';

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
    const wanted = args.trim();
    gdb.out(wanted === '' ? 'No watchpoints.\n' : `No watchpoint matching '${wanted}'.\n`);
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

/** What becomes of it when it has stopped. */
function dispositionOf({ spec }: Breakpoint): string {
  return spec.temporary ? 'del' : spec.stopsLeft !== undefined ? 'dis' : 'keep';
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
  const { style } = gdb;
  const place = (l: Breakpoint['locations'][number]): string =>
    `in ${style.as('function', l.function)} at ${style.place(l.file, l.line)}`;
  const wanted = placeText(location);
  const what =
    b.locations.length === 0 || caught || location.kind === 'packet' || location.kind === 'divergence'
      ? wanted
      : b.locations.length === 1 && only
        ? place(only)
        : '';
  const lines = [row(String(b.id), kindOf(b), dispositionOf(b), b.enabled ? 'y' : 'n', addressOf(b), what)];
  if (b.spec.condition) {
    lines.push(`\tstop only if ${b.spec.condition.text}`);
  }
  if (b.hits > 0) {
    lines.push(`\t${caught ? 'catchpoint' : 'breakpoint'} already hit ${b.hits} time${b.hits === 1 ? '' : 's'}`);
  }
  if (b.spec.ignoreCount) {
    lines.push(`\tignore next ${b.spec.ignoreCount} hits`);
  }
  if ((b.spec.stopsLeft ?? 0) > 1) {
    lines.push(`\tdisable after next ${(b.spec.stopsLeft ?? 1) - 1} hits`);
  }
  if (b.spec.text !== undefined) {
    lines.push(`        printf ${b.spec.text}`);
  }
  const commands = indented(gdb.breakpointCommands.get(b.id) ?? []);
  lines.push(
    ...commands
      .split('\n')
      .filter((c) => c !== '')
      .map((c) => `      ${c}`),
  );
  const disabled = b.spec.disabledAt ?? [];
  if (b.locations.length > 1 && !caught) {
    lines.push(
      ...b.locations.map((l, i) => row(`${b.id}.${i + 1}`, '', '', disabled.includes(i) ? 'n' : 'y', '', place(l))),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A place as it was asked for. */
export function placeText(location: Breakpoint['spec']['location']): string {
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

/** Commands that set watchpoints, by what they watch. */
const WATCH_COMMANDS: Readonly<Record<string, string>> = { write: 'watch', read: 'rwatch', access: 'awatch' };

/** The command that sets a breakpoint again. */
function commandFor({ spec }: Breakpoint): string {
  const { location, temporary, condition, text } = spec;
  const cond = condition ? ` if ${condition.text}` : '';
  switch (location.kind) {
    case 'watch':
      return `${WATCH_COMMANDS[location.access] ?? 'watch'} ${location.text}${cond}`;
    case 'catch':
      return `catch ${eventText(location.event)}${cond}`;
    case 'packet':
      return `${temporary ? 'tbreak' : 'break'} -packet ${location.number}`;
    case 'divergence':
      return `break divergence ${GRADES[location.grade - 1] ?? ''}`.trimEnd();
    default:
      return text === undefined
        ? `${temporary ? 'tbreak' : 'break'} ${placeText(location)}${cond}`
        : `dprintf ${placeText(location)},${text}`;
  }
}

/** `save breakpoints FILE`: a script that sets them again. */
export async function saveBreakpoints(gdb: GdbInterpreter, args: string): Promise<void> {
  const file = args.trim();
  if (file === '') {
    throw new CommandError('Argument required (file name in which to save)');
  }
  const all = gdb.engine.breakpoints;
  if (all.length === 0) {
    gdb.out('Nothing to save.\n');
    return;
  }
  const lines = all.flatMap((b) => {
    const commands = gdb.breakpointCommands.get(b.id) ?? [];
    return [
      commandFor(b),
      ...(b.spec.ignoreCount ? [`ignore $bpnum ${b.spec.ignoreCount}`] : []),
      ...(commands.length > 0 ? ['commands', indented(commands).trimEnd(), 'end'] : []),
      ...(b.enabled ? [] : ['disable $bpnum']),
    ];
  });
  try {
    await writeWhole(file, `${lines.join('\n')}\n`, { signal: gdb.interruptible() });
  } catch (e) {
    gdb.interrupts.check();
    throw new CommandError(`Unable to open file '${file}' for saving (${fileError(e)})`);
  }
  gdb.out(`Saved to file '${file}'.\n`);
}
