import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Account, ReplayState } from '../../adapter/engine/api.ts';
import { runCli, tabCompletions } from '../../adapter/gdb/cli.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { ProgressLine } from '../../adapter/gdb/progress.ts';
import { QemuGuests } from '../../adapter/qemu/guests.ts';
import { E1000_REGISTERS } from '../../adapter/stack/hw/net/e1000_regs.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { GdbEngine } from './fake-engine.ts';
import { Session, transcript } from './session.ts';

const STOP = { kind: 'breakpoint', breakpoints: [1], hitTemporary: false } as const;

describe('gdb commands', () => {
  let s: Session;
  beforeEach(() => {
    s = new Session();
  });
  afterEach(() => s.gdb.dispose());

  it('are found by abbreviations, with errors as in gdb', async () => {
    await transcript(s, [
      ['foo', '!Undefined command: "foo".  Try "help".\n'],
      ['s3', '!Undefined command: "s3".  Try "help".\n'],
      ['info foo', '!Undefined info command: "foo".  Try "help info".\n'],
      ['un', '!Ambiguous command "un": undisplay, unset, until.\n'],
      ['info fr 1', await s.run('info frame level 1')],
      ['inf loc', 'y = 0\n'],
      ['p 1', '$1 = 1\n'],
      ['p/x 255', '$2 = 0xff\n'],
      ['p -1', '$3 = -1\n'],
      ['p*so->so_data@2', '$4 = {0x1, 0x2}\n'],
      ['# comment', ''],
      ['', ''],
    ]);
    assert.match(await s.run('info l'), /^!Ambiguous info command "l": line, locals\.\n$/);
    assert.match(await s.run('e'), /^!Ambiguous command "e": echo, edit, en, enable, end, eval, exit\.\n$/);
  });

  it('print, formats and history', async () => {
    await transcript(s, [
      ['print', '$1 = void\n'],
      ['print x', '$2 = 3\n'],
      ['print', '$3 = 3\n'],
      ['print $ + 1', '$4 = 4\n'],
      ['print $$2', '$5 = 3\n'],
      ['print $99', '!History has not yet reached $99.\n'],
      ['print/x -1', '$6 = 0xffffffff\n'],
      ['print/u -1', '$7 = 4294967295\n'],
      ['print/t 10', '$8 = 1010\n'],
      ['print/o 8', '$9 = 010\n'],
      ['print/c 65', "$10 = 65 'A'\n"],
      ['print/z 5', '$11 = 0x00000005\n'],
      ['print/d (uint8_t)255', '$12 = -1\n'],
      ['print/a 65', '$13 = 0x41\n'],
      ['print/x so->so_data', '$14 = {0x1, 0x2, 0x3, 0x0 <repeats 37 times>}\n'],
      ['print/c so->so_data', "$15 = {1 '\\001', 2 '\\002', 3 '\\003', 0 '\\000' <repeats 37 times>}\n"],
      ['print/s so->so_data', '$16 = "\\001\\002\\003", \'\\000\' <repeats 37 times>\n'],
      ['print/y 3', '!Undefined output format "y".\n'],
      ['print/2 3', '!Item count other than 1 is meaningless in "print" command.\n'],
      ['print/xb 3', '!Size letters are meaningless in "print" command.\n'],
      ['output 5', '5'],
      ['set $foo = 12', ''],
      ['print $foo * 2', '$17 = 24\n'],
      ['set $foo++', ''],
      ['print $foo', '$18 = 13\n'],
      ['set var x = 7', ''],
      ['print x', '$19 = 7\n'],
      ['set x = 8', ''],
      ['print x', '$20 = 8\n'],
      ['print so', '$21 = (struct socket *) 0x7f0000001040\n'],
      ['print $21->so_state', '$22 = 4\n'],
      ['print *$21', '$23 = {so_state = 4, so_name = "hello", so_next = 0x0, so_data = 0x7f0000001000}\n'],
      ['print $_exitcode', '$24 = void\n'],
      ['set var', '!Argument required (expression to compute).\n'],
      ['call add(1)', /^!"add" may change the machine: only functions without effect can be called, /],
      ['call mid(1)', '$25 = 2\n'],
      ['call mid()', '!Too few arguments in function call.\n'],
      ['call nosuch(1)', '!No symbol "nosuch" in current context.\n'],
    ]);
    s.engine.emit('continued');
    assert.equal(await s.run('print $21'), '$26 = (struct socket *) 0x7f0000001040\n');
    assert.equal(await s.run('print $22'), '$27 = 4\n');
  });

  it('print pretty, elements, repeats', async () => {
    await transcript(s, [
      ['set print elements 4', ''],
      ['print buf', '$1 = {0x52, 0x54, 0x0, 0x12...}\n'],
      ['print text', '$2 = "list"...\n'],
      ['set print elements 200', ''],
      ['set print pretty on', ''],
      ['print *iov', '$3 = {\n  iov_base = 0x7f0000001000,\n  iov_len = 60\n}\n'],
      ['show print pretty', 'Pretty formatting of structures is on.\n'],
      ['set print pretty maybe', '!"on" or "off" expected.\n'],
    ]);
  });

  it('print $pkt dissects the packet', async () => {
    assert.match(await s.run('print $pkt'), /Transmission Control Protocol, Src Port: 45678, Dst Port: 5556/);
    assert.match(await s.run('frame 1', 'print $pkt'), /There is no \$pkt here: mid does not handle a packet/);
  });

  it('backtrace, frame, up, down', async () => {
    const top = 'add (so=0x7f0000001000, x=3, buf=0x7f0000001040) at util/t.ts:3';
    await transcript(s, [
      ['bt', `#0  ${top}\n#1  mid (z=3) at util/t.ts:11\n#2  main (argc=1) at util/t.ts:15\n`],
      ['bt 1', `#0  ${top}\n(More stack frames follow...)\n`],
      ['where -1', '#2  main (argc=1) at util/t.ts:15\n'],
      ['bt full 1', `#0  ${top}\n        y = 0\n(More stack frames follow...)\n`],
      ['down', '!Bottom (innermost) frame selected; you cannot go down.\n'],
      ['up', '#1  mid (z=3) at util/t.ts:11\n11\t  return add(so1, z, bytes) * 2;\n'],
      ['info locals', 'No locals.\n'],
      ['info args', 'z = 3\n'],
      ['print z', '$1 = 3\n'],
      ['print x', '!No symbol "x" in current context.\n'],
      ['up', '#2  main (argc=1) at util/t.ts:15\n15\t  const r = mid(3);\n'],
      ['up', '!Initial frame selected; you cannot go up.\n'],
      ['frame 0', `#0  ${top}\n3\t  const y = x + 1;\n`],
      ['f function main', '#2  main (argc=1) at util/t.ts:15\n15\t  const r = mid(3);\n'],
      ['frame 99', '!No frame at level 99.\n'],
    ]);
  });

  it('break, condition, ignore, enable, delete', async () => {
    await transcript(s, [
      ['break add if x == 3', 'Breakpoint 1 at add: file util/t.ts, line 3.\n'],
      ['tbreak t.ts:11', 'Temporary breakpoint 2 at mid: file util/t.ts, line 11.\n'],
      ['b 7', 'Breakpoint 3 at add: file util/t.ts, line 7.\n'],
      ['b', 'Note: breakpoint 1 also set at util/t.ts:3.\nBreakpoint 4 at add: file util/t.ts, line 3.\n'],
      ['delete 4', ''],
      [
        'info breakpoints',
        'Num     Type           Disp Enb Address            What\n' +
          '1       breakpoint     keep y                      in add at util/t.ts:3\n\tstop only if x == 3\n' +
          '2       breakpoint     del  y                      in mid at util/t.ts:11\n' +
          '3       breakpoint     keep y                      in add at util/t.ts:7\n',
      ],
      ['break nosuch', '!Function "nosuch" not defined.\n'],
      ['break e1000_recieve_iov', '!Function "e1000_recieve_iov" not defined. Did you mean e1000_receive_iov?\n'],
      ['break t.ts:999', '!No line 999 in file "util/t.ts".\n'],
      ['break 999', '!No line 999 in the current file.\n'],
      ['break nosuch.ts:3', '!No source file named nosuch.ts.\n'],
      ['break *0x1234', '!No code is there: behind "*" stands $pc, a function, or the number of a probe.\n'],
      ['break add if x ==', "!A syntax error in expression, near `'.\n"],
      ['break add if nosuch == 1', '!No symbol "nosuch" in current context.\n'],
      ['condition 1 y ==', "!A syntax error in expression, near `'.\n"],
      ['condition 99 x', '!No breakpoint number 99.\n'],
      ['condition 1', 'Breakpoint 1 now unconditional.\n'],
      ['ignore 1 2', 'Will ignore next 2 crossings of breakpoint 1.\n'],
      ['ignore 99 1', '!No breakpoint number 99.\n'],
      ['disable 1', ''],
      ['delete foo', "!Bad breakpoint number 'foo'\n"],
      ['delete 99', '!No breakpoint number 99.\n'],
      ['enable 99', '!No breakpoint number 99.\n'],
      [
        'info breakpoints 1',
        'Num     Type           Disp Enb Address            What\n' +
          '1       breakpoint     keep n                      in add at util/t.ts:3\n\tignore next 2 hits\n',
      ],
      ['delete', ''],
      ['info b', 'No breakpoints or watchpoints.\n'],
    ]);
  });

  it('run, continue, step, finish print as gdb does', async () => {
    s = new Session(new GdbEngine());
    const at = 'add (so=0x7f0000001000, x=3, buf=0x7f0000001040) at util/t.ts';
    s.engine.script = [
      { reason: STOP },
      { reason: { kind: 'step' }, line: 4 },
      { reason: { kind: 'step' }, depth: 2 },
      { reason: { kind: 'breakpoint', breakpoints: [9], hitTemporary: true } },
      { reason: { kind: 'finish', from: 'add', value: { kind: 'number', type: 'number', value: 14 } }, depth: 2 },
      { reason: { kind: 'pause' } },
      { reason: { kind: 'condition-error', breakpoint: 1, message: 'Cannot access memory at address 0x0' } },
      { reason: { kind: 'exception', name: 'TypeError', message: 'x is not a function', stack: '' } },
    ];
    await transcript(s, [
      ['continue', '!The program is not being run.\n'],
      ['bt', '!No stack.\n'],
      ['info locals', '!No frame selected.\n'],
      ['break add', 'Breakpoint 1 at add: file util/t.ts, line 3.\n'],
      ['run', `Starting program: pktgdb -netdev user,id=u0\n\nBreakpoint 1, ${at}:3\n3\t  const y = x + 1;\n`],
      ['step', '4\t  for (let i = 0; i < 3; i++) {\n'],
      ['', 'mid (z=3) at util/t.ts:11\n11\t  return add(so1, z, bytes) * 2;\n'],
      ['c', `Continuing.\n\nTemporary breakpoint 9, ${at}:3\n3\t  const y = x + 1;\n`],
      [
        'finish',
        `Run till exit from #0  ${at}:3\nmid (z=3) at util/t.ts:11\n` +
          '11\t  return add(so1, z, bytes) * 2;\nValue returned is $1 = 14\n',
      ],
      ['p $', '$2 = 14\n'],
      ['c', `Continuing.\n\nProgram received signal SIGINT, Interrupt.\n${at}:3\n3\t  const y = x + 1;\n`],
      [
        'c',
        'Continuing.\nError in testing condition for breakpoint 1:\nCannot access memory at address 0x0\n' +
          `\nBreakpoint 1, ${at}:3\n3\t  const y = x + 1;\n`,
      ],
      [
        'c',
        'Continuing.\n\nUncaught exception in the stack: TypeError: x is not a function\n' +
          `${at}:3\n3\t  const y = x + 1;\n`,
      ],
      ['c', 'Continuing.\n[Inferior 1 (pktgdb) exited normally]\n'],
      ['p $_exitcode', '$3 = 0\n'],
      ['p $_hostfwd', '$4 = 40123\n'],
      ['next', '!The program is not being run.\n'],
    ]);
    assert.deepEqual(s.engine.calls.slice(0, 3), ['launch -netdev user,id=u0', 'step into 1', 'step into 1']);
  });

  it('until and advance', async () => {
    s.engine.script = [
      { reason: { kind: 'step' }, line: 5 },
      { reason: { kind: 'step' }, line: 4 },
      { reason: { kind: 'step' }, line: 5 },
      { reason: { kind: 'step' }, line: 7 },
      { reason: { kind: 'step' }, line: 7 },
    ];
    assert.equal(await s.run('next'), '5\t    total += i;\n');
    // Jumps back to line 4 and 5 are passed over... until a line further on.
    assert.equal(await s.run('until'), '5\t    total += i;\n');
    assert.equal(await s.run('until'), '7\t  return y + so.so_state;\n');
    assert.equal(await s.run('advance 7'), '7\t  return y + so.so_state;\n');
    assert.equal(s.engine.calls.at(-1), 'runTo util/t.ts:7');
  });

  it('commands of a breakpoint run when it is hit', async () => {
    s.engine.script = [{ reason: STOP }];
    await s.run('break add', 'commands', 'silent_is_not_known', 'end');
    assert.match(await s.run('continue'), /Breakpoint 1, add[^!]*!Undefined command: "silent_is_not_known"/);
    s.engine.script = [{ reason: STOP }];
    await s.run('commands 1', 'print x', 'printf "%d!\\n", x', 'end');
    assert.match(await s.run('continue'), /\$1 = 3\n3!\n$/);
    s.engine.script = Array.from({ length: 500 }, () => ({ reason: STOP }));
    await s.run('set $hits = 0', 'commands 1', 'silent', 'set $hits++', 'continue', 'end');
    assert.match(await s.run('continue'), /^(Continuing\.\n)+\[Inferior 1 \(pktgdb\) exited normally\]\n$/);
    assert.match(await s.run('print $hits'), /= 500\n/);
    await s.run('commands 1', 'print x', 'printf "%d!\\n", x', 'end');
    assert.match(await s.run('info b'), / {8}print x\n {8}printf/);
  });

  it('display', async () => {
    s.engine.script = [{ reason: { kind: 'step' }, line: 4 }];
    await transcript(s, [
      ['display x', '1: x = 3\n'],
      ['display/x size', '2: /x size = 0x3c\n'],
      ['info display', 'Auto-display expressions now in effect:\nNum Enb Expression\n1:   y  x\n2:   y  /x size\n'],
      ['next', '4\t  for (let i = 0; i < 3; i++) {\n1: x = 3\n2: /x size = 0x3c\n'],
      ['undisplay 1', ''],
      ['undisplay 99', '!No display number 99.\n'],
      ['undisplay', ''],
      ['info display', 'There are no auto-display expressions now.\n'],
      ['display nosuch', '!No symbol "nosuch" in current context.\n'],
    ]);
  });

  it('x', async () => {
    await transcript(s, [
      ['x/4xb 0x10', '0x10:\t0x10\t0x11\t0x12\t0x13\n'],
      ['x', '0x14:\t0x14\n'],
      ['x/2xw 0x10', '0x10:\t0x13121110\t0x17161514\n'],
      ['x/1xg 0x10', '0x10:\t0x1716151413121110\n'],
      ['x/2db 0xff', '0xff:\t-1\t0\n'],
      ['x/3ub 0xff', '0xff:\t255\t0\t1\n'],
      ['x/2cb 0x41', "0x41:\t65 'A'\t66 'B'\n"],
      ['x/1tb 5', '0x5:\t00000101\n'],
      ['x/6xb buf', '0x7f0000001000:\t0x52\t0x54\t0x00\t0x12\t0x34\t0x56\n'],
      ['x/s 0xfe', `0xfe:\t"\\376\\377"\n`],
      ['x/2xw 0xffffe', '!Cannot access memory at address 0xffffe\n'],
      ['x/2xb 0xfffff', '0xfffff:\t0xff\n!Cannot access memory at address 0x100000\n'],
      ['x/2i 0', '!Format letter "i" is meaningless here: there are no machine instructions.\n'],
      ['x so', '!x needs a guest physical address, an array of numbers, or $pkt.\n'],
    ]);
  });

  it('list', async () => {
    const lines = (from: number, to: number): string =>
      Array.from({ length: to - from + 1 }, (_, i) => s.gdb.source.numberedLine('util/t.ts', from + i)).join('\n') +
      '\n';
    await transcript(s, [
      ['list add', lines(1, 10)],
      ['list', lines(11, 17)],
      ['list', '!Line number 18 out of range; util/t.ts has 17 lines.\n'],
      ['list 3,5', lines(3, 5)],
      ['list t.ts:2', lines(1, 10)],
      ['list ,5', lines(1, 5)],
      ['list nosuch', '!Function "nosuch" not defined.\n'],
      ['list 500', '!Line number 495 out of range; util/t.ts has 17 lines.\n'],
    ]);
    assert.equal(await s.run('list 12,13', ''), lines(12, 13) + lines(14, 17));
    assert.equal(await s.run('list 12,13', 'list -'), lines(12, 13) + lines(2, 11));
  });

  it('ptype, whatis', async () => {
    await transcript(s, [
      ['whatis so', 'type = struct socket *\n'],
      ['whatis *so', 'type = struct socket\n'],
      ['whatis s', 'type = E1000State *\n'],
      ['whatis (uint8_t)x', 'type = uint8_t\n'],
      ['whatis add', 'type = number (socket, number, Uint8Array)\n'],
      ['ptype struct iovec', 'type = struct iovec {\n    Uint8Array iov_base;\n    number iov_len;\n}\n'],
      ['ptype *iov', 'type = struct iovec {\n    Uint8Array iov_base;\n    number iov_len;\n}\n'],
      ['ptype struct nosuch', '!No struct type named nosuch.\n'],
    ]);
    assert.match(
      await s.run('ptype so'),
      /^type = struct socket \{\n {4}number so_state; {2}\/\* State bits\. \*\/\n[\s\S]*\} \*\n$/,
    );
  });

  it('ptype and whatis of a register say what the register table has, with and without a machine', async () => {
    const check = async (): Promise<void> => {
      assert.match(
        await s.run('ptype $RCTL'),
        new RegExp(
          [
            /^type = struct RCTL \{ {2}\/\* 0x0100, rw, reset 0x0, 8254x manual 13\.4\.22: Receive Control \*\/\n/,
            / {4}uint32_t : 1;\n {4}uint32_t EN : 1; {2}\/\* bit 1: Receiver enable \*\/\n[\s\S]*/,
            / {4}uint32_t LBM : 2; {2}\/\* bits 7:6: Loopback mode \(0 = [^\n]*\) \*\/\n[\s\S]*/,
            / {4}uint32_t SECRC : 1; [^\n]*\n {4}uint32_t : 5;\n\}\n$/,
          ]
            .map((r) => r.source)
            .join(''),
        ),
      );
      await transcript(s, [
        ['whatis $RCTL', 'type = struct RCTL\n'],
        ['whatis $MTA', 'type = uint32_t [128]\n'],
        [
          'ptype $MTA',
          'type = uint32_t [128]  /* 0x5200, rw, reset 0x0, 8254x manual 13.5.1: Multicast Table Array */\n',
        ],
        [
          'ptype $FFLT',
          'type = uint32_t [4]  /* 0x5f00, every 8 bytes, rw, reset 0x0, ' +
            '8254x manual 13.6.9: Flexible Filter Length Table */\n',
        ],
        ['whatis $GPRC', 'type = uint32_t\n'],
        [
          'ptype $GPRC',
          'type = uint32_t  /* 0x4074, rc, reset 0x0, 8254x manual 13.7.27: Good Packets Received Count */\n',
        ],
      ]);
    };
    await check();
    assert.match(await s.run('ptype $TIPG'), /^type = struct TIPG \{ {2}\/\* 0x0410, not kept, reset 0x0, /);
    s.engine.state = 'none';
    await check();
    s.engine.state = 'stopped';
    await transcript(s, [
      ['whatis $RDH + 1', 'type = unsigned int\n'],
      ['whatis $nosuch', 'type = void\n'],
      ['set var $MTA = 5', ''],
      ['whatis $MTA', 'type = int\n'],
    ]);
  });

  it('ptype of every register fills its bits', async () => {
    for (const r of E1000_REGISTERS.filter((x) => x.fields.length > 0)) {
      const widths = [...(await s.run(`ptype $${r.name}`)).matchAll(/^ {4}uint32_t \w* ?: (\d+);/gm)];
      assert.equal(
        widths.reduce((sum, [, w]) => sum + Number(w), 0),
        r.width,
        r.name,
      );
    }
  });

  it('info', async () => {
    assert.equal(
      await s.run('info functions ^add'),
      'All functions matching regular expression "^add":\n\nFile util/t.ts:\n' +
        '2:      number add(so: socket, x: number, buf: Uint8Array);\n',
    );
    assert.match(await s.run('info functions ('), /^!Invalid regular expression/);
    assert.match(await s.run('info source'), /^Current source file is util\/t\.ts\n[\s\S]*Contains 17 lines\.\n/);
    assert.equal(await s.run('info line'), 'Line 3 of "util/t.ts" is in add (probe 0).\n');
    assert.match(await s.run('info scope add'), /^Scope for add:\nSymbol so is an argument of type socket\.\n/);
    assert.match(await s.run('info variables RDH'), /number RDH = 2564 \(0xa04\);/);
    assert.match(await s.run('info types sock'), /class socket; {2}\/\* A socket\. \*\//);
    assert.equal(
      await s.run('info symbol add'),
      'number add(so: socket, x: number, buf: Uint8Array); at util/t.ts:2\n    Adds.\n    Slowly.\n',
    );
    assert.equal(await s.run('info position'), 'tick 12, probe 0 at util/t.ts:3:3\n');
    assert.equal(await s.run('info usernet'), 'monitor says: info usernet\n');
    for (const state of ['stopped', 'running'] as const) {
      s.engine.state = state;
      assert.equal(await s.run('info drops'), 'No packet was dropped.\n', state);
    }
    s.engine.state = 'exited';
    assert.equal(await s.run('info drops'), '!The program is not being run.\n');
    s.engine.state = 'stopped';
    assert.match(
      await s.run('info frame'),
      /^Stack level 0, frame in add \(util\/t\.ts:3\):\n called by frame at level 1/,
    );
    assert.match(await s.run('info program'), /It stopped at a breakpoint that has since been deleted\./);
    assert.match(await s.run('info threads'), /\* 1 {4}machine/);
    assert.match(await s.run('info packet'), /Ethernet II/);
  });

  it('info registers shows values and bits, and reads change nothing', async () => {
    assert.equal(await s.run('info registers ICR'), 'ICR            0x83               [ TXDW TXQE RXT0 ]\n');
    assert.equal(await s.run('info registers rdh'), 'RDH            0x3                3\n');
    assert.match(await s.run('info registers'), /^General:\nCTRL {11}0x0/);
    assert.equal(await s.run('info registers ICR'), 'ICR            0x83               [ TXDW TXQE RXT0 ]\n');
    assert.match(await s.run('info registers RDHH'), /^!Invalid register `RDHH'; did you mean .*RDH/);
    s = new Session(new GdbEngine());
    assert.equal(await s.run('info registers'), '!The program has no registers now.\n');
  });

  it('info ring', async () => {
    assert.equal(await s.run('info ring rx'), 'Rx ring: not set up (RDLEN is 0)\n');
    const mac = new Uint32Array(s.engine.shared.get('e1000.0/mac_reg')!);
    mac[0x2800 >> 2] = 0x1000;
    mac[0x2808 >> 2] = 128;
    mac[0x2818 >> 2] = 7;
    const text = await s.run('info ring rx');
    assert.match(text, /^Rx ring: 8 descriptors at 0x00001000, RDH = 3, RDT = 7\n/);
    assert.match(text, /\n {3}\[3\] addr .*<- RDH \(head\)\n/);
    assert.match(text, /\n {3}\[7\] addr .*<- RDT \(tail\)\n$/);
    assert.match(await s.run('info ring foo'), /^!Unknown ring "foo"/);
  });

  it('rings and registers of a guest in QEMU are there', async () => {
    s.engine.guests = new QemuGuests([]);
    (s.engine.shared as Map<string, ArrayBufferLike>).clear();
    for (const line of ['info registers', 'info registers RDH', 'info ring', 'info ring rx']) {
      assert.match(await s.run(line), /^!There is no e1000 here: the NIC is QEMU's, .*"info network" shows the link/);
    }
  });

  it('rings and registers of another NIC are had by its name; $NAME is the first one', async () => {
    const other = new SharedArrayBuffer(0x20000);
    const mac = new Uint32Array(other);
    mac[0x2800 >> 2] = 0x2000;
    mac[0x2808 >> 2] = 256;
    mac[0x2810 >> 2] = 9;
    (s.engine.shared as Map<string, ArrayBufferLike>).set('e1000.1/mac_reg', other);
    assert.match(await s.run('info ring rx e1000.1'), /^Rx ring: 16 descriptors at 0x00002000, RDH = 9, RDT = 0\n/);
    assert.match(await s.run('info ring e1000.1'), /\nTx ring: not set up/);
    assert.equal(await s.run('info registers e1000.1 RDH'), 'RDH            0x9                9\n');
    assert.equal(await s.run('info registers RDH'), 'RDH            0x3                3\n');
    assert.equal(await s.run('p $RDH'), '$1 = 3\n');
  });

  it('printf and echo', async () => {
    await transcript(s, [
      ['printf "%d %s %#x %c|%-5d|%05d|%%\\n", 5, "hi", 255, 65, 7, -42', '5 hi 0xff A|7    |-0042|%\n'],
      ['printf "%d\\n"', '!Wrong number of arguments for specified format-string\n'],
      ['printf', '!Argument required (format-control string and values to print).\n'],
      ['printf "%q", 1', "!Unrecognized format specifier 'q' in printf\n"],
      ['printf "abc', "!Bad format string, non-terminated '\"'.\n"],
      ['printf "%lu,%x\\n", x, (x == 3, 17)', '3,11\n'],
      ['echo hi\\n', 'hi\n'],
    ]);
  });

  it('define, document, if, while', async () => {
    await s.run('define twice', 'print $arg0 * 2', 'if $argc > 1', 'print $arg1', 'else', 'print "one"', 'end', 'end');
    assert.equal(await s.run('twice 4'), '$1 = 8\n$2 = "one"\n');
    assert.equal(await s.run('twice 4 9'), '$3 = 8\n$4 = 9\n');
    await s.run('document twice', 'Doubles.', 'end');
    assert.equal(await s.run('help twice'), 'Doubles.\n');
    await s.run('set $i = 0');
    assert.equal(await s.run('while $i < 3', 'output $i', 'set $i++', 'end'), '012');
    await s.run('define again', 'again', 'end');
    assert.match(await s.run('again'), /Max user call depth exceeded/);
    assert.equal(await s.run('twice 1').then((t) => t.slice(-8)), '= "one"\n');
  });

  it('source stops at the first error and says where', async () => {
    const folder = tempFolder();
    const file = join(folder, 'script');
    writeFileSync(file, '# comment\nprint 1\n\nif 1\nprint 2\nend\nprint nosuch\nprint 3\n');
    assert.equal(
      await s.run(`source ${file}`),
      `$1 = 1\n$2 = 2\n!${file}:7: Error in sourced command file:\nNo symbol "nosuch" in current context.\n`,
    );
    assert.equal(await s.run(`source ${folder}/nosuch`), `!${folder}/nosuch: No such file or directory.\n`);
    writeFileSync(file, 'if 1\nprint 2\n');
    assert.match(await s.run(`source ${file}`), /"end" is missing/);
    assert.equal(await s.run('print 5'), '$3 = 5\n');
  });

  it('set, show, help, quit', async () => {
    await transcript(s, [
      ['show args', 'Argument list to give program being debugged when it is started is "-netdev user,id=u0".\n'],
      ['set args -device "e1000,netdev=a b"', ''],
      ['show args', 'Argument list to give program being debugged when it is started is "-device e1000,netdev=a b".\n'],
      ['set confirm off', ''],
      ['show confirm', 'Whether to confirm potentially dangerous operations is off.\n'],
      ['set pagination off', ''],
      ['set height 0', ''],
      ['set foo', '!No symbol "foo" in current context.\n'],
      ['show version', 'pktgdb 1.2.3\n'],
      ['help nosuch', '!Undefined command: "nosuch".  Try "help".\n'],
      [
        'help step',
        'step, s\nStep program until it reaches a different source line.\nUsage: step [N]\n' +
          'Argument N means step N times (or till program stops for another reason).\n' +
          'For example:\n  step 2\n',
      ],
    ]);
    assert.match(await s.run('help'), /^List of classes of commands:\n\naliases -- /);
    assert.match(await s.run('help info'), /info registers, r -- Registers of the NIC/);
    assert.deepEqual(await s.gdb.execute('quit 3'), { ok: true, quit: 3 });
  });

  it('guest and monitor', async () => {
    await s.run('guest nc -l -v -p 5556 > hello.txt');
    assert.deepEqual(s.engine.calls, ['guest nc -l -v -p 5556 > hello.txt']);
    assert.equal(await s.run('monitor info network'), 'monitor says: info network\n');
    s = new Session(new GdbEngine());
    assert.equal(await s.run('guest ls'), '!The program is not being run.\n');
  });

  it('host listen and host send meet through real sockets', async () => {
    const heard = new Promise<string>((resolve) => {
      const { gdb } = s;
      const write = gdb.options.write;
      Object.assign(gdb.options, {
        write: (text: string, kind: 'stdout' | 'stderr' | 'log') => {
          write(text, kind);
          if (text.includes('Hello')) {
            resolve(text);
          }
        },
      });
    });
    assert.match(await s.run('host listen tcp:127.0.0.1:0'), /^Listening on tcp:127\.0\.0\.1:\d+\.\n$/);
    assert.match(await s.run('host send tcp:127.0.0.1:$_hostport Hello qemu Geust'), /sent 17 bytes\.\n/);
    assert.match(await heard, /Hello qemu Geust\n$/);
    assert.match(await s.run('host send tcp:127.0.0.1:$nosuch x'), /^!\$nosuch is void\.\n$/);
    assert.match(await s.run('host send nonsense x'), /^!Bad address "nonsense"\. Usage: host send/);
    assert.match(await s.run('host send tcp:127.0.0.1:1 x'), /!host send: tcp:127\.0\.0\.1:1: connect ECONNREFUSED/);
  });

  it('complete', () => {
    assert.deepEqual(s.gdb.complete('tbr'), ['tbreak']);
    assert.deepEqual(s.gdb.complete('info brea'), ['info breakpoints']);
    assert.deepEqual(s.gdb.complete('break e1000_rec'), ['break e1000_receive', 'break e1000_receive_iov']);
    assert.deepEqual(s.gdb.complete('print so->so_state + $RD'), [
      'print so->so_state + $RDBAH',
      'print so->so_state + $RDBAL',
      'print so->so_state + $RDFH',
      'print so->so_state + $RDFHS',
      'print so->so_state + $RDFPC',
      'print so->so_state + $RDFT',
      'print so->so_state + $RDFTS',
      'print so->so_state + $RDH',
      'print so->so_state + $RDLEN',
      'print so->so_state + $RDT',
      'print so->so_state + $RDTR',
    ]);
    for (const [line, ...words] of [
      ['print so->', 'so_data', 'so_name', 'so_next', 'so_state'],
      ['break add if so->so_next->so_s', 'so_state'],
      ['print iov[0].iov_l', 'iov_len'],
      ['print $pkt.tcp.dstp', '$pkt.tcp.dstport'],
      ['break util/t.ts:', 'add', 'main', 'mid'],
      ['break e1000.ts:e1000_receive_', 'e1000_receive_iov'],
      ['break -pa', '-packet'],
      ['ptype struct s', 'socket'],
      ['print (struct i', 'iovec'],
      ['frame fu', 'function'],
      ['info br', 'breakpoints'],
      ['catch drop TCP_CSU', 'TCP_CSUM'],
      ['break drop TCP_CSU', 'TCP_CSUM'],
    ] as const) {
      const { candidates } = s.gdb.completions(line);
      assert.deepEqual(
        candidates.map((c) => c.text),
        words,
        line,
      );
    }
    assert.deepEqual(s.gdb.complete('info registers IC'), ['info registers ICR', 'info registers ICS']);
    assert.deepEqual(s.gdb.complete('set print pre'), ['set print pretty']);
    assert.deepEqual(tabCompletions(s.gdb, 'set print pre'), [['pretty '], 'pre']);
    assert.deepEqual(tabCompletions(s.gdb, 'run -netdev user,hostf'), [['hostfwd='], 'hostf']);
    assert.deepEqual(tabCompletions(s.gdb, 'info registers IC'), [['ICR', 'ICS'], 'IC']);
  });

  it('without waiting, commands that run return at once', async () => {
    const engine = new GdbEngine().stand();
    let text = '';
    const gdb = new GdbInterpreter(engine, { waitForStops: false, write: (t) => (text += t) });
    engine.script = [{ reason: STOP }];
    assert.deepEqual(await gdb.execute('continue'), { ok: true });
    assert.equal(engine.state, 'running');
    assert.equal(text, 'Continuing.\n');
    assert.deepEqual(await gdb.execute('step'), { ok: false });
    gdb.dispose();
  });

  it('a replay: settings, its guest completed with the hosts of the capture', async () => {
    await transcript(s, [
      ['info replay', '!Nothing is being replayed; pktgdb replays the capture that is named with -r.\n'],
      ['show replay at-end', 'What happens when everything has been played is stop.\n'],
      ['set replay at-end exit', ''],
      ['show replay at-end', 'What happens when everything has been played is exit.\n'],
      ['set replay checksums', '!Requires an argument. Valid arguments are repair, keep.\n'],
      ['show replay guest', 'Host of the capture that plays the guest is auto (the likeliest one).\n'],
      ['set replay guest \x1b[2J', ''],
      ['show replay guest', 'Host of the capture that plays the guest is \\x1b[2J.\n'],
    ]);
    const gdb = new GdbInterpreter(s.engine, {
      waitForStops: true,
      write: () => {},
      launch: { args: [], traces: [capture('foreign/mixed.pcapng')] },
    });
    assert.deepEqual(gdb.complete('set replay guest 192.168.77.'), [
      'set replay guest 192.168.77.1',
      'set replay guest 192.168.77.2',
    ]);
    assert.deepEqual(gdb.complete('info divergence d'), ['info divergence different']);
    assert.deepEqual(gdb.complete('tbreak divergence f'), ['tbreak divergence form']);
    gdb.dispose();
  });

  it('info divergence stops after a page at the prompt, and an empty line goes on', async () => {
    const divergences = Array.from({ length: 90 }, (_, i) => ({
      grade: i % 2 === 0 ? ('missing' as const) : ('extra' as const),
      packet: i + 1,
      time: -1,
      stream: 3,
      summary: 'segment',
      fields: i === 0 ? [{ field: 'ip.ttl', captured: '64', sent: '255' }] : [],
    }));
    const counts = { same: 5, 'same bytes, other form': 0, 'different answer': 0, missing: 45, extra: 45 };
    s.engine.divergences = async (start = 0, count = 1000) => ({
      counts,
      divergences: divergences.slice(start, start + count),
    });
    s.engine.replay = replayed({ divergences: counts });
    const lines = (text: string): string[] => text.trimEnd().split('\n');
    const first = lines(await s.run('info divergence'));
    assert.equal(first[0], 'packet 1 (stream 3): segment: missing: ip.ttl 64 -> 255');
    assert.equal(first.length, 41);
    assert.equal(first.at(-1), '(more: an empty line goes on)');
    assert.equal(lines(await s.run(''))[0], 'packet 41 (stream 3): segment: missing');
    const last = lines(await s.run(''));
    assert.equal(last.length, 11);
    assert.equal(last.at(-1), 'In all: 5 same; 45 missing; 45 extra.');
    assert.equal(lines(await s.run('info divergence ext'))[0], 'packet 2 (stream 3): segment: extra');
    assert.equal(lines(await s.run('')).at(-1), 'In all: 45 extra.');
    assert.match(await s.run('info divergence bad'), /^!"bad" is no grade of divergence; there are form, /);
    await s.gdb.execute('info divergence');
  });

  it('-batch fails if something could have been played and was not', async () => {
    const exit = async (faults: number): Promise<number> => {
      const engine = new GdbEngine();
      engine.replay = replayed({ faults });
      const output = new PassThrough().resume();
      return runCli(engine, { quiet: true, batch: true, actions: [], args: [], version: '1', output, errors: output });
    };
    assert.equal(await exit(0), 0);
    assert.equal(await exit(1), 1);
  });

  it('a progress line comes after a second, on a terminal only, and goes away', () => {
    for (const isTTY of [true, false]) {
      const out = Object.assign(new PassThrough(), { isTTY });
      let now = 0;
      const line = new ProgressLine(out, () => now);
      line.show('1 %');
      now = 999;
      line.show('2 %');
      assert.equal(out.read(), null);
      now = 1000;
      line.show('3 %');
      line.show('4 %');
      line.hide();
      line.show('5 %');
      line.end();
      line.show('6 %');
      const written = String(out.read() ?? '');
      assert.equal(written, isTTY ? '\r\x1b[K3 %\r\x1b[K\r\x1b[K5 %\r\x1b[K' : '');
    }
  });
});

/** A replay with an account of its own. */
function replayed(part: Partial<Account>): ReplayState {
  const account: Account = {
    position: 0,
    seconds: 0,
    finished: true,
    packets: 0,
    played: 0,
    notPlayed: {},
    faults: 0,
    connections: { total: 0, complete: 0, partial: 0, notPlayed: {} },
    bytes: { toHost: 0, toGuest: 0 },
    gaps: { count: 0, bytes: 0, named: [] },
    cut: 0,
    divergences: { same: 0, 'same bytes, other form': 0, 'different answer': 0, missing: 0, extra: 0 },
    ...part,
  };
  return { account: () => account } as ReplayState;
}
