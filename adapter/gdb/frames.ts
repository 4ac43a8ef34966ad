/** Commands about the call stack, and what `info` says of a frame. */

import { CommandError } from '../commands/command.ts';
import { findFunctions } from '../commands/linespec.ts';
import type { FRAME_COMMANDS } from '../commands/table/frames.ts';
import type { Frame, NamedValue } from '../engine/api.ts';
import { formatArgument } from '../inspect/values.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { regexOf } from './places.ts';
import { numberedFrameLine, sourceLine } from './stops.ts';
import { thread, threadApply } from './threads.ts';

export async function backtrace(gdb: GdbInterpreter, args: string): Promise<void> {
  const words = args.split(/\s+/).filter((w) => w !== '');
  const full = words.some((w) => w === 'full' || w === '-full');
  const how = optionValue(words, '-frame-arguments') ?? gdb.settings.print['frame-arguments'];
  if (!['all', 'scalars', 'none', 'presence'].includes(how)) {
    throw new CommandError(`Undefined item: "${how}".`);
  }
  const info = optionValue(words, '-frame-info') ?? 'auto';
  if (!FRAME_INFO.includes(info)) {
    throw new CommandError(`Undefined item: "${info}".`);
  }
  const short = info === 'short-location';
  const rest = words.filter((w, i) => !FLAGS.test(w) && !VALUED.test(w) && !isValueOf(words[i - 1], w));
  const pastMain = optionValue(words, '-past-main') !== 'off' && gdb.settings.backtrace.pastMain;
  const all = await gdb.frames();
  const end = pastMain ? -1 : all.findIndex((f) => f.fn.name === 'main');
  const limit = gdb.settings.backtrace.limit || all.length;
  const frames = (end < 0 ? all : all.slice(0, end + 1)).slice(0, limit);
  const n = rest.length === 0 ? frames.length : await numberOf(gdb, rest.join(' '));
  const shown = n < 0 ? frames.slice(n) : frames.slice(0, n);
  const described = (f: Frame) =>
    Promise.all([numberedFrameLine(gdb, f, how), full ? gdb.engine.locals(f.index) : undefined]);
  for await (const [line, locals] of ahead(shown, described)) {
    await gdb.interrupts.breathe();
    gdb.out(`${short ? line.replace(/ at \S+$/, '') : line}\n`);
    if (locals) {
      gdb.out(locals.length === 0 ? 'No locals.\n' : namedValues(gdb, locals, '        '));
    }
  }
  if (n >= 0 && shown.length < frames.length) {
    gdb.out('(More stack frames follow...)\n');
  }
}

/** Frames that are asked for together: an answer takes long to come, not to make. */
const AHEAD = 16;

/** What `act` makes of each, in order; some are under way while the first is waited for. */
async function* ahead<T, R>(all: readonly T[], act: (one: T) => Promise<R>): AsyncGenerator<R> {
  for (let at = 0; at < all.length; at += AHEAD) {
    yield* await Promise.all(all.slice(at, at + AHEAD).map(act));
  }
}

/** A number that is given as an expression. */
async function numberOf(gdb: GdbInterpreter, text: string): Promise<number> {
  if (/^-?\d+$/.test(text)) {
    return Number(text);
  }
  const { value } = await gdb.evaluator.evaluate(text, gdb.expressionFrame());
  if (value.kind !== 'number') {
    throw new CommandError("Value can't be converted to integer.");
  }
  return Math.trunc(Number(value.value));
}

/** Options of `backtrace` and its qualifiers. There are no frame filters that could hide anything. */
const VALUED = /^-(?:frame-(?:arguments|info)|entry-values|raw-frame-arguments|past-(?:main|entry))$/;
const FLAGS = /^-?(?:full|hide|no-filters)$|^--$/;
const FRAME_INFO = ['auto', 'source-line', 'location', 'source-and-location', 'location-and-address', 'short-location'];

/** True if a word is the value of the option before it. */
function isValueOf(option: string | undefined, word: string): boolean {
  return (
    /^-(?:frame-arguments|frame-info|entry-values)$/.test(option ?? '') ||
    (/^(?:on|off)$/.test(word) && /^-(?:past-|raw-)/.test(option ?? ''))
  );
}

function optionValue(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}

