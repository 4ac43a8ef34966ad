/** Colours of output, as gdb has them: functions, files, variables and addresses are told apart at a glance. */
import { COLOURS, type Style, type StyleName, type StyleSettings } from '../commands/style-settings.ts';

export const ESCAPE = '\x1b';
export const RESET = `${ESCAPE}[m`;
const INTENSITY = { normal: '', bold: '1', dim: '2' } as const;
const SEQUENCES = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** A text without its colours, for files and other programs. */
export function unstyled(text: string): string {
  return text.includes(ESCAPE) ? text.replace(SEQUENCES, '') : text;
}

/** The terminal's sequence for a style; empty for none. */
function sequence({ foreground, background, intensity }: Style): string {
  const colour = (name: Style['foreground'], first: number): string =>
    name === 'none' ? '' : String(first + COLOURS.indexOf(name) - 1);
  const parts = [colour(foreground, 30), colour(background, 40), INTENSITY[intensity]].filter((p) => p !== '');
  return parts.length === 0 ? '' : `${ESCAPE}[${parts.join(';')}m`;
}

/** Parts of a printed value: strings, which are left alone, fields, pointers and their symbols, remarks. */
const PARTS = new RegExp(
  [
    /("(?:\\.|[^"\\])*")/,
    /('(?:\\.|[^'\\])*')/,
    /([A-Za-z_$][\w$]*)(?= = )/,
    /\b(0x7f[0-9a-f]{10}\b)/,
    /<([A-Za-z_]\w*)(?=>)/,
    /(<[a-z][^<>]* [^<>]*>)/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

export class Styles {
  readonly #settings: StyleSettings;
  /** Output is a terminal. */
  readonly #possible: boolean;

  constructor(settings: StyleSettings, possible: boolean) {
    this.#settings = settings;
    this.#possible = possible;
  }

  get on(): boolean {
    return this.#possible && this.#settings.enabled;
  }

  /** Source text is coloured too. */
  get sources(): boolean {
    return this.on && this.#settings.sources;
  }

  /** A text in the style of what it is. */
  as(name: StyleName, text: string): string {
    const start = this.on && text !== '' ? sequence(this.#settings[name]) : '';
    return start === '' ? text : `${start}${text}${RESET}`;
  }

  readonly title = (text: string): string => this.as('title', text);

  /** `net/net.ts:203`. */
  place(file: string, line: number): string {
    return `${this.as('filename', file)}:${line}`;
  }

  /** A value as `print` shows it. */
  value(text: string): string {
    return this.on
      ? text.replace(PARTS, (whole, string, char, field, pointer, symbol, remark) => {
          if (string !== undefined || char !== undefined) {
            return whole;
          }
          if (field !== undefined) {
            return this.as('variable', field);
          }
          if (pointer !== undefined) {
            return this.as('address', pointer);
          }
          return symbol === undefined ? this.as('metadata', remark) : `<${this.as('function', symbol)}`;
        })
      : text;
  }
}
