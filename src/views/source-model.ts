/** The stack's sources by subsystem. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the folders are, in the order a packet from the host passes them; others follow by name. */
export const SUBSYSTEMS: readonly (readonly [folder: string, words: string])[] = [
  ['slirp', 'user-mode TCP/IP'],
  ['net', 'queues, hub, user network'],
  ['hw/net', 'e1000'],
  ['guest', 'driver, TCP/IP, shell'],
  ['guest/programs', 'programs of the guest'],
  ['hw/pci', 'PCI'],
  ['softmmu', 'machine, memory, CPU'],
  ['util', 'main loop, timers, sockets'],
  ['monitor', 'monitor commands'],
];

export interface SourceFolder {
  readonly name: string;
  readonly words: string;
  /** Names of the files, sorted. */
  readonly files: readonly string[];
}

/** Folders with sources below `root`. */
export async function sourceFolders(root: string): Promise<SourceFolder[]> {
  const found = new Map<string, string[]>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.ts')) {
      const folder = entry.parentPath.slice(root.length + 1).replaceAll('\\', '/');
      found.set(folder, [...(found.get(folder) ?? []), entry.name]);
    }
  }
  const rank = (name: string): number => SUBSYSTEMS.findIndex(([folder]) => folder === name) >>> 0;
  return [...found]
    .map(([name, files]) => ({
      name,
      words: SUBSYSTEMS.find(([folder]) => folder === name)?.[1] ?? '',
      files: files.sort(),
    }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}

/** What a file says it is: the first sentence of its first doc comment. */
export async function fileDescription(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  const comment = /^\s*\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  const words = comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  return (/^.*?[.:](?=\s|$)/.exec(words)?.[0] ?? words).replace(/[.:]$/, '');
}

/** A function of the stack; `file` is relative to the stack's folder, lines count from 1. */
export interface SourceFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly doc: string;
}

/** Functions of the debug info that the build wrote, without those the debugger steps over. */
export async function sourceFunctions(dist: string): Promise<SourceFunction[]> {
  const text = await readFile(join(dist, 'stack', 'debug-info.json'), 'utf8');
  const { functions } = JSON.parse(text) as { functions: (SourceFunction & { readonly nodebug: boolean })[] };
  return functions
    .filter(({ name, nodebug }) => !nodebug && !name.startsWith('<'))
    .map(({ name, file, line, doc }) => ({ name, file, line, doc }));
}
