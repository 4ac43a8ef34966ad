/** `info`: about the program and the machine. */

import { CommandError } from '../commands/command.ts';
import { type DefaultPlace, findFunctions, parseLocation, unknownFunction } from '../commands/linespec.ts';
import type { INFO_COMMANDS } from '../commands/table/info.ts';
import type { FunctionInfo } from '../compiler/debug-info.ts';
import { symbolAt } from '../inspect/code-addresses.ts';
import { momentText, positionText } from '../inspect/history.ts';
import { constantText, declaration } from '../inspect/type-text.ts';
import { infoBreakpoints, infoWatchpoints } from './breakpoint-table.ts';
import { infoConversations } from './conversations.ts';
import { infoDisplay } from './display.ts';
import { infoDrops } from './drops.ts';
import { backtrace, infoArgs, infoFrame, infoLocals } from './frames.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import { infoBookmarks, infoCheckpoints, infoHistory, infoRecord, infoWhatIf } from './history.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { infoJourney, infoJourneys } from './journey.ts';
import { infoMmio } from './mmio.ts';
import { infoMonitor, infoRing } from './network-info.ts';
import { infoPacket } from './packet.ts';
import { defaultPlace, parseNumbers, placeOfAddress, regexOf } from './places.ts';
import { infoRegisters } from './register-info.ts';
import { infoDivergence, infoReplay } from './replay.ts';
import { infoSkip } from './skip.ts';
import { placesOf } from './source.ts';
import { numberedFrameLine } from './stops.ts';

/** Items with a file, grouped by it, as gdb's symbol listings are. */
function listing<T extends { readonly file: string; readonly line: number }>(
  gdb: GdbInterpreter,
  title: string,
  items: readonly T[],
  text: (item: T) => string,
): void {
  gdb.out(`${title}:\n`);
  for (const file of [...new Set(items.map((i) => i.file))].sort()) {
    gdb.out(`\nFile ${gdb.style.as('filename', file)}:\n`);
    const here = items.filter((i) => i.file === file).sort((a, b) => a.line - b.line);
    gdb.out(here.map((i) => `${`${i.line}:`.padEnd(8)}${text(i)}\n`).join(''));
  }
}

/** A pattern without the options before it: -q is quiet, -n leaves out what has no debug info, which all here has. */
function patternOf(args: string): string {
  return args.replace(/^(?:\s*-[qn]\b)*(?:\s*--)?\s*/, '').trim();
}

function matching<T extends { readonly name: string }>(items: readonly T[], pattern: string): T[] {
  const re = regexOf(patternOf(pattern));
  return items.filter((i) => re.test(i.name));
}

function title(what: string, pattern: string): string {
  const text = patternOf(pattern);
  return text === '' ? `All defined ${what}` : `All ${what} matching regular expression "${text}"`;
}

function infoFunctions(gdb: GdbInterpreter, args: string): void {
  const all = matching(gdb.engine.info.functions, args);
  listing(gdb, title('functions', args), all, declaration);
}

function infoVariables(gdb: GdbInterpreter, args: string): void {
  const all = matching(gdb.engine.info.globals, args);
  listing(gdb, title('variables', args), all, (g) =>
    g.value === undefined ? `${g.type} ${g.name};` : `${g.type} ${g.name} = ${constantText(g.value)};`,
  );
}

function infoTypes(gdb: GdbInterpreter, args: string): void {
  listing(gdb, title('types', args), matching(gdb.engine.info.structs, args), (s) => {
    const doc = s.doc.split('\n')[0] ?? '';
    return `${s.kind} ${s.name};${doc === '' ? '' : `  /* ${doc} */`}`;
  });
}

function infoSources(gdb: GdbInterpreter, args: string): void {
  const re = regexOf(args.trim());
  gdb.out(`${gdb.engine.sourceRoot}:\n(Full debug information has been read for these files.)\n\n`);
  gdb.out(
    [...gdb.engine.info.files]
      .filter((f) => re.test(f))
      .sort()
      .map((f) => `${gdb.style.as('filename', f)}\n`)
      .join(''),
  );
}

async function infoSource(gdb: GdbInterpreter): Promise<void> {
  const here = await defaultPlace(gdb);
  if (!here) {
    gdb.out('No current source file.\n');
    return;
  }
  const lines = gdb.source.lines(here.file);
  gdb.out(`Current source file is ${here.file}\nCompilation directory is ${gdb.engine.sourceRoot}\n`);
  gdb.out(`Located in ${gdb.source.path(here.file)}\n`);
  gdb.out(lines ? `Contains ${lines.length} line${lines.length === 1 ? '' : 's'}.\n` : 'The file cannot be read.\n');
  gdb.out('Source language is typescript.\n');
}

