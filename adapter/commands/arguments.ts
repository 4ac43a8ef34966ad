/** What the arguments of each command are, for checks and completion. Commands that are not here take none, or free text. */

export type ArgumentKind =
  /** A place in the code, and a condition. */
  | 'breakpoint'
  /** A place in the code. */
  | 'place'
  | 'function'
  /** An expression, maybe with a format `/x` before it. */
  | 'expression'
  | 'assignment'
  /** A format string and expressions. */
  | 'printf'
  /** A type or an expression. */
  | 'type'
  /** A breakpoint's number and an expression. */
  | 'numbered-expression'
  | 'registers'
  /** The machine's options. */
  | 'options'
  | 'file'
  | 'command'
  /** A setting's value: the setting itself checks it. */
  | 'setting'
  | 'none';

const KINDS: Readonly<Record<string, ArgumentKind>> = {
  break: 'breakpoint',
  tbreak: 'breakpoint',
  clear: 'place',
  until: 'place',
  advance: 'place',
  list: 'place',
  'info line': 'place',
  'info scope': 'function',
  'info symbol': 'function',
  print: 'expression',
  call: 'expression',
  output: 'expression',
  x: 'expression',
  display: 'expression',
  if: 'expression',
  while: 'expression',
  'set variable': 'assignment',
  set: 'assignment',
  printf: 'printf',
  ptype: 'type',
  whatis: 'type',
  condition: 'numbered-expression',
  ignore: 'numbered-expression',
  'info registers': 'registers',
  run: 'options',
  start: 'options',
  'set args': 'options',
  source: 'file',
  help: 'command',
};

/** The kind of a command's arguments, by its full name with prefixes (`info registers`). */
export function argumentKind(path: string): ArgumentKind {
  return KINDS[path] ?? (path.startsWith('set ') ? 'setting' : 'none');
}

/** Names that have a kind, for a test that all of them exist. */
export const KNOWN_PATHS: readonly string[] = Object.keys(KINDS);
