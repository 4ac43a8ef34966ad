/** The settings: `set NAME` and `show NAME` come from this table. */
import { DEFAULT_HISTORY_SIZE } from '../engine/api.ts';
import { defaultPrintSettings, type PrintSettings } from '../inspect/values.ts';
import { printable } from '../packets/format.ts';
import { CommandError } from './command.ts';
import {
  INERT_BREAKPOINT_SETTINGS,
  INERT_HISTORY_SETTINGS,
  INERT_PRINT_SETTINGS,
  INERT_SETTINGS,
  INERT_STYLE_SETTINGS,
  type InertSetting,
} from './inert-settings.ts';
import { defaultStyles, type StyleSettings } from './style-settings.ts';
import type { ArgumentKind } from './takes.ts';

/** Stands for no bound. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

/** Settings that `set` changes. */
export interface Settings {
  /** Where `continue`, `step`, `next` and `finish` go. */
  execDirection: 'forward' | 'reverse';
  confirm: boolean;
  pagination: boolean;
  height: number;
  width: number;
  listsize: number;
  /** Whether the ways of packets are shown. */
  journey: 'on' | 'off';
  /** Whether control strings of the guest reach the terminal. */
  guestConsole: 'filtered' | 'raw';
  verbose: boolean;
  traceCommands: boolean;
  prompt: string;
  maxCompletions: number;
  maxCallDepth: number;
  readonly style: StyleSettings;
  readonly backtrace: { limit: number; pastMain: boolean };
  readonly pending: { pending: 'auto' | 'on' | 'off' };
  readonly logging: LoggingSettings;
  /** Folders, with colons between, whose `.pktgdbinit` is trusted. */
  readonly autoLoad: { safePath: string };
  /** Settings of gdb's that have nothing to change here, by name: what they were set to. */
  readonly inert: Record<string, string>;
  readonly print: PrintSettings;
  readonly replay: ReplaySettings;
  readonly history: HistorySettings;
}

/** Where else output goes. */
export interface LoggingSettings {
  enabled: boolean;
  file: string;
  /** The file begins anew instead of going on. */
  overwrite: boolean;
  /** Output goes to the file alone. */
  redirect: boolean;
}

/** What the next `run` records. */
export interface HistorySettings {
  /** Bytes that are kept; 0: nothing is recorded. */
  size: number;
}

/** How the next `run` replays its capture. */
export interface ReplaySettings {
  /** Address or MAC address of the host that plays the guest; empty: the likeliest one. */
  guest: string;
  atEnd: 'stop' | 'exit';
  checksums: 'repair' | 'keep';
}

export function defaultSettings(): Settings {
  return {
    execDirection: 'forward',
    confirm: true,
    pagination: true,
    height: 0,
    width: 0,
    listsize: 10,
    journey: 'off',
    guestConsole: 'filtered',
    verbose: false,
    traceCommands: false,
    prompt: '(pktgdb) ',
    maxCompletions: 200,
    maxCallDepth: 100,
    style: defaultStyles(),
    backtrace: { limit: 0, pastMain: true },
    pending: { pending: 'auto' },
    logging: { enabled: false, file: 'pktgdb.txt', overwrite: false, redirect: false },
    autoLoad: { safePath: '' },
    inert: {},
    print: defaultPrintSettings(),
    replay: { guest: '', atEnd: 'stop', checksums: 'repair' },
    history: { size: DEFAULT_HISTORY_SIZE },
  };
}

/** Makes settings what they were. */
export function restoreSettings(settings: Settings, before: Settings): void {
  restore(settings as unknown as Record<string, unknown>, before as unknown as Record<string, unknown>);
}

function restore(to: Record<string, unknown>, from: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(to)) {
    if (!(key in from)) {
      delete to[key];
    }
  }
  for (const [key, value] of Object.entries(from)) {
    if (typeof value === 'object' && value !== null) {
      restore(to[key] as Record<string, unknown>, value as Record<string, unknown>);
    } else {
      to[key] = value;
    }
  }
}

/** A setting, and how its value is read and written. */
export interface Setting {
  readonly name: string;
  /** What it is, for `Set ...`, `Show ...` and `... is on`. */
  readonly what: string;
  /** Values to choose from; none for numbers. */
  readonly values: readonly string[];
  /** What its value is, where that is of a kind of its own. */
  readonly takes?: ArgumentKind;
  /** Sets it from text. Throws `CommandError` for a value that it cannot have. */
  readonly set: (settings: Settings, text: string) => void;
  readonly get: (settings: Settings) => string;
  /** What `set` says when it has been set. */
  readonly said?: (settings: Settings) => string;
  /** What `show` says, where that is not "WHAT is VALUE.". */
  readonly text?: (settings: Settings) => string;
}

