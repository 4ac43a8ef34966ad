/** Commands about the call stack, and what `info` says of a frame. */

import { CommandError } from '../commands/command.ts';
import { findFunctions } from '../commands/linespec.ts';
import type { FRAME_COMMANDS } from '../commands/table/frames.ts';
import type { Frame, NamedValue } from '../engine/api.ts';
import { formatArgument } from '../inspect/values.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { numberedFrameLine, sourceLine } from './stops.ts';

export async function backtrace(gdb: GdbInterpreter, args: string): Promise<void> {
  const words = args.split(/\s+/).filter((w) => w !== '');
  const full = words.some((w) => w === 'full' || w === '-full');
  const rest = words.filter((w) => w !== 'full' && w !== '-full');
  const frames = await gdb.frames();
  if (rest.length > 1 || (rest[0] !== undefined && !/^-?\d+$/.test(rest[0]))) {
    throw new CommandError('Usage: backtrace [full] [COUNT | -COUNT]');
  }
  const n = rest[0] === undefined ? frames.length : Number(rest[0]);
  const shown = n < 0 ? frames.slice(n) : frames.slice(0, n);
  for (const f of shown) {
    await gdb.interrupts.breathe();
    gdb.out(`${await numberedFrameLine(gdb, f)}\n`);
    if (full) {
      const locals = await gdb.engine.locals(f.index);
      gdb.out(locals.length === 0 ? 'No locals.\n' : namedValues(locals, '        '));
    }
  }
  if (n >= 0 && shown.length < frames.length) {
    gdb.out('(More stack frames follow...)\n');
  }
}

/** `name = value` lines. */
function namedValues(values: readonly NamedValue[], indent = ''): string {
  return values.map((v) => `${indent}${v.name} = ${formatArgument(v.value)}\n`).join('');
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
  const m = /^(?:(?:level\s+)?(\d+)|function\s+(\S+))?\s*$/.exec(args);
  if (!m) {
    throw new CommandError(`Invalid frame specification "${args}": use a number, "level N" or "function NAME".`);
  }
  if (m[2] !== undefined) {
    if (findFunctions(gdb.engine, m[2]).length === 0) {
      throw new CommandError(`Function "${m[2]}" not defined.`);
    }
    const at = frames.findIndex((f) => f.fn.name === m[2]);
    if (at < 0) {
      throw new CommandError(`No frame for function "${m[2]}".`);
    }
    return select(gdb, at);
  }
  return select(gdb, m[1] === undefined ? gdb.frame : Number(m[1]));
}

/** `up N`, `down N`: as far as it goes. */
async function move(gdb: GdbInterpreter, args: string, direction: 1 | -1): Promise<void> {
  const frames = await gdb.frames();
  if (!/^-?\d*$/.test(args.trim())) {
    throw new CommandError('The count must be a number.');
  }
  const n = direction * (args.trim() === '' ? 1 : Number(args));
  const wanted = gdb.frame + n;
  if (n > 0 && gdb.frame === frames.length - 1) {
    throw new CommandError('Initial frame selected; you cannot go up.');
  }
  if (n < 0 && gdb.frame === 0) {
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

/** A regular expression the user wrote. Throws `CommandError` if it is none. */
export function regexOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (e) {
    throw new CommandError(e instanceof Error ? e.message : String(e));
  }
}

export async function infoLocals(gdb: GdbInterpreter, args: string): Promise<void> {
  const f = await gdb.selected();
  const locals = matching(await gdb.engine.locals(f.index), args);
  gdb.out(locals.length === 0 ? 'No locals.\n' : namedValues(locals));
}

export async function infoArgs(gdb: GdbInterpreter, args: string): Promise<void> {
  const f = await gdb.selected();
  const list = matching(await gdb.engine.args(f.index), args);
  gdb.out(list.length === 0 ? 'No arguments.\n' : namedValues(list));
}

export async function infoFrame(gdb: GdbInterpreter): Promise<void> {
  const f = await gdb.selected('No stack.');
  const frames = await gdb.frames();
  const caller = frames[f.index + 1];
  const callee = frames[f.index - 1];
  const args = (await gdb.engine.args(f.index)).map((a) => `${a.name}=${formatArgument(a.value)}`).join(', ');
  const at = (x: Frame): string => `${x.fn.name} (${x.location.file}:${x.location.line})`;
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

export const FRAME_HANDLERS: Handlers<typeof FRAME_COMMANDS> = {
  backtrace,
  frame,
  up: (gdb, args) => move(gdb, args, 1),
  down: (gdb, args) => move(gdb, args, -1),
};
