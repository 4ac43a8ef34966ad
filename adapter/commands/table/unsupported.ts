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
  ['There is no process to attach to: "run" starts a machine of its own, "-r CAPTURE" one from packets.', 'attach'],
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
  ['There is no full-screen mode; VS Code shows source, registers and packets side by side.', 'tui update'],
  ['The only interpreters are this one and "-i dap".', 'interpreter-exec new-ui'],
  ['The catchpoint cannot be temporary; delete it when it has stopped.', 'tcatch'],
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

export const UNSUPPORTED_COMMANDS: readonly Command[] = REASONS.flatMap(([why, words]) =>
  words.split(' ').map((name) => ({ name, class: 'obscure', takes: 'nothing', summary: why, why })),
);
