/** Commands of gdb's that have nothing to do here. Each says why, and what does the like. */
import type { Command } from '../command.ts';

/** Words and the reason that they share. */
const REASONS: readonly (readonly [reason: string, words: string])[] = [
  [
    'Tracepoints are not supported: "dprintf" prints without a stop, and the whole session is recorded.',
    'actions agent-printf collect ftrace passcount strace tdump teval tfind trace tsave tstart tstatus tstop ' +
      'tvariable while-stepping',
  ],
  [
    'The program is the packet path that comes with the debugger: there is no other file to load symbols from.',
    'add-symbol-file add-symbol-file-from-memory core-file exec-file file load nosharedlibrary remove-symbol-file ' +
      'section sharedlibrary symbol-file jit-reader-load jit-reader-unload compare-sections',
  ],
  [
    'There is one machine and no target: "run" starts it, live or on a capture.',
    'add-inferior clone-inferior inferior remove-inferiors target disconnect remote flash-erase',
  ],
  [
    'One attaches from the command line: "pktgdb -p PID" to a pktgdb-passt. "run" starts a machine, "-r CAPTURE" one ' +
      'from packets.',
    'attach',
  ],
  [
    'The packet path is TypeScript and has no machine code: "list" shows it, "stepi" takes one statement.',
    'disassemble break-range compile',
  ],
  ['The machine has one thread, its main loop, and no tasks.', 'task'],
  ['The machine gets no signals; Ctrl-C stops it.', 'handle signal queue-signal'],
  ['Execution cannot go on at another line. "return" leaves a function, "goto" travels in what is recorded.', 'jump'],
  ['A core has nothing to read it: "record save FILE" keeps the session with its whole past.', 'generate-core-file'],
  [
    'There is no Python or Guile here, but JavaScript: "js", and "source FILE.mjs".',
    'python python-interactive guile guile-repl',
  ],
  ['Functions of expressions are in "show convenience", such as $_regex and $_caller_is.', 'function'],
  ['There is no preprocessor: constants are in "info variables".', 'macro'],
  [
    'There is no full-screen mode; VS Code shows source, registers and packets side by side.',
    'tui update layout focus refresh winheight winwidth',
  ],
  ['The only interpreters are this one and "-i dap".', 'interpreter-exec new-ui'],
  ['The guest has a console of its own: "guest LINE" types into it.', 'tty'],
  ['Sources are read from where the debugger is installed ("info source").', 'directory path'],
  ['Names are as they are written.', 'demangle overlay'],
  ['Memory has one region of RAM and the window of the NIC: "x" reads both.', 'mem memory-tag'],
  ['Structs are shown by "print" with their fields, types by "ptype".', 'explore print-object'],
  ['The debugger is maintained in its own sources.', 'maintenance'],
  ['It goes by the first probe; "start" stops at the beginning of main.', 'starti'],
  [
    'Scripts are read only when they are named; ".pktgdbinit" of a folder once it is trusted.',
    'add-auto-load-scripts-directory',
  ],
];

/** The same for what follows `info`. */
const INFO_REASONS: typeof REASONS = [
  ['The machine gets no signals; Ctrl-C stops it.', 'signals handle'],
  ['The registers are those of the NIC: "info registers" shows them.', 'all-registers float vector'],
  ['There is no process of its own: the machine is a thread of the debugger.', 'auxv os proc terminal'],
  [
    'There are no object files: "info sources" and "info functions" tell what there is.',
    'dcache extensions files modules module sharedlibrary target win w32',
  ],
  ['There is no preprocessor: constants are in "info variables".', 'macro macros'],
  ['Memory has one region of RAM and the window of the NIC: "x" reads both.', 'mem'],
  ['Tracepoints are not supported: "dprintf" prints without a stop.', 'tracepoints tvariables'],
  ['There is no Python or Guile here, but JavaScript: "js".', 'auto-load frame-filter guile pretty-printer unwinder'],
  [
    'TypeScript has none of them.',
    'classes common exceptions selectors static-tracepoint-markers tasks type-printers vtbl',
  ],
  ['There is one machine and no target: "run" starts it.', 'connections'],
];

const unsupported = (reasons: typeof REASONS): readonly Command[] =>
  reasons.flatMap(([why, words]) =>
    words.split(' ').map((name) => ({ name, class: 'obscure', takes: 'nothing', summary: why, why })),
  );

export const UNSUPPORTED_COMMANDS: readonly Command[] = unsupported(REASONS);
export const UNSUPPORTED_INFO: readonly Command[] = unsupported(INFO_REASONS);
