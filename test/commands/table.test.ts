/** The command table: what it says of each command holds together, and everything that is derived from it has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitOpener } from '../../adapter/commands/blocks.ts';
import {
  type Command,
  CommandError,
  findCommand,
  kindsOf,
  namesOf,
  UnknownCommandError,
} from '../../adapter/commands/command.ts';
import { documentation, helpText } from '../../adapter/commands/help.ts';
import { INERT_PRINT_SETTINGS, INERT_SETTINGS } from '../../adapter/commands/inert-settings.ts';
import { defaultSettings, PRINT_SETTINGS, SETTINGS, settingText } from '../../adapter/commands/settings.ts';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import type { SOURCE_COMMANDS } from '../../adapter/commands/table/source.ts';
import { withTable, wordRow } from '../../adapter/commands/word-table.ts';
import type { Handlers } from '../../adapter/gdb/handler.ts';
import { handlerOf } from '../../adapter/gdb/handlers.ts';
import { root } from '../lint/sources.ts';

interface Entry {
  readonly command: Command;
  readonly path: string;
  readonly table: readonly Command[];
}

function entries(table: readonly Command[], prefix = ''): Entry[] {
  return table.flatMap((command) => {
    const path = `${prefix}${command.name}`;
    return [{ command, path, table }, ...entries(command.subcommands ?? [], `${path} `)];
  });
}

const all = entries(COMMANDS);

describe('the command table', () => {
  it('gives no name twice', () => {
    for (const table of [COMMANDS, ...all.map((e) => e.command.subcommands ?? [])]) {
      const names = table.flatMap(namesOf);
      assert.deepEqual(
        names.filter((n, i) => names.indexOf(n) !== i),
        [],
      );
    }
  });

  it('has commands that are found by each of their names, with what does them', () => {
    for (const { command, path } of all) {
      for (const name of namesOf(command)) {
        const text = [...path.split(' ').slice(0, -1), name].join(' ');
        const found = findCommand(COMMANDS, `${text} =`);
        assert.equal(found.path, path);
        assert.equal(found.args, '=');
        assert.equal(found.at, text.length + 1);
        assert.equal(handlerOf(found) === undefined, command.block !== undefined, path);
      }
    }
  });

  it('does not compile with a handler too few or too many', () => {
    const list = (): void => {};
    // @ts-expect-error There is none for `list`.
    const few: Handlers<typeof SOURCE_COMMANDS> = {};
    // @ts-expect-error There is no such command.
    const many: Handlers<typeof SOURCE_COMMANDS> = { list, lists: list };
    assert.notDeepEqual(few, many);
  });

  it('has one line on what a command does, and a usage that begins with its name', () => {
    for (const { command, path } of all) {
      assert.match(command.summary, /^[A-Z][^\n]*\.$/, path);
      assert.ok(command.usage?.startsWith(path) ?? true, path);
      assert.ok(helpText(COMMANDS, path).includes(documentation(command)), path);
    }
  });

  it('begins blocks with the commands that scripts close with "end"', () => {
    for (const { command, path } of all) {
      assert.equal(splitOpener(`${path} 1`)?.kind, command.block, path);
    }
  });

  it('has commands of several arguments begin with a breakpoint: what completion and checks go by', () => {
    for (const { command, path } of all.filter((e) => kindsOf(e.command).length > 1)) {
      assert.equal(kindsOf(command)[0], 'breakpoints', path);
    }
  });
});

describe('finding a command', () => {
  /** What is thrown, with the part of the line that it blames. */
  function refused(line: string): [string, string] {
    try {
      findCommand(COMMANDS, line);
    } catch (error) {
      assert.ok(error instanceof CommandError && error.span);
      return [line.slice(error.span.start, error.span.end), error.message];
    }
    assert.fail(`${line} is found`);
  }

  const rows: readonly (readonly [line: string, part: string, message: string])[] = [
    ['brek main', 'brek', 'Undefined command: "brek".  Try "help".'],
    ['  brek main', 'brek', 'Undefined command: "brek".  Try "help".'],
    ['  info  regs x', 'regs', 'Undefined info command: "regs".  Try "help info".'],
    ['set print prety on', 'prety', 'Undefined set print command: "prety".  Try "help set print".'],
    ['un 3', 'un', 'Ambiguous command "un 3": undisplay, unset, until.'],
    ['info l', 'l', 'Ambiguous info command "l": line, locals.'],
    [',x y', ',x', 'Undefined command: ",x y".  Try "help".'],
  ];
  for (const [line, part, message] of rows) {
    it(`blames ${part} in ${JSON.stringify(line)}`, () => assert.deepEqual(refused(line), [part, message]));
  }

  it('tells what there is in the place of an unknown name', () => {
    assert.throws(
      () => findCommand(COMMANDS, 'set print prety on'),
      (e) => e instanceof UnknownCommandError && e.prefix === 'set print' && e.known.includes('pretty'),
    );
  });

  it('takes for an expression what "set" has no setting for', () => {
    assert.equal(findCommand(COMMANDS, 'set listsize 5').path, 'set listsize');
    for (const line of ['set x = 5', 'set $x = 5', 'set *p = 5']) {
      assert.equal(findCommand(COMMANDS, line).path, 'set', line);
    }
  });
});

describe("gdb's words", () => {
  const words = readFileSync(join(root, 'test/vectors/gdb-commands.txt'), 'utf8').trim().split('\n');

  it('are all there, or say why not', () => {
    assert.deepEqual(
      words.filter((word) => wordRow(word) === undefined),
      [],
    );
  });

  it('are in docs/gdb.md as the table has them (npm run gdb-table)', () => {
    const text = readFileSync(join(root, 'docs/gdb.md'), 'utf8');
    assert.equal(withTable(text, words), text);
  });
});

describe('settings', () => {
  /** Those that take any text. */
  const texts = new Set([
    'prompt',
    ...[...INERT_SETTINGS, ...INERT_PRINT_SETTINGS].filter((s) => !['on', 'off'].includes(s[2])).map(([name]) => name),
  ]);
  for (const setting of [...SETTINGS, ...PRINT_SETTINGS].filter((s) => !texts.has(s.name))) {
    it(`${setting.name} takes each of its values, shows it, and refuses others`, () => {
      const settings = defaultSettings();
      for (const value of setting.values) {
        setting.set(settings, value);
        assert.equal(setting.get(settings), value);
      }
      if (setting.values.length === 0) {
        setting.set(settings, '17');
        assert.equal(setting.get(settings), '17');
      }
      assert.throws(() => setting.set(settings, 'sometimes'), CommandError);
    });
  }

  it("without an effect are kept, and shown in gdb's words", () => {
    const settings = defaultSettings();
    for (const [name, sentence, value, values] of INERT_SETTINGS) {
      const setting = SETTINGS.find((s) => s.name === name)!;
      assert.equal(settingText(setting, settings), sentence.replace('%', value));
      const other = values?.find((v) => v !== value) ?? (value === 'on' ? 'off' : value === 'off' ? 'on' : 'other');
      setting.set(settings, other);
      assert.equal(settingText(setting, settings), sentence.replace('%', other));
    }
  });
});
