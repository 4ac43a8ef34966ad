/** A TypeScript program over files in memory. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const ROOT = '/stack/';
/** Parsed files of the standard library, shared by all compilations of a process. */
const libFiles = new Map<string, ts.SourceFile | undefined>();

/** Name of a stack file inside the program. */
export function fileName(path: string): string {
  return ROOT + path;
}

/** Parses `files` and binds them; the type checker answers on demand. */
export function createProgram(files: ReadonlyMap<string, string>, lib: boolean): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    types: [],
    ...(lib ? { lib: ['lib.es2024.d.ts', 'lib.esnext.sharedmemory.d.ts'] } : { noLib: true }),
  };
  const text = (name: string): string | undefined =>
    name.startsWith(ROOT) ? files.get(name.slice(ROOT.length)) : undefined;
  const libFolder = dirname(createRequire(import.meta.url).resolve('typescript'));
  const host: ts.CompilerHost = {
    getSourceFile: (name, languageVersion) => {
      const source = text(name);
      return source === undefined ? libFile(name, languageVersion) : ts.createSourceFile(name, source, languageVersion);
    },
    getDefaultLibFileName: () => join(libFolder, 'lib.d.ts'),
    getDefaultLibLocation: () => libFolder,
    getCurrentDirectory: () => ROOT,
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => text(name) !== undefined,
    readFile: text,
    writeFile: () => {},
    directoryExists: () => true,
    getDirectories: () => [],
  };
  return ts.createProgram([...files.keys()].map(fileName), options, host);
}

function libFile(name: string, options: ts.ScriptTarget | ts.CreateSourceFileOptions): ts.SourceFile | undefined {
  if (!libFiles.has(name)) {
    let file: ts.SourceFile | undefined;
    try {
      file = ts.createSourceFile(name, readFileSync(name, 'utf8'), options);
    } catch {
      file = undefined; // a name that resolution tried; the program reports what is missing
    }
    libFiles.set(name, file);
  }
  return libFiles.get(name);
}
