/** The command language: loops that can be interrupted, definitions, hooks, arguments, aliases, pipes, settings. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../kit/temp.ts';
import { Session, transcript } from './session.ts';

describe('the command language', () => {
  let s: Session;
  beforeEach(() => {
    s = new Session();
  });
  afterEach(() => s.gdb.dispose());

  /** What a session says whose command is interrupted when it has set `$i`. */
  async function interrupted(...lines: string[]): Promise<string> {
    const watch = (): void => {
      if (s.gdb.looping > 0 && s.gdb.evaluator.variableEntries().some(([name]) => name === 'i')) {
        s.gdb.interrupt();
      } else {
        setImmediate(watch);
      }
    };
    setImmediate(watch);
    return s.run(...lines);
  }

  it('ends a loop at an interrupt, though nothing in it waits for anything (A1)', async () => {
    assert.equal(await interrupted('while 1', 'set $i = 1', 'end'), '!Quit\n');
    assert.equal(await s.run('print $i'), '$1 = 1\n');
    assert.equal(await interrupted('while 1', 'while 1', 'set $i = 1', 'end', 'end'), '!Quit\n');
  });

  it('ends scripts, definitions and a long print at an interrupt', async () => {
    const file = join(tempFolder(), 'script');
    writeFileSync(file, 'while 1\nset $i = 1\nend\n');
    assert.equal(await interrupted(`source ${file}`), `!${file}:3: Error in sourced command file:\nQuit\n`);
    await s.run('define forever', 'while 1', 'set $i = 1', 'end', 'end');
    assert.equal(await interrupted('forever'), '!Quit\n');
    s.gdb.interrupts.interrupt();
    await assert.rejects(() => s.gdb.reader.children('0', 0, 1), /Quit/);
  });

  it('leaves a loop where the machine was interrupted in it', async () => {
    s.engine.script = [{ reason: { kind: 'pause' } }, { reason: { kind: 'pause' } }];
    const text = await s.run('while 1', 'continue', 'end');
    assert.match(text, /SIGINT.*!Quit\n$/s);
    assert.equal(s.engine.script.length, 1);
  });

  it('takes as many blocks in each other as gdb does', async () => {
    const nested = (n: number): string[] => [
      ...Array<string>(n).fill('if 1'),
      'echo in\\n',
      ...Array<string>(n).fill('end'),
    ];
    assert.equal(await s.run(...nested(253)), 'in\n');
    assert.equal(await s.run('define deep', ...nested(253), 'end', 'deep'), 'in\n');
    assert.equal(await s.run(...Array<string>(254).fill('if 1')), '!Control nesting too deep!\n');
    assert.equal(await s.run('echo out\\n'), 'out\n');
    const script = join(tempFolder(), 'script');
    writeFileSync(script, nested(20_000).join('\n'));
    assert.equal(
      await s.run(`source ${script}`),
      `!${script}:254: Error in sourced command file:\nControl nesting too deep!\n`,
    );
  });

  it('has loop_break and loop_continue', async () => {
    const text = await s.script(`
set $i = 0
while 1
  set $i++
  if $i == 2
    loop_continue
  end
  if $i > 4
    loop_break
  end
  output $i
end
echo .`);
    assert.equal(text, '134.');
    assert.equal(await s.run('loop_break'), '!This command cannot be used at the top level.\n');
    assert.equal(await s.run('while'), '!while command requires an argument.\n');
  });

  it('gives user commands quoted arguments whole, and names one that is missing (A10)', async () => {
    await s.run('define foo', 'echo [$argc] [$arg0] [$arg1]\\n', 'end');
    await transcript(s, [
      ['foo "a b" c', '[2] ["a b"] [c]\n'],
      ["foo 'x y' (1 + 2)", "[4] ['x y'] [(1]\n"],
      ['foo a', '!Missing argument 1 in user function.\n'],
    ]);
    await s.run('define bar', 'if $argc > 1', 'echo two\\n', 'else', 'echo one\\n', 'end', 'end');
    assert.equal(await s.run('bar 1'), 'one\n');
    assert.equal(await s.run('bar 1 2'), 'two\n');
  });

  it('asks before it redefines a command, a built-in one too (A8)', async () => {
    const asked: string[] = [];
    let answer = true;
    const t = new Session(undefined, {
      confirm: async (question) => {
        asked.push(question);
        return answer;
      },
    });
    await t.run('define foo', 'end', 'define foo', 'echo new\\n', 'end');
    assert.equal(await t.run('foo'), 'new\n');
    await t.run('define echo', 'print 7', 'end');
    assert.equal(await t.run('echo x'), '$1 = 7\n');
    answer = false;
    assert.equal(await t.run('define info'), '!Command "info" not redefined.\n');
    await t.run('define hook-nosuch');
    assert.deepEqual(asked, [
      'Redefine command "foo"?',
      'Really redefine built-in command "echo"?',
      'Really redefine built-in command "info"?',
      "Your new `hook-nosuch' command does not hook any existing command.\nProceed?",
    ]);
    t.gdb.dispose();
  });

  it('runs hooks before and after commands, and at stops (A9)', async () => {
    await s.run('define hook-echo', 'print 1', 'end', 'define hookpost-echo', 'print 2', 'end');
    assert.equal(await s.run('echo hi\\n'), '$1 = 1\nhi\n$2 = 2\n');
    await s.run('define hook-stop', 'echo stopping\\n', 'end');
    s.engine.script = [{ reason: { kind: 'step' } }];
    // The hooks of `echo` run in a hook too.
    assert.match(await s.run('next'), /^\$3 = 1\nstopping\n\$4 = 2\n3\t/);
    await s.run('define hook-print', 'print 5', 'end');
    assert.equal(await s.run('print 6'), '$5 = 5\n$6 = 6\n');
  });

  it('shows and documents user commands, below a prefix too', async () => {
    await s.run('define-prefix abc', 'define abc def', 'if 1', 'echo deep\\n', 'end', 'end');
    assert.equal(await s.run('abc def'), 'deep\n');
    assert.equal(await s.run('show user abc def'), 'User command "abc def":\n  if 1\n    echo deep\\n\n  end\n\n');
    assert.match(await s.run('define nosuch def'), /^!Undefined command: "nosuch"/);
    assert.equal(await s.run('document print'), '!Command "print" is built-in.\n');
  });

  it('pipe, eval, alias, with, complete, apropos', async () => {
    await transcript(s, [
      ['pipe echo hello\\n | tr a-z A-Z', 'HELLO\n'],
      ['| echo hello\\n | tr a-z A-Z', 'HELLO\n'],
      ['pipe -d ;; echo a|b\\n ;; cat', 'a|b\n'],
      ['pipe', '!Missing COMMAND\n'],
      ['pipe echo hi', '!Missing delimiter before SHELL_COMMAND\n'],
      ['pipe echo hi |', '!Missing SHELL_COMMAND.\n'],
      ['eval "echo %d\\\\n", 5', '5\n'],
      ['alias zz = print', ''],
      ['zz 5', '$1 = 5\n'],
      ['alias zz = print', '!Alias already exists: zz\n'],
      ['alias yy = nosuch', '!Undefined command: "nosuch".  Try "help".\n'],
      ['alias ee = print -elements 3 --', ''],
      ['ee so->so_data', '$2 = {0x1, 0x2, 0x3...}\n'],
      ['with print elements 1 -- print so->so_data', '$3 = {0x1...}\n'],
      ['show print elements', 'Limit on string chars or array elements to print is 200.\n'],
      ['with', '!Missing arguments.\n'],
      ['with nosuch on -- print 1', '!Undefined set command: "nosuch".  Try "help set".\n'],
      ['complete info li', 'info line\n'],
      [
        'apropos page',
        'set height -- Set number of lines gdb thinks are in a page.\n' +
          'show height -- Show number of lines gdb thinks are in a page.\n',
      ],
      ['apropos', '!REGEXP string is empty\n'],
    ]);
    assert.match(await s.run('help zz'), /Alias of "print"/);
  });

  it('an empty line repeats what gdb repeats', async () => {
    const s = new Session();
    const again = async (...lines: string[]): Promise<string> => {
      await s.run(...lines);
      return s.run('');
    };
    // gdb 13 repeats these, those that fail too.
    assert.match(await again('print 6 * 7'), /^\$2 = 42\n$/);
    assert.match(await again('info breakpoints'), /^No breakpoints/);
    assert.match(await again('nosuch'), /^!Undefined command: "nosuch"/);
    assert.match(await again('help list'), /^list, l\n/);
    assert.equal(await again('set $i = 1', 'set $i = $i + 1', '', 'output $i'), '3');
    assert.equal(await again('define one', 'echo one\\n', 'end', 'one'), 'one\n');
    assert.equal(await again('alias two = output 2', 'two'), '2');
    // And these it does not.
    for (const line of ['delete 99', 'display 1', 'cd .', 'complete wh', '# a comment', 'guest ls']) {
      assert.equal(await again(line), '', line);
    }
  });

  it('logs output to a file', async () => {
    const file = join(tempFolder(), 'log');
    await transcript(s, [
      [`set logging file ${file}`, ''],
      ['set logging enabled on', `Copying output to ${file}.\n`],
      ['print 77', '$1 = 77\n'],
      ['set logging redirect on', ''],
      ['print 78', ''],
      ['set logging off', `Done logging to ${file}.\n`],
      ['show logging enabled', 'Logging is disabled.\n'],
    ]);
    assert.equal(readFileSync(file, 'utf8').replace(/^Copying.*\n/, ''), '$1 = 77\n$2 = 78\n');
  });

  it('traces commands, and prints the lines of a script', async () => {
    const file = join(tempFolder(), 'script');
    writeFileSync(file, 'echo hi\\n\n');
    assert.equal(await s.run(`source -v ${file}`), '+echo hi\\n\nhi\n+\n');
    await s.run('set trace-commands on');
    assert.equal(await s.run('echo hi\\n'), '+echo hi\\n\nhi\n');
  });

  it('waits for what is written to a pipe until it is interrupted', async () => {
    const pipe = join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Written to from the start: opened for both, which waits for nobody.
    const writer = openSync(pipe, constants.O_RDWR);
    writeSync(writer, 'echo one\\n\n');
    const sourced = s.run(`source ${pipe}`);
    writeSync(writer, 'echo two\\n\n');
    setImmediate(() => closeSync(writer));
    assert.equal(await sourced, 'one\ntwo\n');
    // Nobody writes to it.
    const given = s.run(`source ${pipe}`);
    const again = setInterval(() => s.gdb.interrupt(), 1);
    assert.equal(await given, '!Quit\n');
    clearInterval(again);
    assert.match(await s.run('source /dev/zero'), /^!\/dev\/zero: it is longer than 67108864 bytes\.\n$/);
  });

  it('shows what others wrote without obeying it', async () => {
    const script = join(tempFolder(), 'script');
    writeFileSync(script, 'break foo\x1b]52;c;QUFB\x07\x9b31m\u202ebar\n');
    assert.equal(
      await s.run(`source ${script}`),
      `!${script}:1: Error in sourced command file:\n` +
        'Function "foo\\x1b]52;c;QUFB\\x07\\x9b31m\\u202ebar" not defined.\n',
    );
    writeFileSync(script, 'x'.repeat(1 << 20));
    assert.ok((await s.run(`source ${script}`)).length < 10_000);
    assert.equal(await s.run('printf "%s\\t%c\\n", "a\\033[31m\\n", 27'), 'a\\x1b[31m\n\t\\x1b\n');
  });

  it('has errors that are no stacks of its own (A14)', async () => {
    const folder = tempFolder();
    const self = join(folder, 'self');
    writeFileSync(self, `source ${self}\n`);
    assert.match(await s.run(`source ${self}`), /Max script depth exceeded: a script sources itself\.\n$/);
    await transcript(s, [
      ['printf "%99999999999d\\n", 1', '!A width or precision above 100000 is not supported in printf\n'],
      ['printf "%.3f\\n", 1.5', '1.500\n'],
      [`source ${folder}`, `!${folder}: Is a directory.\n`],
    ]);
    symlinkSync('round', join(folder, 'round'));
    assert.match(await s.run(`source ${folder}/round`), /round: Too many levels of symbolic links\.\n$/);
    assert.equal((await s.run('printf "%.1000f\\n", 1.5')).length, 1003);
  });

  it('lists commands of the user in order, and helps with what they say', async () => {
    await s.run('define zed', 'echo z\\n', 'end', 'define abc', 'echo a\\n', 'end', 'document zed', 'Says z.', 'end');
    assert.equal(await s.run('show user'), 'User command "abc":\n  echo a\\n\n\nUser command "zed":\n  echo z\\n\n\n');
    assert.equal(await s.run('help zed'), 'Says z.\n');
    assert.match(
      await s.run('help user-defined'),
      /^User-defined commands\.\nThe commands in .*\nUse .*\n\nList of commands:\n\nabc -- .*\nzed -- Says z\.\n/,
    );
  });

  it('repeats with "with" and "pipe" the last command, which is none of them', async () => {
    assert.equal(
      await s.run('with print pretty on', 'print 1'),
      "!Missing nested command after '--' delimiter\n$1 = 1\n",
    );
    assert.equal(
      await s.run('with print pretty on', 'with print pretty on --', 'with print pretty on'),
      '$2 = 1\n$3 = 1\n$4 = 1\n',
    );
    assert.equal(await s.run('with print elements 3 -- print 5', 'with print pretty on'), '$5 = 5\n$6 = 5\n');
    // An alias of "with" is not seen through, and does not go on for ever.
    assert.equal(
      await s.run('alias anew = with', 'print 5', 'anew print pretty on', 'anew print pretty on'),
      "$7 = 5\n$8 = 5\n!Missing nested command after '--' delimiter\n",
    );
  });

  it("assigns to what has the beginning of a setting's name", async () => {
    assert.equal(await s.run('set s = s', 'set x = 9', 'print x'), '$1 = 9\n');
    assert.match(await s.run('set t'), /^!Ambiguous set command "t": target-charset, .*trace-commands/);
  });
});