function parseBoolean(text: string): boolean {
  if (['', 'on', '1', 'yes', 'enable'].includes(text)) {
    return true;
  }
  if (['off', '0', 'no', 'disable'].includes(text)) {
    return false;
  }
  throw new CommandError('"on" or "off" expected.');
}

/** A number, of which 0 stands for no limit. */
function parseLimit(text: string): number {
  if (text === 'unlimited' || text === '-1') {
    return 0;
  }
  if (!/^\d+$/.test(text)) {
    throw new CommandError(
      text === '' ? 'Argument required (integer to set it to, or "unlimited").' : `A number expected, not "${text}".`,
    );
  }
  return Number(text);
}

const UNITS = ['', 'K', 'M', 'G'];

/** A number of bytes: `512M`, `2G`. */
function parseBytes(text: string): number {
  if (text === 'unlimited') {
    return NO_BOUND;
  }
  const [, digits, unit = ''] = /^(\d+)\s*([KMG]?)i?B?$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  if (!Number.isSafeInteger(bytes)) {
    throw new CommandError(`A size such as 512M, 2G, 0 or unlimited expected, not "${printable(text)}".`);
  }
  return bytes;
}

function bytesText(bytes: number): string {
  const unit = UNITS.findLastIndex((_, i) => bytes % 1024 ** i === 0);
  return bytes === 0 ? '0 (nothing is recorded)' : `${bytes / 1024 ** unit}${UNITS[unit]}`;
}

type Owner<K extends string, V> = (settings: Settings) => { [name in K]: V };

function flag<K extends string>(name: K, what: string, owner: Owner<K, boolean>): Setting {
  return {
    name,
    what,
    values: ['on', 'off'],
    set: (settings, text) => {
      owner(settings)[name] = parseBoolean(text);
    },
    get: (settings) => (owner(settings)[name] ? 'on' : 'off'),
  };
}

/** More lines than a file has. */
const ALL_LINES = 1_000_000;
/** Values that stand for no limit. */
const NO_LIMITS: ReadonlySet<number> = new Set([0, ALL_LINES]);

/** `unlimited` is what is kept for no limit, 0 if the setting's users know it. */
function limit<K extends string>(name: K, what: string, owner: Owner<K, number>, unlimited = 0): Setting {
  return {
    name,
    what,
    values: [],
    set: (settings, text) => {
      owner(settings)[name] = parseLimit(text) || unlimited;
    },
    get: (settings) => (NO_LIMITS.has(owner(settings)[name]) ? 'unlimited' : String(owner(settings)[name])),
  };
}

const own = (settings: Settings): Settings => settings;
const print = (settings: Settings): PrintSettings => settings.print;

/** Text as it is written, in quotes or not. */
function words<K extends string>(name: K, what: string, owner: Owner<K, string>): Setting {
  return {
    name,
    what,
    values: [],
    set: (settings, text) => {
      owner(settings)[name] = text;
    },
    get: (settings) => `"${owner(settings)[name]}"`,
  };
}

/** A setting under the name that users know, of a field that is called otherwise. */
function named<K extends string>(name: string, setting: Setting & { readonly name: K }): Setting {
  return { ...setting, name };
}

const logging = (settings: Settings): LoggingSettings => settings.logging;

/** The settings of `set logging` and `show logging`. */
export const LOGGING_SETTINGS: readonly Setting[] = [
  {
    ...flag('enabled', 'whether output is logged', logging),
    text: ({ logging: { enabled } }) => `Logging is ${enabled ? 'enabled' : 'disabled'}.`,
  },
  {
    ...words('file', 'the current logfile', logging),
    text: ({ logging: { file } }) => `The current logfile is "${file}".`,
  },
  {
    ...flag('overwrite', 'whether logging overwrites the log file', logging),
    text: ({ logging: { overwrite } }) => `Logging ${overwrite ? 'overwrites' : 'appends to'} the log file.`,
  },
  {
    ...flag('redirect', 'whether output goes to the log file alone', logging),
    text: ({ logging: { redirect } }) =>
      redirect ? 'Output will go only to the log file.' : 'Output will go to both the screen and the log file.',
  },
];

const autoLoad = (settings: Settings): Settings['autoLoad'] => settings.autoLoad;

/** The settings of `set auto-load`. */
export const AUTO_LOAD_SETTINGS: readonly Setting[] = [
  {
    ...named('safe-path', words('safePath', 'the folders from which it is safe to auto-load files', autoLoad)),
    takes: 'file',
    text: ({ autoLoad: { safePath } }) =>
      safePath === '/'
        ? 'Auto-load files are safe to load from any directory.'
        : safePath === ''
          ? 'There is no directory from which it is safe to auto-load files.'
          : `List of directories from which it is safe to auto-load files is ${safePath}.`,
  },
];

