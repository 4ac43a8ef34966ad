/** The settings of `set style`: what output looks like on a terminal, by the names and with the defaults of gdb's. */
import { CommandError } from './command.ts';
import type { Setting, Settings } from './settings.ts';

export const STYLE_NAMES = [
  'filename',
  'function',
  'variable',
  'address',
  'highlight',
  'title',
  'metadata',
  'version',
] as const;
export type StyleName = (typeof STYLE_NAMES)[number];

export const COLOURS = ['none', 'black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
export const INTENSITIES = ['normal', 'bold', 'dim'] as const;

/** How a kind of text is shown. */
export interface Style {
  foreground: (typeof COLOURS)[number];
  background: (typeof COLOURS)[number];
  intensity: (typeof INTENSITIES)[number];
}

export type StyleSettings = { enabled: boolean; sources: boolean } & { readonly [name in StyleName]: Style };

export function defaultStyles(): StyleSettings {
  const style = (foreground: Style['foreground'], intensity: Style['intensity'] = 'normal'): Style => ({
    foreground,
    background: 'none',
    intensity,
  });
  return {
    enabled: true,
    sources: true,
    filename: style('green'),
    function: style('yellow'),
    variable: style('cyan'),
    address: style('blue'),
    highlight: style('red'),
    title: style('none', 'bold'),
    metadata: style('none', 'dim'),
    version: style('magenta', 'bold'),
  };
}

const PARTS = [
  ['foreground', 'foreground color', COLOURS],
  ['background', 'background color', COLOURS],
  ['intensity', 'display intensity', INTENSITIES],
] as const;

/** `set style NAME foreground` and so on. */
export function styleSettings(name: StyleName): readonly Setting[] {
  return PARTS.map(([part, what, values]) => ({
    name: part,
    what: `the ${what} for this property`,
    values,
    set: (settings: Settings, text: string) => {
      const value = values.find((v) => v === text);
      if (value === undefined) {
        throw new CommandError(
          text === ''
            ? `Requires an argument. Valid arguments are ${values.join(', ')}.`
            : `Undefined item: "${text}".`,
        );
      }
      Object.assign(settings.style[name], { [part]: value });
    },
    get: (settings: Settings) => settings.style[name][part],
    text: (settings: Settings) => `The "${name}" style ${what} is: ${settings.style[name][part]}`,
  }));
}
