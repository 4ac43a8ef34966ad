/** The TextMate grammar, with the fixtures `*.test.pktgdb` of this folder, and with all commands. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namesOf } from '../../adapter/commands/command.ts';
import { type ScriptGrammar, writeCommands } from '../../adapter/commands/grammar.ts';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import { tempFolder } from '../kit/temp.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');

/** Runs vscode-tmgrammar-test on a file; the grammars are those of package.json. */
async function check(file: string): Promise<void> {
  const program = join(root, 'node_modules/vscode-tmgrammar-test/dist/unit.js');
  const args = [program, '--config', join(root, 'package.json'), '--compact', file];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
}

describe('grammar', () => {
  for (const file of readdirSync(here).filter((f) => f.endsWith('.test.pktgdb'))) {
    it(`gives ${file} its scopes`, () => check(join(here, file)));
  }

  it('has the names of commands as the table has them (npm run grammar)', () => {
    const text = readFileSync(join(root, 'syntaxes/pktgdb.tmLanguage.json'), 'utf8');
    const grammar = JSON.parse(text) as ScriptGrammar;
    writeCommands(grammar);
    assert.equal(`${JSON.stringify(grammar, null, 2)}\n`, text);
  });

  it('knows all commands and subcommands by their names', async () => {
    const lines = ['# SYNTAX TEST "source.pktgdb" "All commands."', ''];
    for (const command of COMMANDS.filter((c) => c.why === undefined)) {
      for (const name of namesOf(command)) {
        const scope = command.block ? 'keyword.control.pktgdb' : 'keyword.other.command.pktgdb';
        lines.push(`${name} 1`, `# <${'-'.repeat(name.length)} ${scope}`, ...(name === 'document' ? ['end'] : []));
      }
      const below = ['info', 'set', 'show', 'host'].includes(command.name) ? (command.subcommands ?? []) : [];
      for (const sub of below.filter((c) => c.why === undefined)) {
        for (const name of namesOf(sub)) {
          const carets = ' '.repeat(command.name.length) + '^'.repeat(name.length);
          lines.push(`${command.name} ${name} 1`, `#${carets} keyword.other.subcommand.pktgdb`);
        }
      }
    }
    const folder = tempFolder();
    const file = join(folder, 'all.test.pktgdb');
    writeFileSync(file, `${lines.join('\n')}\n`);
    await check(file);
  });
});
