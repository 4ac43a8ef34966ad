/**
 * Kinds of arguments. A command names its kind in the command table. What may be completed there (complete.ts), what is
 * checked in a script (adapter/language/check-arguments.ts) and how it is coloured (grammar.ts) follow from it.
 */
export type ArgumentKind =
  /** Nothing, or nothing that anybody but the command can judge. */
  | 'nothing'
  /** A function or `/REGEX/`, a condition behind `if`, and expressions behind `show`. */
  | 'calls'
  /** A display filter, a layer behind `in`, and a condition behind `if`. */
  | 'packets'
  /** An expression that is followed through the history. */
  | 'query'
  /** A place in the code, and a condition behind `if`. */
  | 'breakpoint'
  /** An expression, maybe with `-l` before it, and a condition behind `if`. */
  | 'watch'
  /** A display filter, and a layer behind `in`. */
  | 'filter'
  /** Words about an event, and a condition behind `if`. */
  | 'event'
  /** Places in the code, with commas between them. */
  | 'location'
  /** A function, struct or constant. */
  | 'symbol'
  /** A regular expression over names. */
  | 'regexp'
  /** An expression, maybe with a format `/x` before it. */
  | 'expression'
  | 'assignment'
  /** A format string and expressions. */
  | 'printf'
  /** A type or an expression. */
  | 'type'
  /** Numbers of breakpoints. */
  | 'breakpoints'
  /** Numbers of displays. */
  | 'displays'
  /** A grade of divergence. */
  | 'divergences'
  /** A host of the capture that is replayed. */
  | 'replay-guest'
  /** A plain number, or words of the command. */
  | 'number'
  /** Which frame: a number, `level N`, `function NAME`. */
  | 'frame'
  | 'registers'
  /** A ring and a NIC. */
  | 'ring'
  /** The machine's options. */
  | 'options'
  | 'file'
  /** A command, or a class of commands. */
  | 'topic'
  /** The value of a setting. */
  | 'setting'
  /** The name of a command of the user's own. */
  | 'name'
  /** A line for the guest's shell, or for the monitor. */
  | 'guest'
  | 'monitor'
  /** Text for somebody else: the guest, the monitor, a peer. */
  | 'text'
  /** Text with C's escapes. */
  | 'escaped-text'
  /** A command of the system's shell. */
  | 'shell';
