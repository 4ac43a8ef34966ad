/**
 * Settings of gdb's that change nothing here: a gdbinit may set them, and `show` says what they are set to, in gdb's
 * words. One that has got an effect moves to settings.ts.
 */

/** Name, what `show` says with `%` for the value, and the value at first. */
export type InertSetting = readonly [name: string, sentence: string, value: string];

export const INERT_SETTINGS: readonly InertSetting[] = [
  ['auto-solib-add', 'Autoloading of shared library symbols is %.', 'on'],
  ['basenames-may-differ', 'Whether a source file may have multiple base names is %.', 'off'],
  ['can-use-hw-watchpoints', "Debugger's willingness to use watchpoint hardware is %.", '1'],
  ['case-sensitive', 'Case sensitivity in name search is "%".', 'auto; currently on'],
  ['code-cache', 'Cache use for code accesses is %.', 'on'],
  ['complaints', 'Max number of complaints about incorrect symbols is %.', '0'],
  ['cp-abi', 'The currently selected C++ ABI is "%".', 'auto'],
  ['debug-file-directory', 'The directory where separate debug symbols are searched for is "%".', '/usr/lib/debug'],
  ['detach-on-fork', 'Whether gdb will detach the child of a fork is %.', 'on'],
  ['disable-randomization', "Disabling randomization of debuggee's virtual address space is %.", 'on'],
  ['disassemble-next-line', "Debugger's willingness to use disassemble-next-line is %.", 'off'],
  ['disassembly-flavor', 'The disassembly flavor is "%".', 'att'],
  ['displaced-stepping', "Debugger's willingness to use displaced stepping to step over breakpoints is %.", 'auto'],
  ['dprintf-channel', 'The channel to use for dynamic printf is "%".', ''],
  ['dprintf-function', 'The function to use for dynamic printf is "%".', 'printf'],
  ['dprintf-style', 'The style of usage for dynamic printf is "%".', 'gdb'],
  ['editing', 'Editing of command lines as they are typed is %.', 'off'],
  ['endian', 'The target endianness is %.', 'little'],
  ['exec-file-mismatch', 'exec-file-mismatch handling is currently "%".', 'ask'],
  ['exec-wrapper', 'The wrapper for running programs is "%".', ''],
  ['extension-language', 'Mapping between filename extension and source language is "%".', ''],
  ['filename-display', 'Filenames are displayed as "%".', 'relative'],
  ['follow-exec-mode', 'Follow exec mode is "%".', 'same'],
  ['follow-fork-mode', 'Debugger response to a program call of fork or vfork is "%".', 'parent'],
  ['host-charset', 'The host character set is "%".', 'auto; currently UTF-8'],
  ['inferior-tty', 'Terminal for future runs of program being debugged is "%".', ''],
  ['interactive-mode', "Debugger's interactive mode is %.", 'auto'],
  ['language', 'The current source language is "%".', 'auto; currently typescript'],
  ['max-value-size', 'Maximum value size is % bytes.', '65536'],
  ['may-call-functions', 'Permission to call functions in the program is %.', 'on'],
  ['may-insert-breakpoints', 'Permission to insert breakpoints in the target is %.', 'on'],
  ['may-interrupt', 'Permission to interrupt or signal the target is %.', 'on'],
  ['may-write-memory', 'Permission to write into target memory is %.', 'on'],
  ['may-write-registers', 'Permission to write into registers is %.', 'on'],
  ['mi-async', 'Whether MI is in asynchronous mode is %.', 'off'],
  ['multiple-symbols', 'How the debugger handles ambiguities in expressions is "%".', 'all'],
  ['non-stop', 'Controlling the inferior in non-stop mode is %.', 'off'],
  ['observer', 'Observer mode is %.', 'off'],
  [
    'opaque-type-resolution',
    'Resolution of opaque struct/class/union types (if set before loading symbols) is %.',
    'on',
  ],
  ['osabi', 'The current OS ABI is "%".', 'auto'],
  ['overload-resolution', 'Overload resolution in evaluating C++ functions is %.', 'on'],
  ['schedule-multiple', 'Resuming the execution of threads of all processes is %.', 'off'],
  ['scheduler-locking', 'Mode for locking scheduler during execution is "%".', 'replay'],
  ['script-extension', 'Script filename extension recognition is "%".', 'soft'],
  ['stack-cache', 'Cache use for stack accesses is %.', 'on'],
  ['startup-quietly', 'Whether to start up quietly is %.', 'off'],
  ['startup-with-shell', 'Use of shell to start subprocesses is %.', 'on'],
  ['step-mode', 'Mode of the step operation is %.', 'off'],
  ['stop-on-solib-events', 'Stopping for shared library events is %.', '0'],
  ['suppress-cli-notifications', 'Suppression of printing CLI notifications is %.', 'off'],
  ['sysroot', 'The current system root is "%".', 'target:'],
  ['target-charset', 'The target character set is "%".', 'auto; currently UTF-8'],
  ['unwindonsignal', 'Unwinding of stack if a signal is received while in a call dummy is %.', 'off'],
  ['unwind-on-terminating-exception', 'Unwind stack if a C++ exception is unhandled while in a call dummy is %.', 'on'],
  ['watchdog', 'Watchdog timer is %.', '0'],
];

/** The same below `print`. */
export const INERT_PRINT_SETTINGS: readonly InertSetting[] = [
  ['asm-demangle', 'Demangling of C++/ObjC names in disassembly listings is %.', 'off'],
  ['demangle', 'Demangling of encoded C++/ObjC names when displaying symbols is %.', 'on'],
  ['entry-values', 'Printing of function arguments at function entry is "%".', 'default'],
  ['finish', "Printing of return value after `finish' is %.", 'on'],
  ['frame-info', 'Printing of frame information is "%".', 'auto'],
  ['inferior-events', 'Printing of inferior events is %.', 'on'],
  ['max-symbolic-offset', 'The largest offset that will be printed in <symbol+1234> form is %.', 'unlimited'],
  ['memory-tag-violations', 'Printing of memory tag violations is %.', 'on'],
  ['nibbles', 'Printing binary values in groups is %.', 'off'],
  ['object', "Printing of object's derived type based on vtable info is %.", 'off'],
  ['raw-frame-arguments', 'Whether to print frame arguments in raw form is %.', 'off'],
  ['raw-values', 'Whether to print values in raw form is %.', 'off'],
  ['sevenbit-strings', 'Printing of 8-bit characters in strings as \\nnn is %.', 'off'],
  ['static-members', 'Printing of C++ static members is %.', 'on'],
  ['symbol', 'Printing of symbols when printing pointers is %.', 'on'],
  ['symbol-filename', 'Printing of source filename and line number with <symbol> is %.', 'off'],
  ['symbol-loading', 'Printing of symbol loading messages is "%".', 'full'],
  ['thread-events', 'Printing of thread events is %.', 'on'],
  ['union', 'Printing of unions interior to structures is %.', 'on'],
  ['vtbl', 'Printing of C++ virtual function tables is %.', 'off'],
];

/** The same below `style`. */
export const INERT_STYLE_SETTINGS: readonly InertSetting[] = [
  ['tui-current-position', "Styling the text highlighted by the TUI's current position indicator is %.", 'off'],
];