const EXEC_DIRECTION: Setting = {
  ...choice(['exec-direction', 'execDirection'], 'direction of execution', ['forward', 'reverse'] as const, own),
  text: ({ execDirection }) => (execDirection === 'forward' ? 'Forward.' : 'Reverse.'),
};

/** How numbers without a format are written. They are read as C reads them: 0x10 or 020. */
const OUTPUT_RADIX: Setting = {
  name: 'output-radix',
  what: 'default output radix for printing of values',
  values: ['8', '10', '16'],
  set: (settings, text) => {
    const value = RADICES.find((one) => one === Number(text));
    if (text === '' || value === undefined) {
      throw new CommandError(
        text === ''
          ? 'Argument required (integer to set it to.).'
          : `Unsupported output radix \`\`decimal ${printable(text)}''; output radix unchanged.`,
      );
    }
    settings.print.radix = value;
  },
  get: ({ print: { radix } }) => String(radix),
  said: ({ print: { radix } }) =>
    `Output radix now set to decimal ${radix}, hex ${radix.toString(16)}, octal ${radix.toString(8)}.\n`,
};

const RADICES = [8, 10, 16] as const;

const INPUT_RADIX: Setting = {
  name: 'input-radix',
  what: 'default input radix for entering numbers',
  values: ['10'],
  set: (_, text) => {
    if (Number(text) !== 10) {
      throw new CommandError(`Unsupported input radix \`\`decimal ${printable(text)}''; input radix unchanged.`);
    }
  },
  get: () => '10',
};

const PROMPT: Setting = {
  name: 'prompt',
  what: "the debugger's prompt",
  values: [],
  set: (settings, text) => {
    // gdb's habit: a blank ends it, which nobody types.
    settings.prompt = text === '' ? '' : `${text.replace(/\\ ?$/, '')} `;
  },
  get: ({ prompt }) => `"${prompt}"`,
  text: ({ prompt }) => `Gdb's prompt is "${prompt}".`,
};

export const SETTINGS: readonly Setting[] = [
  EXEC_DIRECTION,
  flag('confirm', 'whether to confirm potentially dangerous operations', own),
  flag('pagination', 'state of pagination', own),
  limit('height', 'number of lines gdb thinks are in a page', own),
  limit('width', 'number of characters gdb thinks are in a line', own),
  limit('listsize', 'number of source lines gdb will list by default', own, ALL_LINES),
  choice(['journey', 'journey'], 'whether the ways of packets are shown', ['on', 'off'], own),
  choice(['guest-console', 'guestConsole'], "how the guest's console is shown", ['filtered', 'raw'], own),
  flag('verbose', 'verbosity', own),
  named('trace-commands', flag('traceCommands', 'state of GDB CLI command tracing', own)),
  PROMPT,
  OUTPUT_RADIX,
  INPUT_RADIX,
  named('max-completions', limit('maxCompletions', 'maximum number of completion candidates', own)),
  named('max-user-call-depth', limit('maxCallDepth', 'the max call depth for user-defined commands', own, 1000)),
  ...INERT_SETTINGS.map((s) => inert(s)),
];

const undefinedItem = (text: string): string => `Undefined item: "${printable(text)}".`;

/** A setting of gdb's that is accepted and shown, as there is nothing here that it could change. */
function inert([name, sentence, value, known]: InertSetting, prefix = ''): Setting {
  const key = `${prefix}${name}`;
  const kept = (settings: Settings): string => settings.inert[key] ?? value;
  return {
    name,
    what: sentence.replace(/ is "?%"?\.?$/, '').replace(/^./, (c) => c.toLowerCase()),
    values: known ?? (value === 'on' || value === 'off' ? ['on', 'off'] : []),
    set: (settings, text) => {
      if (known && !known.includes(text)) {
        throw new CommandError(
          text === '' ? `Requires an argument. Valid arguments are ${known.join(', ')}.` : undefinedItem(text),
        );
      }
      settings.inert[key] = value === 'on' || value === 'off' ? (parseBoolean(text) ? 'on' : 'off') : text;
    },
    get: kept,
    text: (settings) => sentence.replace('%', () => kept(settings)),
  };
}

const backtrace = (settings: Settings): Settings['backtrace'] => settings.backtrace;

/** The settings of `set backtrace`. */
export const BACKTRACE_SETTINGS: readonly Setting[] = [
  limit('limit', 'an upper bound on the number of backtrace levels', backtrace),
  named('past-main', flag('pastMain', 'whether backtraces should continue past "main"', backtrace)),
];

