/** The settings: `set NAME` and `show NAME` come from this table. */
import { DEFAULT_HISTORY_SIZE } from '../engine/api.ts';
import { defaultPrintSettings, type PrintSettings } from '../inspect/values.ts';
import { printable } from '../packets/format.ts';
import { CommandError } from './command.ts';
import type { ArgumentKind } from './takes.ts';

/** Stands for no bound. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

/** Settings that `set` changes. Those of the terminal (height, width, pagination) are accepted and have no effect. */
export interface Settings {
  confirm: boolean;
  pagination: boolean;
  height: number;
  width: number;
  listsize: number;
  /** Whether the ways of packets are shown. */
  journey: 'on' | 'off';
  readonly print: PrintSettings;
  readonly replay: ReplaySettings;
  readonly history: HistorySettings;
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
    confirm: true,
    pagination: false,
    height: 0,
    width: 0,
    listsize: 10,
    journey: 'off',
    print: defaultPrintSettings(),
    replay: { guest: '', atEnd: 'stop', checksums: 'repair' },
    history: { size: DEFAULT_HISTORY_SIZE },
  };
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
      text === '' ? 'Argument required (integer to set it to, or "unlimited".).' : `A number expected, not "${text}".`,
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

/** `unlimited` is what is kept for no limit, 0 if the setting's users know it. */
function limit<K extends string>(name: K, what: string, owner: Owner<K, number>, unlimited = 0): Setting {
  return {
    name,
    what,
    values: [],
    set: (settings, text) => {
      owner(settings)[name] = parseLimit(text) || unlimited;
    },
    get: (settings) => (owner(settings)[name] === 0 ? 'unlimited' : String(owner(settings)[name])),
  };
}

const own = (settings: Settings): Settings => settings;
const print = (settings: Settings): PrintSettings => settings.print;

const LOGGING: Setting = {
  name: 'logging',
  what: 'logging of output',
  values: ['off'],
  set: (_settings, text) => {
    if (!/^(?:enabled\s+)?off$/.test(text)) {
      throw new CommandError(
        'Logging is not supported; redirect the output of pktgdb instead ("set logging off" is accepted).',
      );
    }
  },
  get: () => 'off',
};

export const SETTINGS: readonly Setting[] = [
  flag('confirm', 'whether to confirm potentially dangerous operations', own),
  flag('pagination', 'state of pagination', own),
  limit('height', 'number of lines gdb thinks are in a page', own),
  limit('width', 'number of characters gdb thinks are in a line', own),
  limit('listsize', 'number of source lines gdb will list by default', own, 1_000_000),
  choice(['journey', 'journey'], 'whether the ways of packets are shown', ['on', 'off'], own),
  LOGGING,
];

/** The settings of `set print` and `show print`. */
export const PRINT_SETTINGS: readonly Setting[] = [
  limit('elements', 'limit on string chars or array elements to print', print),
  limit('repeats', 'threshold for repeated print elements', print, 20),
  limit('max-depth', 'number of nested structs printed by value', print, 20),
  flag('pretty', 'pretty formatting of structures', print),
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
            : `Undefined item: "${printable(text)}". Valid arguments are ${values.join(', ')}.`,
        );
      }
      owner(settings)[key] = value;
    },
    get: (settings) => owner(settings)[key],
  };
}

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
  return `${setting.what[0]?.toUpperCase()}${setting.what.slice(1)} is ${setting.get(settings)}.`;
}
