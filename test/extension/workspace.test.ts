/** The project's own .vscode: what it names exists, and its configurations fit together. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '../lint/sources.ts';

interface Configuration {
  readonly name: string;
  readonly type: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly preLaunchTask?: string;
  readonly debugServer?: number;
  readonly token?: string;
}

interface Task {
  readonly label: string;
  readonly type: string;
  readonly script?: string;
  readonly args?: readonly string[];
  readonly problemMatcher?: {
    readonly pattern?: { readonly regexp: string };
    readonly background?: { readonly beginsPattern: string; readonly endsPattern: string };
  };
}

function parse<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as T;
}

const { configurations, compounds } = parse<{
  readonly configurations: readonly Configuration[];
  readonly compounds: readonly { readonly name: string; readonly configurations: readonly string[] }[];
}>('.vscode/launch.json');
const { tasks } = parse<{ readonly tasks: readonly Task[] }>('.vscode/tasks.json');
const { scripts } = parse<{ readonly scripts: Readonly<Record<string, string>> }>('package.json');

describe('.vscode', () => {
  it('names tasks, scripts, configurations and files that exist', () => {
    const labels = tasks.map(({ label }) => label);
    for (const { name, preLaunchTask } of configurations) {
      assert.ok(preLaunchTask !== undefined && labels.includes(preLaunchTask), name);
    }
    for (const { label, type, script = '', args = [] } of tasks) {
      assert.ok(
        type === 'npm' ? script in scripts : existsSync(args[0]!.replace(/^\$\{workspaceFolder\}/, root)),
        label,
      );
    }
    for (const name of compounds.flatMap((c) => c.configurations)) {
      assert.ok(
        configurations.some((c) => c.name === name),
        name,
      );
    }
  });

  it('connects the session of "Debug the adapter" to the adapter it starts', () => {
    const [adapter, session] = compounds[0]!.configurations.map((name) => configurations.find((c) => c.name === name)!);
    assert.deepEqual(adapter?.args, ['-i', `dap=${session?.debugServer}`]);
    assert.equal(adapter?.env?.['PKTGDB_DAP_TOKEN'], session?.token);
    const wait = tasks.find(({ label }) => label === session?.preLaunchTask);
    assert.equal(wait?.args?.[1], String(session?.debugServer));
  });

  it('understands what the watch prints', () => {
    const { pattern, background } = tasks.find(({ label }) => label === 'watch')!.problemMatcher!;
    assert.match('adapter/stack/net/hub.ts:3:7: error: what is wrong', new RegExp(pattern!.regexp));
    const source = ['watch', 'builder'].map((name) => readFileSync(join(root, `scripts/${name}.mjs`), 'utf8')).join('');
    const lines = [...source.matchAll(/['`]((?:building|built in|build failed|watching)[^'`]*)\\n['`]/g)];
    assert.equal(lines.length, 4);
    const [begins, ends] = [new RegExp(background!.beginsPattern), new RegExp(background!.endsPattern)];
    for (const [, line = ''] of lines) {
      assert.equal(begins.test(line), line === 'building', line);
      assert.equal(ends.test(line), line !== 'building', line);
    }
  });

  it('has a task that ends when somebody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [join(root, 'scripts/wait-for-port.mjs'), String(port)]);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    server.close();
  });
});
