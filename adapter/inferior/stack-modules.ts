/**
 * Loads the compiled stack, whose modules import nothing but each other. Node's loader would take four times as long
 * for its some 200 files, and that is most of a launch; so they are read and linked here, where Node lets us
 * (`--experimental-vm-modules`, which the engine starts the thread with). Order, URLs and lines are the loader's.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm, { type Module, type SourceTextModule } from 'node:vm';

/** A module of the stack, as others see it. */
export type StackModule = Readonly<Record<string, unknown>>;

/** Names without extension. */
type Names = readonly [string, ...string[]];

/** Loads modules one after the other; resolves to the first one. `cache` is a file of scripts/code-cache.mjs, or ''. */
export async function loadStack(folder: string, names: Names, cache: string): Promise<StackModule> {
  return 'SourceTextModule' in vm ? linked(folder, names, new CodeCache(cache, folder)) : imported(folder, names);
}

const urlOf = (folder: string, path: string): string => pathToFileURL(`${folder}/${path}`).href;

async function imported(folder: string, [first, ...others]: Names): Promise<StackModule> {
  const load = (name: string): Promise<StackModule> => import(urlOf(folder, `${name}.js`)) as Promise<StackModule>;
  const result = await load(first);
  // One after the other: Node's loader does not survive a failing import among parallel ones over the same modules.
  for (const name of others) {
    await load(name);
  }
  return result;
}

/** The first line of a file of code. */
interface CodeHeader {
  readonly v8: string;
  /** The URL that the code believes to come from. */
  readonly folder: string;
  /** Where each module's code is behind the line. */
  readonly modules: Readonly<Record<string, readonly [from: number, to: number]>>;
}

/** What V8 made of the modules when the stack was built. */
class CodeCache {
  readonly #header: CodeHeader | undefined;
  readonly #codes: Buffer = Buffer.alloc(0);
  /** When it was made. */
  readonly #time: number = 0;

  constructor(file: string, folder: string) {
    if (!file || !existsSync(file)) {
      return;
    }
    const bytes = readFileSync(file);
    const end = bytes.indexOf('\n');
    const header = JSON.parse(bytes.toString('utf8', 0, end)) as CodeHeader;
    if (header.v8 === process.versions.v8 && header.folder === pathToFileURL(folder).href) {
      this.#header = header;
      this.#codes = bytes.subarray(end + 1);
      this.#time = statSync(file).mtimeMs;
    }
  }

  /** The code of a module. V8 itself compares no more than lengths, so a file that was written later has none. */
  of(folder: string, path: string): Buffer | undefined {
    const place = this.#header?.modules[path];
    const known = place && statSync(`${folder}/${path}`).mtimeMs <= this.#time;
    return known ? this.#codes.subarray(...place) : undefined;
  }
}

function parse(folder: string, path: string, cachedData: Buffer | undefined): SourceTextModule {
  const text = readFileSync(`${folder}/${path}`, 'utf8');
  const identifier = urlOf(folder, path);
  if (cachedData) {
    try {
      return new vm.SourceTextModule(text, { identifier, cachedData });
    } catch {
      // V8 runs with other flags, or the text is wrong: then the next line says how.
    }
  }
  return new vm.SourceTextModule(text, { identifier });
}

async function linked(folder: string, names: Names, cache: CodeCache): Promise<StackModule> {
  const modules = new Map<string, Module>();
  const paths = new Map<Module, string>();
  const read = (path: string): Module => {
    const known = modules.get(path);
    if (known) {
      return known;
    }
    const module = parse(folder, path, cache.of(folder, path));
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
