/** The examples of `help`: each command has one, and each is typed. */
import assert from 'node:assert/strict';
import { type Command, kindsOf } from '../../adapter/commands/command.ts';
import { EXAMPLES } from '../../adapter/commands/examples.ts';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

/** Where no example can be typed at this stop, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  guest: 'a replay has no shell; the golden transcript types into it',
  interrupt: 'the machine stands still',
  end: 'closes a block',
  host: 'says what may follow',
  record: 'says that it is recorded already',
  'what-if': 'the past has not been changed; test/gdb/history.test.ts does',
  'diff history': 'the past has not been changed; test/gdb/history.test.ts does',
  'follow udp': 'the capture has no such conversation; test/gdb/packets.test.ts has',
  'record stop': 'says that it cannot be',
  'record delete': 'says that it cannot be',
};

/** What is done before an example that needs another place than the one before left. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  skip: ['delete', 'break e1000_receive_iov if $pkt.tcp.dstport == 5556', 'run'],
  delay: ['delete', 'tbreak e1000_receive_iov', 'run'],
  drop: ['tbreak e1000_receive_iov', 'run'],
  return: ['tbreak e1000_receive_iov', 'run'],
  restart: ['checkpoint'],
};

interface Known {
  readonly path: string;
  readonly command: Command;
}

function all(table: readonly Command[], prefix = ''): Known[] {
  return table
    .filter(({ why, setting }) => why === undefined && !setting)
    .flatMap((command) => [
      { path: `${prefix}${command.name}`, command },
      ...all(command.subcommands ?? [], `${prefix}${command.name} `),
    ]);
}

/** A command that is typed by its name alone: it takes nothing, or lists what is below it. */
function isItsOwnExample({ command }: Known): boolean {
  return command.subcommands !== undefined || kindsOf(command).every((kind) => kind === 'nothing');
}

describe('the examples of help', () => {
  const commands = all(COMMANDS);

  it('are there for each command', () => {
    const without = commands.filter((c) => !(c.path in EXAMPLES) && !(c.path in ELSEWHERE) && !isItsOwnExample(c));
    assert.deepEqual(
      without.map((c) => c.path).filter((path) => !OPTIONAL.has(path)),
      [],
    );
    const paths = new Set(commands.map((c) => c.path));
    assert.deepEqual(
      Object.keys(EXAMPLES).filter((path) => !paths.has(path)),
      [],
    );
  });

  it('work', async function () {
    this.timeout(90_000);
    const engine = await Engine.create();
    let errors = '';
    let output = '';
    const gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      javascript: true,
      launch: {
        args: ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'],
        traces: [capture('02-hello.pcap')],
      },
      write: (text, kind) => {
        errors += kind === 'stderr' ? text : '';
        output += kind === 'stderr' ? '' : text;
      },
    });
    const folder = process.cwd();
    // The thread of scripts is found from here.
    await gdb.execute('js 1');
    process.chdir(tempFolder());
    const bad: string[] = [];
    const silent: string[] = [];
    try {
      await gdb.execute('break e1000_receive_iov if $pkt.tcp.dstport == 5556');
      await gdb.execute('run');
      await gdb.execute('set journey on');
      const plain = commands.filter(
        (c) => !(c.path in EXAMPLES) && !(c.path in ELSEWHERE) && (isItsOwnExample(c) || OPTIONAL.has(c.path)),
      );
      const typed: [string, string][] = [
        ...plain.map(({ path }): [string, string] => [path, path]),
        ...Object.entries(EXAMPLES),
      ];
      for (const [path, text] of typed) {
        for (const line of BEFORE[path] ?? []) {
          await gdb.execute(line);
        }
        errors = output = '';
        for (const line of text.split('\n')) {
          await gdb.execute(line);
        }
        if (output.trim() === '') {
          silent.push(path);
        }
        if (errors !== '') {
          bad.push(`${text}: ${errors}`);
        }
      }
      assert.deepEqual(bad, []);
      assert.deepEqual(silent.sort(), SILENT);
      assert.equal(gdb.quit, 0);
    } finally {
      process.chdir(folder);
      gdb.dispose();
      await engine.dispose();
    }
  });
});

/** Commands whose arguments can be left out. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'info args',
  'info breakpoints',
  'info display',
  'info frame',
  'info locals',
  'info packet',
  'info journey',
  'info skip',
  'info stack',
  'info watchpoints',
  'show user',
]);

/** Commands that print nothing where all is well, as in gdb; every other example prints something. */
const SILENT: readonly string[] = (
  'add-auto-load-safe-path|alias|append binary memory|append binary value|append memory|append value|commands|' +
  'condition|define|define-prefix|delete|disable|document|dont-repeat|down-silently|dump binary memory|' +
  'dump binary value|dump memory|dump value|enable|init-if-undefined|loop_break|loop_continue|quit|select-frame|set|' +
  'set args|set environment|set link|set logging|set macro|set variable|show commands|show user|skip delete|' +
  'skip disable|skip enable|stop|undisplay|unset environment|up-silently|while'
).split('|');