async function infoLine(gdb: GdbInterpreter, args: string): Promise<void> {
  const text = args.trim();
  const here = (await defaultPlace(gdb)) ?? { file: '', line: 0 };
  const address = await placeOfAddress(gdb, text);
  for (const named of address ? [address] : text === '' ? [here] : placesOf(gdb, text, here)) {
    // A function is its first statement, as that is where it begins.
    const ofName = gdb.engine.info.functions.find(
      (f) => f.name === text && f.file === named.file && f.probes.length > 0,
    );
    const first = gdb.engine.info.probes[ofName?.probes[0] ?? -1];
    lineText(gdb, ofName && first ? { file: ofName.file, line: first.line } : named);
  }
}

function lineText(gdb: GdbInterpreter, at: DefaultPlace): void {
  if (at.file === '') {
    throw new CommandError('No line number information available.');
  }
  const probes = gdb.engine.info.probes.filter(
    (p) => p.line === at.line && gdb.engine.info.functions[p.fn]?.file === at.file,
  );
  const fn = gdb.engine.info.functions[probes[0]?.fn ?? -1];
  if (!fn) {
    const lines = gdb.source.lines(at.file)?.length ?? Number.POSITIVE_INFINITY;
    gdb.out(
      at.line > lines
        ? `Line number ${at.line} is out of range for "${at.file}".\n`
        : `Line ${at.line} of "${at.file}" has no code.\n`,
    );
    return;
  }
  const ids = probes.map((p) => p.id);
  gdb.evaluator.setVariable('_', ids[0] ?? 0);
  const where = `${gdb.style.as('function', fn.name)} (probe${ids.length > 1 ? 's' : ''} ${ids.join(', ')})`;
  gdb.out(`Line ${at.line} of "${at.file}" is in ${where}.\n`);
}

async function infoScope(gdb: GdbInterpreter, args: string): Promise<void> {
  const name = args.trim();
  if (name === '') {
    throw new CommandError('requires an argument (function, line or *addr) to define a scope');
  }
  const f = await functionAt(gdb, name);
  const names = new Map<string, string>();
  for (const v of [...f.params, ...f.probes.flatMap((id) => gdb.engine.info.probes[id]?.locals ?? [])]) {
    names.set(v.name, v.type);
  }
  if (names.size === 0) {
    gdb.out(`Symbol table for ${f.name} has no locals.\n`);
    return;
  }
  gdb.out(`Scope for ${name}:\n`);
  for (const [n, type] of names) {
    const kind = f.params.some((p) => p.name === n) ? 'an argument' : 'a variable';
    gdb.out(`Symbol ${n} is ${kind}${type === '' ? '' : ` of type ${type}`}.\n`);
  }
}

/** The function that a location is in. */
async function functionAt(gdb: GdbInterpreter, text: string): Promise<FunctionInfo> {
  const [named] = findFunctions(gdb.engine, text);
  if (named) {
    return named;
  }
  if (/^[\w.]+$/.test(text) && !/^\d+$/.test(text)) {
    throw new CommandError(unknownFunction(gdb.engine, text));
  }
  const at = (await placeOfAddress(gdb, text)) ?? parseLocation(gdb.engine, text, await defaultPlace(gdb));
  const found =
    at.kind === 'function'
      ? findFunctions(gdb.engine, at.name)[0]
      : gdb.engine.info.functions.filter((f) => f.file === at.file && f.line <= at.line && at.line <= f.endLine).at(-1);
  if (!found) {
    throw new CommandError(`No function contains ${text}.`);
  }
  return found;
}

/** `info symbol` / `info address` in one: where a name is defined, with its doc comment. */
async function infoSymbol(gdb: GdbInterpreter, args: string): Promise<void> {
  const name = args.trim();
  if (/^(?:\$|0x|\d)/.test(name)) {
    const { value } = await gdb.evaluator.evaluate(name, gdb.expressionFrame());
    const symbol = symbolAt(gdb.engine.info, Number(value.value));
    gdb.out(symbol === undefined ? `No symbol matches ${name}.\n` : `${symbol.replace('+', ' + ')} in section .text\n`);
    return;
  }
  const local = gdb.engine.state === 'stopped' ? gdb.engine.scope(gdb.frame).local(name) : undefined;
  if (local) {
    const { fn } = await gdb.selected();
    const kind = fn.params.some((p) => p.name === name) ? 'an argument' : 'a variable';
    gdb.out(`Symbol "${name}" is ${kind} of ${fn.name}, in the frame at level ${gdb.frame}.\n`);
    return;
  }
  const { functions, structs, globals } = gdb.engine.info;
  const found = [...functions, ...structs, ...globals].filter((x) => x.name === name);
  if (found.length === 0) {
    throw new CommandError(name === '' ? 'Argument required.' : `No symbol "${name}" in current context.`);
  }
  for (const x of found) {
    gdb.out(`${'params' in x ? declaration(x) : name} at ${x.file}:${x.line}\n`);
    gdb.out(
      x.doc
        .split('\n')
        .filter((l) => l.trim() !== '')
        .map((l) => `    ${l}\n`)
        .join(''),
    );
  }
}

