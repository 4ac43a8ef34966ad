/** The attributes of a launch configuration: types, defaults, and what can be checked before the machine starts. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_ARGS, REPLAY_ARGS } from '../commands/default-machine.ts';
import type { LaunchOptions, ReplayOptions } from '../engine/api.ts';
import { type Arguments, describeType, RequestError } from './arguments.ts';
import { type Peer, parsePeers } from './peers.ts';
import { parseQemuAttributes, type QemuAttributes } from './qemu.ts';

/** What the guest does by default: it waits for the text that somebody sends to the forwarded port. */
export const DEFAULT_GUEST_COMMANDS: readonly string[] = ['nc -l -v -p 5556 > hello.txt'];

/** A checked launch configuration. */
export interface LaunchConfiguration {
  readonly options: LaunchOptions;
  /** gdb commands to run before the machine starts. */
  readonly initCommands: readonly string[];
  /** "Run Without Debugging": no breakpoint stops it. */
  readonly noDebug: boolean;
  /** The client has a terminal for the guest's console: it gets `pktgdb/console` events instead of output. */
  readonly terminal: boolean;
  /** The client answers `pktgdb/guests` events. */
  readonly asksGuest: boolean;
  /** Other machines, which the client is to start sessions for. */
  readonly peers: readonly Peer[];
  /** The guests are those of a real QEMU. */
  readonly qemu: QemuAttributes | undefined;
}

/** Reads the arguments of a launch request. Throws `RequestError` with a sentence for the user. */
export function parseLaunch(raw: Arguments): LaunchConfiguration {
  const args = parseArgs(raw);
  const cwd = raw.optionalString('cwd') ?? process.cwd();
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RequestError(`launch: cwd names no folder: ${cwd}`);
  }
  const qemu = parseQemuAttributes(raw);
  const traceName = raw.optionalString('trace');
  const guestCommands =
    raw.optionalStrings('guestCommands') ??
    (args === undefined && traceName === undefined && qemu === undefined ? DEFAULT_GUEST_COMMANDS : []);
  const journey = raw.optionalBoolean('journey') ?? false;
  const initCommands = [...(journey ? ['set journey on'] : []), ...(raw.optionalStrings('initCommands') ?? [])];
  const stopOnEntry = raw.optionalBoolean('stopOnEntry') ?? false;
  // Its earlier name is taken too.
  const size = ['historySize', 'recordLimit'].find((name) => raw.has(name));
  const historySize = size === undefined ? undefined : raw.count(size, 0);
  const noDebug = raw.optionalBoolean('noDebug') ?? false;
  const replay = parseReplay(raw);
  const trace = traceName ? resolve(cwd, traceName) : undefined;
  return {
    options: {
      args: args ?? (trace === undefined ? DEFAULT_ARGS : REPLAY_ARGS),
      guestCommands,
      stopOnEntry: stopOnEntry && !noDebug,
      ...(trace === undefined ? {} : { trace, replay }),
      ...(historySize === undefined ? {} : { historySize }),
    },
    initCommands,
    noDebug,
    terminal: parseConsole(raw),
    asksGuest: raw.optionalBoolean('asksGuest') ?? false,
    peers: parsePeers(raw),
    qemu,
  };
}

/** How a capture is to be replayed. */
function parseReplay(raw: Arguments): ReplayOptions {
  const guest = raw.optionalString('traceGuest')?.trim();
  return {
    ...(guest ? { guest } : {}),
    checksums: choice(raw, 'traceChecksums', ['repair', 'keep']),
    atEnd: choice(raw, 'traceAtEnd', ['stop', 'exit']),
  };
}

/** One of two words; the first one without any. */
function choice<T extends string>(raw: Arguments, name: string, words: readonly [T, T]): T {
  const value = raw.optionalString(name) ?? words[0];
  const known = words.find((word) => word === value);
  if (known === undefined) {
    throw new RequestError(`launch: ${name} must be "${words[0]}" or "${words[1]}", not "${value}"`);
  }
  return known;
}

/** Where the guest's console goes. */
function parseConsole(raw: Arguments): boolean {
  return choice(raw, 'console', ['internalConsole', 'integratedTerminal']) === 'integratedTerminal';
}

/** `args` as words, or undefined where it is absent. */
function parseArgs(raw: Arguments): string[] | undefined {
  const value = raw.raw['args'];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value === 'string') {
    return splitWords(value);
  }
  if (!Array.isArray(value)) {
    throw new RequestError(`launch: args must be an array of strings or a string, not ${describeType(value)}`);
  }
  if (value.length === 0) {
    throw new RequestError(
      'launch: args is empty: a machine without options has no network. ' +
        'Leave args out for the usual one, or give it for example ["-nic", "user"].',
    );
  }
  return raw.optionalStrings('args');
}

/**
 * Splits a command line into words as a POSIX shell does, but expands nothing.
 * Blanks separate. Single quotes keep everything. In double quotes a backslash protects `"`, `\`, `$` and a back quote.
 * Throws `RequestError` for a quote that is not closed.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === "'" || c === '"') {
      const [text, end] = quoted(line, i);
      word = (word ?? '') + text;
      i = end;
    } else if (c === '\\' && i + 1 < line.length) {
      i++;
      word = line[i] === '\n' ? word : (word ?? '') + line[i];
    } else if (/\s/.test(c)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else {
      word = (word ?? '') + c;
    }
  }
  if (word !== undefined) {
    words.push(word);
  }
  return words;
}

/** The quoted text that starts at `start`, and the index of its closing quote. */
function quoted(line: string, start: number): [string, number] {
  const quote = line[start]!;
  let text = '';
  for (let i = start + 1; i < line.length; i++) {
    const c = line[i]!;
    if (c === quote) {
      return [text, i];
    }
    if (c === '\\' && quote === '"' && '"\\$`'.includes(line[i + 1] ?? ' ')) {
      i++;
      text += line[i];
    } else {
      text += c;
    }
  }
  throw new RequestError(`launch: args: the quote ${quote} at position ${start + 1} is not closed`);
}
