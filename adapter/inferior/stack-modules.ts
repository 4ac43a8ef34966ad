/**
 * Loads the compiled stack, whose modules import nothing but each other. Node's loader would take four times as long
 * for its some 200 files, and that is most of a launch; so they are read and linked here, where Node lets us
 * (`--experimental-vm-modules`, which the engine starts the thread with). Order, URLs and lines are the loader's.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm, { type Module } from 'node:vm';

/** A module of the stack, as others see it. */
export type StackModule = Readonly<Record<string, unknown>>;

/** Loads modules, named without extension, one after the other; resolves to the first one. */
export async function loadStack(folder: string, names: readonly [string, ...string[]]): Promise<StackModule> {
  return 'SourceTextModule' in vm ? linked(folder, names) : imported(folder, names);
}

const urlOf = (folder: string, path: string): string => pathToFileURL(`${folder}/${path}`).href;

async function imported(folder: string, [first, ...others]: readonly [string, ...string[]]): Promise<StackModule> {
  const load = (name: string): Promise<StackModule> => import(urlOf(folder, `${name}.js`)) as Promise<StackModule>;
  const result = await load(first);
  // One after the other: Node's loader does not survive a failing import among parallel ones over the same modules.
  for (const name of others) {
    await load(name);
  }
  return result;
}

async function linked(folder: string, names: readonly [string, ...string[]]): Promise<StackModule> {
  const modules = new Map<string, Module>();
  const paths = new Map<Module, string>();
  const read = (path: string): Module => {
    const known = modules.get(path);
    if (known) {
      return known;
    }
    const text = readFileSync(`${folder}/${path}`, 'utf8');
    const module = new vm.SourceTextModule(text, { identifier: urlOf(folder, path) });
    modules.set(path, module);
    paths.set(module, path);
    return module;
  };
  const link = (specifier: string, from: Module): Module =>
    read(posix.join(posix.dirname(paths.get(from) ?? ''), specifier));
  for (const name of names) {
    const module = read(`${name}.js`);
    if (module.status === 'unlinked') {
      await module.link(link);
    }
    if (module.status !== 'evaluated') {
      await module.evaluate();
    }
  }
  return read(`${names[0]}.js`).namespace as StackModule;
}