/** `name = value` lines. */
function namedValues({ style }: GdbInterpreter, values: readonly NamedValue[], indent = ''): string {
  return values.map((v) => `${indent}${style.value(`${v.name} = ${formatArgument(v.value)}`)}\n`).join('');
}

async function select(gdb: GdbInterpreter, index: number): Promise<void> {
  const frames = await gdb.frames();
  const f = frames[index];
  if (!f) {
    throw new CommandError(`No frame at level ${index}.`);
  }
  gdb.frame = index;
  await printFrame(gdb, f);
}

async function printFrame(gdb: GdbInterpreter, f: Frame): Promise<void> {
  gdb.out(`${await numberedFrameLine(gdb, f)}\n${sourceLine(gdb, f)}`);
}

async function frame(gdb: GdbInterpreter, args: string): Promise<void> {
  const frames = await gdb.frames();
  return select(gdb, await levelOf(gdb, frames, args.trim()));
}

/** The level that `frame` or `info frame` means: `N`, `level N`, `function NAME`; nothing is the selected one. */
async function levelOf(gdb: GdbInterpreter, frames: readonly Frame[], text: string): Promise<number> {
  if (text === '') {
    return gdb.frame;
  }
  const [, address] = /^(?:address|view)\s+(.*)$/.exec(text) ?? [];
  if (address !== undefined) {
    throw new CommandError(`No frame at address ${address}.`);
  }
  const [, name] = /^function(?:\s+(\S+))?$/.exec(text) ?? [];
  if (name !== undefined) {
    if (findFunctions(gdb.engine, name).length === 0) {
      throw new CommandError(`Function "${name}" not defined.`);
    }
    const at = frames.findIndex((f) => f.fn.name === name);
    if (at < 0) {
      throw new CommandError(`No frame for function "${name}".`);
    }
    return at;
  }
  const level = text.replace(/^level(?:\s+|$)/, '');
  if (level === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  return numberOf(gdb, level);
}

/** `up N`, `down N`: as far as it goes; without N there has to be such a frame. */
async function move(gdb: GdbInterpreter, args: string, direction: 1 | -1): Promise<void> {
  const frames = await gdb.frames();
  const text = args.trim();
  const n = direction * (text === '' ? 1 : await numberOf(gdb, text));
  const wanted = gdb.frame + n;
  if (text === '' && wanted === frames.length) {
    throw new CommandError('Initial frame selected; you cannot go up.');
  }
  if (text === '' && wanted < 0) {
    throw new CommandError('Bottom (innermost) frame selected; you cannot go down.');
  }
  await select(gdb, Math.min(Math.max(wanted, 0), frames.length - 1));
}

function matching(values: readonly NamedValue[], pattern: string): readonly NamedValue[] {
  if (pattern.trim() === '') {
    return values;
  }
  const re = regexOf(pattern.trim());
  return values.filter((v) => re.test(v.name));
}

export async function infoLocals(gdb: GdbInterpreter, args: string): Promise<void> {
  const f = await gdb.selected();
  const [quiet = ''] = /^\s*-q\b\s*/.exec(args) ?? [];
  const pattern = args.slice(quiet.length).trim();
  const locals = matching(await gdb.engine.locals(f.index), pattern);
  const none = quiet !== '' ? '' : pattern === '' ? 'No locals.\n' : 'No matching locals.\n';
  gdb.out(locals.length === 0 ? none : namedValues(gdb, locals));
}

export async function infoArgs(gdb: GdbInterpreter, args: string): Promise<void> {
  const f = await gdb.selected();
  const [quiet = ''] = /^\s*-q\b\s*/.exec(args) ?? [];
  const pattern = args.slice(quiet.length).trim();
  const list = matching(await gdb.engine.args(f.index), pattern);
  const none = quiet !== '' ? '' : pattern === '' ? 'No arguments.\n' : 'No matching arguments.\n';
  gdb.out(list.length === 0 ? none : namedValues(gdb, list));
}

export async function infoFrame(gdb: GdbInterpreter, which = ''): Promise<void> {
  await gdb.selected('No stack.');
  const frames = await gdb.frames();
  const level = await levelOf(gdb, frames, which.trim());
  const f = frames[level];
  if (!f) {
    throw new CommandError(`No frame at level ${level}.`);
  }
  const caller = frames[f.index + 1];
  const callee = frames[f.index - 1];
  const { style } = gdb;
  const known = await gdb.engine.args(f.index);
  const args = known.map((a) => `${style.as('variable', a.name)}=${formatArgument(a.value)}`).join(', ');
  const at = (x: Frame): string => `${x.fn.name} (${style.place(x.location.file, x.location.line)})`;
  gdb.out(`Stack level ${f.index}, frame in ${at(f)}:\n`);
  if (caller) {
    gdb.out(` called by frame at level ${caller.index}: ${at(caller)}\n`);
  } else {
    gdb.out(' outermost frame\n');
  }
  if (callee) {
    gdb.out(` caller of frame at level ${callee.index}: ${at(callee)}\n`);
  }
  gdb.out(` source language typescript.\n Arglist: ${args === '' ? '(none)' : args}\n`);
  const packet = await gdb.engine.packet(f.index);
  if (packet) {
    gdb.out(` Packet: ${packet.bytes.length} bytes (${packet.linktype}), see "info packet"\n`);
  }
}

/** `frame apply all|N|level N... [-q] [-s] CMD`: a command in several frames. */
async function frameApply(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, which = '', rest = ''] = /^(all|-?\d+|level(?:\s+\d+(?:-\d+)?)+)\s*(.*)$/s.exec(args.trim()) ?? [];
  if (which === '') {
    throw new CommandError('Missing COUNT argument.');
  }
  if (Number(which) === 0) {
    throw new CommandError('Invalid COUNT argument.');
  }
  const frames = await gdb.frames();
  const chosen =
    which === 'all'
      ? frames
      : which.startsWith('level')
        ? frames.filter((f) => levels(which).includes(f.index))
        : Number(which) < 0
          ? frames.slice(Number(which))
          : frames.slice(0, Number(which));
  await applyTo(gdb, chosen, rest);
}