async function infoPosition(gdb: GdbInterpreter): Promise<void> {
  gdb.requireStopped();
  const { tick, probe, location } = await gdb.engine.position();
  const where = location ? ` at ${location.file}:${location.line}:${location.column}` : '';
  gdb.out(`${positionText({ tick, probe })}${where}\n`);
  const { history } = gdb.engine;
  if (history) {
    const { here, present, inPast, whatIf } = history;
    gdb.out(whatIf ? `in a what-if that left the past at ${positionText(whatIf)}\n` : '');
    gdb.out(inPast ? `in the past: ${momentText(here)}; the present is at tick ${present.tick}\n` : '');
  }
}

async function infoProgram(gdb: GdbInterpreter): Promise<void> {
  if (gdb.engine.state === 'running') {
    gdb.out('The machine is running.\n');
    return;
  }
  if (gdb.engine.state !== 'stopped') {
    gdb.out('The program being debugged is not being run.\n');
    return;
  }
  const why = gdb.engine.stop;
  const f = (await gdb.frames())[0];
  gdb.out(`Program stopped at ${f?.location.file}:${f?.location.line}.\n`);
  gdb.out(
    why?.kind === 'breakpoint'
      ? stoppedAt(gdb, why.breakpoints)
      : why?.kind === 'step' || why?.kind === 'finish'
        ? 'It stopped after being stepped.\n'
        : `It stopped: ${why?.kind ?? 'unknown'}.\n`,
  );
}

function stoppedAt(gdb: GdbInterpreter, ids: readonly number[]): string {
  const there = ids.filter((id) => gdb.engine.breakpoints.some((b) => b.id === id));
  return there.length === 0
    ? 'It stopped at a breakpoint that has since been deleted.\n'
    : `It stopped at breakpoint ${there.join(', ')}.\n`;
}

function infoInferiors(gdb: GdbInterpreter, args: string): void {
  const wanted = parseNumbers(gdb, args, 'inferior number');
  if (wanted.length > 0 && !wanted.includes(1)) {
    gdb.out('No inferiors.\n');
    return;
  }
  const state = { none: '<null>', starting: 'starting', running: 'running', stopped: 'stopped', exited: '<null>' };
  gdb.out('  Num  Description       Executable\n');
  gdb.out(`* 1    ${`machine ${state[gdb.engine.state]}`.padEnd(17)} pktgdb ${gdb.args.join(' ')}\n`);
}

async function infoThreads(gdb: GdbInterpreter, args: string): Promise<void> {
  const { state } = gdb.engine;
  if (state !== 'stopped' && state !== 'running') {
    gdb.out('No threads.\n');
    return;
  }
  const wanted = args.trim();
  if (/[^\s\d.*$-]/.test(wanted)) {
    throw new CommandError(`Invalid thread ID: ${wanted}`);
  }
  if (wanted !== '' && !/(?:^|\s)1(?:\.1|-\d+)?(?:\s|$)/.test(wanted)) {
    gdb.out(`No threads match '${wanted}'.\n`);
    return;
  }
  const [innermost] = state === 'stopped' ? await gdb.frames() : [];
  const where = innermost ? (await numberedFrameLine(gdb, innermost)).replace(/^#0 +/, '') : '(running)';
  const name = gdb.threadName.padEnd(17);
  gdb.out(`  Id   ${'Target Id'.padEnd(name.length)} Frame \n* 1    ${name} ${where}\n`);
}

export const INFO_HANDLERS: Handlers<typeof INFO_COMMANDS> = {
  info: listSubcommands('info'),
  'info args': infoArgs,
  'info breakpoints': (gdb, args) => infoBreakpoints(gdb, args),
  'info bookmarks': infoBookmarks,
  'info checkpoints': infoCheckpoints,
  'info display': infoDisplay,
  'info divergence': infoDivergence,
  'info drops': infoDrops,
  'info conversations': infoConversations,
  'info journey': infoJourney,
  'info journeys': infoJourneys,
  'info mmio': infoMmio,
  'info frame': infoFrame,
  'info functions': infoFunctions,
  'info history': infoHistory,
  'info inferiors': infoInferiors,
  'info line': infoLine,
  'info locals': infoLocals,
  'info network': (gdb) => infoMonitor(gdb, 'info network'),
  'info packet': infoPacket,
  'info position': infoPosition,
  'info program': infoProgram,
  'info record': infoRecord,
  'info registers': infoRegisters,
  'info replay': infoReplay,
  'info ring': infoRing,
  'info scope': infoScope,
  'info skip': infoSkip,
  'info source': infoSource,
  'info sources': infoSources,
  'info stack': backtrace,
  'info symbol': infoSymbol,
  'info threads': infoThreads,
  'info types': infoTypes,
  'info usernet': (gdb) => infoMonitor(gdb, 'info usernet'),
  'info variables': infoVariables,
  'info watchpoints': infoWatchpoints,
  'info what-if': infoWhatIf,
};
