/** Lines as fingers that know gdb type them, command by command, in the order of the comparison with gdb. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../kit/temp.ts';
import { ended, running, start } from './batch.ts';
import { Typed } from './typed.ts';

const PLACE = /^\w+ \(.*\) at [\w/.-]+:\d+\n\d+\t.*\n$/;
const LINE = /^\d+\t.*\n$/;

describe('rows of the comparison with gdb', function () {
  this.timeout(20_000);
  let typed: Typed;

  before(async () => {
    typed = await Typed.create();
  });

  after(() => typed?.dispose());

  it('before a machine runs', async () => {
    await typed.rows(
      ['info breakpoints', 'No breakpoints or watchpoints.\n'],
      ['bt', '!No stack.\n'],
      ['info frame', '!No stack.\n'],
      ['info locals', '!No frame selected.\n'],
      ['finish', '!The program is not being run.\n'],
      ['continue', '!The program is not being run.\n'],
      ['stepi', '!The program is not being run.\n'],
      ['kill', '!The program is not being run.\n'],
      ['info program', 'The program being debugged is not being run.\n'],
      ['info threads', 'No threads.\n'],
      ['info display', 'There are no auto-display expressions now.\n'],
      ['info watchpoints', 'No watchpoints.\n'],
      // The file's name alone means both files, and each gets the breakpoint.
      ['break timer.ts:50', /^Breakpoint 1 at 2 locations: guest\/timer\.ts:\d+, util\/timer\.ts:\d+\.\n$/],
      ['info breakpoints 1', /^1 .*<MULTIPLE> *\n1\.1 .* at guest\/timer\.ts:\d+\n1\.2 .* at util\/timer\.ts:\d+\n$/m],
      ['disable 1.1', ''],
      ['info breakpoints 1', /^1\.1 +n .*\n1\.2 +y /m],
      ['delete 1', ''],
      // So are both listed, in gdb's words, and a range cannot be.
      [
        'list timer.ts:50',
        /^file: "guest\/timer\.ts", line number: 50, symbol: "\?{3}"\n45\t[^"]*\nfile: "util\/timer\.ts", line /,
      ],
      ['info line timer.ts:50', /^Line 50 of "guest\/timer\.ts" .*\nLine 50 of "util\/timer\.ts" .*\n$/],
      ['list timer.ts:50,52', /^!Specified first line 'timer\.ts:50' is ambiguous:\nfile: "guest\/timer\.ts", line /],
      ['show auto-load safe-path', 'There is no directory from which it is safe to auto-load files.\n'],
      ['set auto-load safe-path /tmp', ''],
      ['add-auto-load-safe-path /usr', ''],
      ['show auto-load safe-path', /^List of directories from which it is safe to auto-load files is \/tmp:\/usr\.\n$/],
      ['set auto-load safe-path /', ''],
      ['show auto-load safe-path', 'Auto-load files are safe to load from any directory.\n'],
      ['set auto-load safe-path', ''],
      ['tbreak main', /^Temporary breakpoint 2 at main: file softmmu\/main\.ts, line \d+\.\n$/],
      ['hbreak ip_input', /^(?:Hardware assisted b|B)reakpoint 3 at ip_input: file slirp\/ip_input\.ts, line \d+\.\n$/],
      ['condition 3 m->m_len > 1', ''],
      ['info breakpoints 3', /^\tstop only if m->m_len > 1\n/m],
      ['condition 3', 'Breakpoint 3 now unconditional.\n'],
      ['ignore 3 1', 'Will ignore next crossing of breakpoint 3.\n'],
      ['ignore 3 0', 'Will stop next time breakpoint 3 is reached.\n'],
      ['delete 99', '!No breakpoint number 99.\n'],
      ['delete', ''],
      ['info line nosuch', /^!Function "nosuch" not defined\./],
      ['frobnicate', '!Undefined command: "frobnicate".  Try "help".\n'],
      ['info frobnicate', /^!Undefined info command: "frobnicate"\. {2}Try "help info"\.\n$/],
      ['attach 1', /^!One attaches from the command line: "pktgdb -p PID" to a pktgdb-passt\./],
      ['jump main', /^!Execution cannot go on at another line\. "return" leaves a function/],
      ['handle SIGINT nostop', '!The machine gets no signals; Ctrl-C stops it.\n'],
      ['info signals', '!The machine gets no signals; Ctrl-C stops it.\n'],
    );
  });

  it('running and the stack', async () => {
    await typed.rows(
      ['start', /^Starting program: .*\n[\s\S]*main \(.*\) at softmmu\/main\.ts:\d+\n\d+\t.*\n$/],
      ['next', LINE],
      ['info program', /^Program stopped at softmmu\/main\.ts:\d+\.\nIt stopped after being stepped\.\n$/],
      ['break tcp_input', /^Breakpoint \d+ at tcp_input: file slirp\/tcp_input\.ts, line \d+\.\n$/],
      [
        'continue',
        /^Continuing\.\n[\s\S]*\nBreakpoint \d+, tcp_input \(m=.*\) at slirp\/tcp_input\.ts:\d+\n\d+\t.*\n$/,
      ],
      ['next', LINE],
      ['stepi', /\d+\t.*\n$/],
      ['step', /\d+\t.*\n$/],
      ['finish', /^Run till exit from #0 /],
      ['until', /\d+\t.*\n$/],
      ['continue 2', /^Not stopped at any breakpoint; argument ignored\.\nContinuing\.\n\nBreakpoint /],
      ['bt 2', /^#0 {2}tcp_input \(.*\n#1 {2}ip_input \(.*\n\(More stack frames follow\.\.\.\)\n$/],
      ['bt -1', /^#\d+ +main \(argc=\d+.*\n$/],
      ['bt -frame-arguments none 1', /^#0 {2}tcp_input \(\.\.\.\) at slirp\/tcp_input\.ts:\d+\n/],
      ['bt -frame-arguments presence 1', /^#0 {2}tcp_input \(\.\.\.\) at /],
      ['bt -frame-arguments scalars 1', /^#0 {2}tcp_input \(m=\[.*\], iphlen=20, inso=0x0, af=2\) at /],
      ['bt -past-main on -1', /^#\d+ +main \(/],
      ['set backtrace past-main off', ''],
      ['bt -past-main -1', /^#\d+ +main \(/],
      ['bt -full 1', /^#0 {2}tcp_input .*\n(?: {8}\w+ = .*\n|No locals\.\n)/],
      ['frame 1', /^#1 {2}ip_input \(.*\n\d+\t/],
      ['frame function tcp_input', /^#0 {2}tcp_input /],
      ['frame level 1', /^#1 {2}ip_input /],
      ['frame 999', '!No frame at level 999.\n'],
      ['down', /^#0 {2}tcp_input /],
      ['down', '!Bottom (innermost) frame selected; you cannot go down.\n'],
      ['up 2', /^#2 /],
      ['select-frame 0', ''],
      ['up-silently', ''],
      ['frame', /^#1 /],
      ['down-silently', ''],
      ['info frame', /^Stack level 0, frame in tcp_input \(.*\):\n called by frame at level 1: ip_input /],
      ['frame apply 2 print 1', /^#0 .*\n\$\d+ = 1\n#1 .*\n\$\d+ = 1\n$/],
      ['faas print iphlen', /^#0 {2}tcp_input .*\n\$\d+ = 20\n/],
      ['info args', /^m = 0x7f\w+\niphlen = 20\ninso = 0x0\naf = 2\n$/],
      ['info args -t boolean', 'No matching arguments.\n'],
      ['info locals zzz', 'No matching locals.\n'],
      ['info source', /^Current source file is slirp\/tcp_input\.ts\n/],
      ['info symbol tcp_input', /^void tcp_input\(m: .*\); at slirp\/tcp_input\.ts:\d+\n/],
      ['info scope tcp_input', /^Scope for tcp_input:\nSymbol m is an argument of type mbuf \| null\.\n/],
      ['info threads', /^ {2}Id +Target Id +Frame *\n\* 1 +/],
      ['thread 1', /^\[Switching to thread 1 \(machine\)\]\n#0 {2}tcp_input .*\n\d+\t/],
      ['thread', '[Current thread is 1 (machine)]\n'],
      ['thread 2', '!Unknown thread 2.\n'],
      ['thread apply all bt 1', /^\nThread 1 \(machine\):\n#0 {2}tcp_input /],
      ['thread apply 1 -q print 3', /^\$\d+ = 3\n$/],
      ['thread apply all', "!Please specify a command at the end of 'thread apply all'\n"],
      ['taas print nosuch', ''],
      ['tfaas print iphlen', /^\nThread 1 \(machine\):\n#0 {2}tcp_input .*\n\$\d+ = 20\n/],
      ['info line tcp_input', /^Line \d+ of "slirp\/tcp_input\.ts" is in tcp_input \(probe \d+\)\.\n$/],
      ['print $_', /^\$\d+ = \d+\n$/],
      ['frame 0', /^#0 {2}tcp_input /],
      ['print $pc', /^\$\d+ = \(void \(\*\)\(\)\) 0x[\da-f]+ <tcp_input(?:\+\d+)?>\n$/],
      ['print/x $pc', /^\$\d+ = 0x[\da-f]+\n$/],
      ['whatis $pc', 'type = void (*)()\n'],
      ['info line *$pc', /^Line \d+ of "slirp\/tcp_input\.ts" is in tcp_input \(probe \d+\)\.\n$/],
      ['list *$pc', /^0x[\da-f]+ is in tcp_input \(slirp\/tcp_input\.ts:\d+\)\.\n\d+\t/],
      ['info symbol $pc', /^tcp_input(?: \+ \d+)? in section \.text\n$/],
      [
        'tbreak *$pc',
        /^(?:Note: .*\n)?Temporary breakpoint \d+ at tcp_input: file slirp\/tcp_input\.ts, line \d+\.\n$/,
      ],
      ['set $pc = 5', '!Left operand of assignment is not an lvalue.\n'],
      ['up', /^#1 {2}ip_input .*\n\d+\t/],
      ['print $pc', /^\$\d+ = \(void \(\*\)\(\)\) 0x[\da-f]+ <ip_input\+\d+>\n$/],
      ['down', /^#0 /],
      ['advance ip_input', PLACE],
    );
  });

  it('data and sources', async () => {
    await typed.rows(
      ['print/x 255', /^\$\d+ = 0xff\n$/],
      ['print/t 10', /^\$\d+ = 1010\n$/],
      ['print/c 65', /^\$\d+ = 65 'A'\n$/],
      ['print/o 8', /^\$\d+ = 010\n$/],
      ['output 5', '5'],
      ['print $nosuch', /^\$\d+ = void\n$/],
      ['print nosuch', '!No symbol "nosuch" in current context.\n'],
      ['set var $a = 3', ''],
      ['print $a++ + $a', /^!An assignment is allowed only at the top of an expression/],
      ['print -pretty on -- *m', /^\$\d+ = \{\n {2}ifq_next = /],
      ['whatis m', 'type = struct mbuf *\n'],
      ['ptype m', /^type = struct mbuf : ifq_link \{\n[\s\S]*\} \*\n$/],
      ['ptype/o struct mbuf', /^\/\* offset +\| +size \*\/ {2}type = struct mbuf \{\n/],
      ['whatis tcp_input', /^type = void \(mbuf/],
      ['info types ^mbuf$', /^All types matching regular expression "\^mbuf\$":\n/],
      ['info variables ^TH_SYN', /^All (?:defined|constants|variables).* matching regular expression "\^TH_SYN":\n/],
      ['display iphlen', '1: iphlen = 20\n'],
      ['undisplay 1', ''],
      ['list tcp_input', /^\d+\t/],
      ['list', /^\d+\t/],
      ['list -', /^\d+\t/],
      ['list 10,12', /^10\t.*\n11\t.*\n12\t.*\n$/],
      ['list 99999', /^!Line number 9999\d out of range; /],
      ['search nosuchtext', '!Expression not found\n'],
      ['printf "%d %s %c\\n", 5, "x", 65', '5 x A\n'],
      ['printf "%d\n"', '!Wrong number of arguments for specified format-string\n'],
      ['echo a\\tb\\n', 'a\tb\n'],
      ['shell echo hi', /^(?:hi\n)?$/],
      ['show version', /^pktgdb 1\.2\.3/],
      ['show listsize', 'Number of source lines gdb will list by default is 10.\n'],
      ['show args', /^Argument list to give program being debugged when it is started is ".*"\.\n$/],
      ['show confirm', 'Whether to confirm potentially dangerous operations is off.\n'],
      ['show print pretty', 'Pretty formatting of structures is off.\n'],
      ['show history size', /^Size of the history that the next "run" keeps is \w+\.\n$/],
      ['show convenience', /^\$a = 3$/m],
      ['show values 1', /^\$\d+ = /m],
      // A field, through an address as it was printed.
      ['print m', /^\$\d+ = \(struct mbuf \*\) 0x7f\w+\n$/],
      ['eval "set var ((struct mbuf *)%p)->m_len = 42", (long)m', ''],
      ['print m->m_len', /^\$\d+ = 42\n$/],
      ['set $m = m', ''],
      ['set var $m->m_len = 43', ''],
      ['print m->m_len', /^\$\d+ = 43\n$/],
      ['kill', '[Inferior 1 (pktgdb) killed]\n'],
    );
  });

  it('what follows `finish` or `next` in the commands of a breakpoint is left out', async () => {
    await typed.rows(
      ['delete', ''],
      ['break tcp_input', /^Breakpoint \d+ at /],
      ['commands', ''],
      ['silent', ''],
      ['echo before\\n', ''],
      ['if 1', ''],
      ['finish', ''],
      ['echo within\\n', ''],
      ['end', ''],
      ['echo after\\n', ''],
      ['end', ''],
      ['run', /\nbefore\n.*ip_input .*\n\d+\t.*\n$/],
      ['commands', ''],
      ['next', ''],
      ['print 7', ''],
      ['end', ''],
      ['continue', /^Continuing\.\n\nBreakpoint \d+, tcp_input .*\n\d+\t.*\n\d+\t.*\n$/],
      ['kill', '[Inferior 1 (pktgdb) killed]\n'],
    );
  });
});

describe('the start of the program', function () {
  this.timeout(20_000);

  afterEach(() => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
  });

  /** What the program prints in `folder`, with `home` as the home directory. */
  async function printed(home: string, ...args: string[]): Promise<string> {
    const child = start(args, { HOME: home });
    child.stdin?.end();
    const { out, err } = await ended(child);
    return out + err;
  }

  it("reads init files, those of folders where they are trusted, and takes gdb's options", async () => {
    const home = tempFolder();
    const folder = join(tempFolder(), 'project');
    mkdirSync(folder);
    writeFileSync(join(folder, '.pktgdbinit'), 'echo of the folder\\n\n');
    writeFileSync(join(folder, 'early'), 'echo early\\n\n');
    const init = 'echo of home\\n\n';
    writeFileSync(join(home, '.pktgdbinit'), init);
    const at = ['-batch', '-cd', folder];
    const [distrusted, nothing, short, notHome] = await Promise.all([
      printed(home, ...at, '-ex', 'echo done\\n'),
      printed(home, ...at, '-nx', '-ix', 'early', '-ex', 'pwd'),
      printed(home, ...at, '-n', '-ex', 'show args', '--args', '-netdev', 'user,id=x'),
      printed(home, ...at, '-nh', '-iex', `add-auto-load-safe-path ${folder}`, '-iex', 'echo first\\n'),
    ]);
    assert.match(distrusted, /^of home\ndone\nwarning: File ".*project\/\.pktgdbinit" auto-loading has been declined/);
    assert.match(nothing, /^early\nWorking directory .*project\.\n$/);
    assert.match(short, /started is "-netdev user,id=x"\.\n$/);
    assert.equal(notHome, 'first\nof the folder\n');
    writeFileSync(join(home, '.pktgdbinit'), `${init}add-auto-load-safe-path ${folder}\n`);
    const [trusted, silent, full, attach] = await Promise.all([
      printed(home, ...at, '-iex', 'echo first\\n', '-ex', 'echo done\\n'),
      printed(home, '-nx', '-batch-silent', '-ex', 'print 1', '-ex', 'nonsense'),
      printed(home, '-nx', '-batch', '-tui'),
      printed(home, '-nx', '-batch', '-p', '123'),
    ]);
    assert.equal(trusted, 'first\nof home\nof the folder\ndone\n');
    assert.equal(silent, 'Undefined command: "nonsense".  Try "help".\n');
    assert.match(full, /^pktgdb: -tui: there is no full-screen mode; /);
    assert.match(attach, /^pktgdb: Process 123 has no machine to attach to/);
  });

  it('after Ctrl-C in a script of -x, reads the next line of its input', async () => {
    const script = join(tempFolder(), 'loop');
    writeFileSync(script, 'echo in the loop\\n\nwhile 1\nend\necho never\\n\n');
    const child = start(['-nx', '-x', script]);
    const end = ended(child);
    child.stdin?.write('echo from the input\\n\n');
    child.stdout?.on('data', (data: Buffer) => {
      if (String(data).includes('in the loop')) {
        child.kill('SIGINT');
      }
    });
    child.stdin?.end('print 6 * 7\n');
    const { out, err } = await end;
    assert.match(out, /in the loop\n[\s\S]*from the input\n[\s\S]*\$1 = 42\n/);
    assert.doesNotMatch(out, /never/);
    assert.match(err, /Quit\n/);
  });
});