function levels(text: string): number[] {
  return [...text.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, from, to]) => {
    const first = Number(from);
    return Array.from({ length: Number(to ?? from) - first + 1 }, (_, i) => first + i);
  });
}

/** Flags: -q leaves the frames' lines out, -c goes on after errors, -s is silent about frames with errors. */
async function applyTo(gdb: GdbInterpreter, frames: readonly Frame[], text: string): Promise<void> {
  const [flags = ''] = /^(?:-[qcs]+\s+)*/.exec(text) ?? [];
  const command = text.slice(flags.length).trim();
  if (command === '') {
    throw new CommandError('Please specify a command to apply on the selected frames');
  }
  const before = gdb.frame;
  try {
    for (const f of frames) {
      await gdb.interrupts.breathe();
      gdb.frame = f.index;
      const line = flags.includes('q') ? '' : `${await numberedFrameLine(gdb, f)}\n`;
      try {
        const output = await gdb.output.captured(() => gdb.command(command));
        gdb.out(`${line}${output}`);
      } catch (e) {
        if (!flags.includes('s') && !flags.includes('c')) {
          gdb.out(line);
          throw e;
        }
        gdb.out(flags.includes('s') ? '' : `${line}${e instanceof Error ? e.message : String(e)}\n`);
      }
    }
  } finally {
    gdb.frame = before;
  }
}

function needCommand(args: string, what: string): void {
  if (args.trim() === '') {
    throw new CommandError(`Please specify a command to ${what}`);
  }
}

/** `select-frame N`: as `frame`, silently. */
async function selectFrame(gdb: GdbInterpreter, args: string): Promise<void> {
  await gdb.output.captured(() => frame(gdb, args));
}

export const FRAME_HANDLERS: Handlers<typeof FRAME_COMMANDS> = {
  backtrace,
  frame,
  'frame apply': frameApply,
  faas: async (gdb, args) => {
    needCommand(args, 'apply on all frames');
    await applyTo(gdb, await gdb.frames(), `-s ${args}`);
  },
  thread,
  'thread apply': threadApply,
  taas: (gdb, args) => threadApply(gdb, `all -s ${args}`),
  tfaas: (gdb, args) => {
    needCommand(args, 'apply on all frames of all threads');
    return threadApply(gdb, `all -s frame apply all -s ${args}`);
  },
  'select-frame': selectFrame,
  'up-silently': async (gdb, args) => void (await gdb.output.captured(() => move(gdb, args, 1))),
  'down-silently': async (gdb, args) => void (await gdb.output.captured(() => move(gdb, args, -1))),
  up: (gdb, args) => move(gdb, args, 1),
  down: (gdb, args) => move(gdb, args, -1),
};