/** The settings of `set style`. */
export const STYLE_SETTINGS: readonly Setting[] = [
  {
    ...flag('enabled', 'whether output has colours', (settings) => settings.style),
    text: ({ style: { enabled } }) => `CLI output styling is ${enabled ? 'enabled' : 'disabled'}.`,
  },
  {
    ...flag('sources', 'whether source text has colours', (settings) => settings.style),
    text: ({ style: { sources } }) => `Source code styling is ${sources ? 'enabled' : 'disabled'}.`,
  },
  ...INERT_STYLE_SETTINGS.map((s) => inert(s, 'style ')),
];

/** The settings of `set print` and `show print`. */
export const PRINT_SETTINGS: readonly Setting[] = [
  limit('elements', 'limit on string chars or array elements to print', print),
  limit('repeats', 'threshold for repeated print elements', print, 20),
  limit('max-depth', 'number of nested structs printed by value', print, 20),
  flag('pretty', 'pretty formatting of structures', print),
  flag('array', 'pretty formatting of arrays', print),
  flag('array-indexes', 'printing of array indexes', print),
  flag('address', 'printing of addresses', print),
  flag('null-stop', 'printing of char arrays to stop at first null char', print),
  {
    ...choice(
      ['frame-arguments', 'frame-arguments'],
      'printing of non-scalar frame arguments',
      ['all', 'scalars', 'none', 'presence'] as const,
      print,
    ),
    text: (settings: Settings) => `Printing of non-scalar frame arguments is "${settings.print['frame-arguments']}".`,
  },
  ...INERT_PRINT_SETTINGS.map((s) => inert(s, 'print ')),
];

/** One of several words. */
function choice<K extends string, V extends string>(
  [name, key]: readonly [name: string, key: K],
  what: string,
  values: readonly V[],
  owner: Owner<K, V>,
): Setting {
  return {
    name,
    what,
    values,
    set: (settings, text) => {
      const value = values.find((v) => v === text);
      if (value === undefined) {
        throw new CommandError(
          text === ''
            ? `Requires an argument. Valid arguments are ${values.join(', ')}.`
            : `${undefinedItem(text)} Valid arguments are ${values.join(', ')}.`,
        );
      }
      owner(settings)[key] = value;
    },
    get: (settings) => owner(settings)[key],
  };
}

/** The settings of `set breakpoint`. */
export const BREAKPOINT_SETTINGS: readonly Setting[] = [
  choice(
    ['pending', 'pending'],
    "debugger's behavior regarding pending breakpoints",
    ['auto', 'on', 'off'] as const,
    (settings) => settings.pending,
  ),
  ...INERT_BREAKPOINT_SETTINGS.map((s) => inert(s, 'breakpoint ')),
];

const replay = (settings: Settings): ReplaySettings => settings.replay;

const GUEST: Setting = {
  name: 'guest',
  what: 'host of the capture that plays the guest',
  takes: 'replay-guest',
  values: [],
  set: (settings, text) => {
    settings.replay.guest = text === 'auto' ? '' : text;
  },
  get: (settings) => (settings.replay.guest === '' ? 'auto (the likeliest one)' : printable(settings.replay.guest)),
};

/** The settings of `set replay` and `show replay`, and of the command line's `-replay`. */
export const REPLAY_SETTINGS: readonly Setting[] = [
  GUEST,
  choice(['at-end', 'atEnd'], 'what happens when everything has been played', ['stop', 'exit'] as const, replay),
  choice(['checksums', 'checksums'], 'what becomes of wrong checksums', ['repair', 'keep'] as const, replay),
];

/** The settings of `set history` and `show history`. */
export const HISTORY_SETTINGS: readonly Setting[] = [
  {
    name: 'size',
    what: 'size of the history that the next "run" keeps',
    values: [],
    set: (settings, text) => {
      settings.history.size = parseBytes(text);
    },
    get: ({ history: { size } }) => (size === NO_BOUND ? 'unlimited' : bytesText(size)),
  },
  ...INERT_HISTORY_SETTINGS.map((s) => inert(s, 'history ')),
];

/** Takes over `guest=ADDR,checksums=keep|repair,at-end=stop|exit`. Throws `CommandError`. */
export function parseReplayOptions(settings: Settings, text: string): void {
  for (const part of text.split(',')) {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    const setting = REPLAY_SETTINGS.find((s) => s.name === name?.trim());
    if (!setting || value === undefined || value === '') {
      const known = REPLAY_SETTINGS.map((s) => `${s.name}=${s.values.join('|') || 'ADDRESS'}`);
      throw new CommandError(`"${printable(part)}" is no option of a replay; there are ${known.join(', ')}.`);
    }
    setting.set(settings, value);
  }
}

/** `Pretty formatting of structures is on.` */
export function settingText(setting: Setting, settings: Settings): string {
  if (setting.text) {
    return setting.text(settings);
  }
  return `${setting.what[0]?.toUpperCase()}${setting.what.slice(1)} is ${setting.get(settings)}.`;
}
