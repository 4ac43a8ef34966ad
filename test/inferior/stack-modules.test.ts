/** How the thread loads the stack's modules, with V8's code of them and without. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '../../adapter/temporary.ts';
import { ROOT } from '../kit/paths.ts';

const VM_MODULES = ['--experimental-vm-modules', '--no-warnings'];

/** A file that was there for a while. */
function write(file: string, text: string): void {
  writeFileSync(file, text);
  utimesSync(file, 1e9, 1e9);
}

describe('modules of the stack', () => {
  let folder: TemporaryFolder;
  const cache = (): string => join(folder.path, 'code.cache');

  /** What a and then c say, in the order in which they are executed, and what a exports. */
  function load(flags: readonly string[]): unknown {
    const module = pathToFileURL(join(ROOT, 'adapter/inferior/stack-modules.ts')).href;
    const js = `globalThis.said = [];
      const { loadStack } = await import(${JSON.stringify(module)});
      const { a } = await loadStack(${JSON.stringify(folder.path)}, ['a', 'c'], ${JSON.stringify(cache())});
      console.log(JSON.stringify([...said, a()]));`;
    const args = [...flags, '--import', 'tsx', '--input-type=module', '-e', js];
    return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
  }

  beforeEach(() => {
    folder = temporaryFolder();
    write(join(folder.path, 'package.json'), '{ "type": "module" }');
    write(join(folder.path, 'a.js'), "import { b } from './b.js'; said.push('a'); export const a = () => b();");
    write(join(folder.path, 'b.js'), "said.push('b'); export const b = () => 1;");
    write(join(folder.path, 'c.js'), "import './b.js'; said.push('c');");
  });

  afterEach(() => folder.remove());

  it('are executed in the order of their imports, with vm modules and without', () => {
    const expected = ['b', 'a', 'c', 1];
    assert.deepEqual([load([]), load(VM_MODULES)], [expected, expected]);
  });

  it('are known by where they are, also where their code was kept in another place', () => {
    write(join(folder.path, 'b.js'), "export const b = () => new Error('x').stack.includes('/b.js:1:');");
    execFileSync(process.execPath, [...VM_MODULES, join(ROOT, 'scripts/code-cache.mjs'), folder.path, cache()]);
    const first = folder;
    assert.deepEqual(load(VM_MODULES), ['a', 'c', true]);
    folder = temporaryFolder();
    cpSync(first.path, folder.path, { recursive: true });
    write(join(folder.path, 'b.js'), readFileSync(join(first.path, 'b.js'), 'utf8').replace('/b.js:1:', folder.path));
    first.remove();
    assert.deepEqual(load(VM_MODULES), ['a', 'c', true]);
  });

  it('are those of the files where one was written after its code was kept, and as long', () => {
    execFileSync(process.execPath, [...VM_MODULES, join(ROOT, 'scripts/code-cache.mjs'), folder.path, cache()]);
    utimesSync(cache(), 1.1e9, 1.1e9);
    assert.deepEqual(load(VM_MODULES), ['b', 'a', 'c', 1]);
    writeFileSync(join(folder.path, 'b.js'), "said.push('B'); export const b = () => 2;");
    assert.deepEqual(load(VM_MODULES), ['B', 'a', 'c', 2]);
  });
});
