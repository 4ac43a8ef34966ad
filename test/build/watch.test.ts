/** `npm run watch` in a copy of the project: what changes is built, and what is broken is told, until it is mended. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../kit/temp.ts';
import { root } from '../lint/sources.ts';

const STACK_FILE = 'adapter/stack/net/hub.ts';
const ADAPTER_FILE = 'adapter/main.ts';

describe('npm run watch', function () {
  // Several builds, on a machine that may do other things too.
  this.timeout(120_000);

  let copy: string;
  let child: ChildProcess;
  /** What it has printed and no test has looked at yet. */
  let printed: string;
  let wake: () => void;

  before(() => {
    copy = tempFolder();
    for (const part of ['adapter', 'src', 'scripts', 'package.json', 'package-lock.json']) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    child = spawn(process.execPath, [join(copy, 'scripts/watch.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] });
    printed = '';
    wake = () => {};
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      wake();
    });
    child.once('exit', () => wake());
  });

  after(async () => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  });

  const read = (path: string): string => readFileSync(join(copy, path), 'utf8');

  /** Resolves to the text that comes up to and with a line. */
  async function until(line: RegExp): Promise<string> {
    for (;;) {
      const found = line.exec(printed);
      if (found) {
        const end = found.index + found[0].length;
        const text = printed.slice(0, end);
        printed = printed.slice(end);
        return text;
      }
      assert.equal(child.exitCode, null, printed);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  it('builds what is there', async () => {
    await until(/^built in .*\n/m);
    await until(/^watching .*\n/m);
    assert.match(read('dist/stack/debug/net/hub.js'), /net_hub_receive/);
  });

  it('compiles a file of the stack that has changed', async () => {
    writeFileSync(
      join(copy, STACK_FILE),
      `${read(STACK_FILE)}\n/** Added. */\nexport const WATCHED_CONSTANT = 4711;\n`,
    );
    await until(/^built in .*\n/m);
    for (const kind of ['debug', 'release']) {
      assert.match(read(`dist/stack/${kind}/net/hub.js`), /WATCHED_CONSTANT = 4711/);
    }
  });

  it('bundles a file of the adapter that an editor has replaced', async () => {
    writeFileSync(join(copy, 'adapter/new.ts'), read(ADAPTER_FILE).replace('Usage: pktgdb', 'Usage: watched'));
    renameSync(join(copy, 'adapter/new.ts'), join(copy, ADAPTER_FILE));
    await until(/^built in .*\n/m);
    assert.match(read('dist/pktgdb.js'), /Usage: watched/);
  });

  const broken: [string, string][] = [
    // The rest of the stack is compiled without it.
    [STACK_FILE, 'dist/stack/release/net/queue.js'],
    [ADAPTER_FILE, 'dist/pktgdb.js'],
    // Without its compiler, the stack stays as it is.
    ['adapter/compiler/compile.ts', 'dist/stack/debug/net/hub.js'],
  ];
  for (const [path, output] of broken) {
    it(`tells the place of an error in ${path}, keeps what was built, and builds when it is mended`, async () => {
      const [good, built] = [read(path), read(output)];
      writeFileSync(join(copy, path), `${good}\nconst = 5;\n`);
      const text = await until(/^build failed .*\n/m);
      const line = good.split('\n').length + 1;
      assert.match(text, new RegExp(`^${path}:${line}:\\d+: error: .+$`, 'm'));
      assert.equal(read(output), built);
      writeFileSync(join(copy, path), good);
      await until(/^built in .*\n/m);
    });
  }

  it('finds files in a new folder, and that a file is gone', async () => {
    const good = read(ADAPTER_FILE);
    writeFileSync(join(copy, ADAPTER_FILE), `${good}\nimport './fresh/fresh.ts';\n`);
    assert.match(await until(/^build failed .*\n/m), /^adapter\/main\.ts:\d+:\d+: error: .*fresh/m);
    mkdirSync(join(copy, 'adapter/fresh'));
    writeFileSync(join(copy, 'adapter/fresh/fresh.ts'), "console.log('first text');\n");
    await until(/^built in .*\n/m);
    writeFileSync(join(copy, 'adapter/fresh/fresh.ts'), "console.log('second text');\n");
    await until(/^built in .*\n/m);
    assert.match(read('dist/pktgdb.js'), /second text/);
    rmSync(join(copy, 'adapter/fresh'), { recursive: true });
    assert.match(await until(/^build failed .*\n/m), /fresh/);
    writeFileSync(join(copy, ADAPTER_FILE), good);
    await until(/^built in .*\n/m);
  });
});
