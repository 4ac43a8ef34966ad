/** The bundle as VS Code loads it, with a stand-in for VS Code: what activation loads and registers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Activation, activation } from '../kit/activation.ts';

const root = join(import.meta.dirname, '../..');

describe('activation', () => {
  let report: Activation;

  before(async () => {
    report = await activation();
  });

  it('reads no file and starts no program', () => {
    assert.deepEqual(report.read, [`fs.realpathSync ${root}`]);
  });

  it('loads only modules of Node', () => {
    const others = report.loaded.filter(
      (m) => m !== 'vscode' && !m.startsWith('node:') && !m.endsWith('extension.cjs'),
    );
    assert.deepEqual(others, []);
  });

  it('registers every command that the manifest declares', () => {
    const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      contributes: { commands: { command: string }[] };
    };
    const registered = new Set(
      report.calls.filter((c) => c.startsWith('vscode.commands.register')).map((c) => c.split(' ')[1]),
    );
    for (const { command } of contributes.commands) {
      assert.ok(registered.has(command), command);
    }
  });
});
