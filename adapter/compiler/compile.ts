/**
 * The stack's compiler: TypeScript in, JavaScript with probes (debug) and without (release) out, line for line, and the
 * debug info. See "Compiled stack" in ARCHITECTURE.md.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import tsBlankSpace from 'ts-blank-space';
import ts from 'typescript';
import { Accesses } from './accesses.ts';
import { Constants } from './constants.ts';
import type { DebugInfo, GlobalInfo, SourceLocation, StructInfo } from './debug-info.ts';
import { Edits } from './edits.ts';
import { AccessTable, instrument, type Tables, UnsupportedError } from './instrument.ts';
import { createProgram, fileName } from './program.ts';
import { moduleSymbols, registration } from './symbols.ts';
import { TypeNames } from './types.ts';

/**
 * Name of the module that hands `A`, `D`, `E`, `T`, `tick` and the runtime itself to the instrumented code, beside the
 * stack's own files.
 */
export const PROBE_MODULE = 'pktgdb-probe.js';

/** Source of `PROBE_MODULE`: the worker sets `globalThis.__pktgdb` before it imports the stack. */
export const PROBE_MODULE_SOURCE = `const p = globalThis.__pktgdb;
if (p === undefined) {
  throw new Error(
    'the debug build of the stack needs globalThis.__pktgdb = { A, D, E, T, tick, module } before it is imported',
  );
}
export const A = p.A;
export const D = p.D;
export const E = p.E;
export const R = p;
export const T = p.T;
export const tick = p.tick;
export const born = p.births?.born ?? (() => {});
`;

/**
 * What is wrong with a source file. One that does not parse, or holds what the stack may not, is left out of the
 * outputs.
 */
export interface CompileError extends SourceLocation {
  readonly message: string;
}

export interface CompileResult {
  /** JavaScript by output path (`hw/net/e1000.js`). */
  readonly debug: ReadonlyMap<string, string>;
  readonly release: ReadonlyMap<string, string>;
  readonly info: DebugInfo;
  readonly errors: readonly CompileError[];
}

export interface CompileOptions {
  /**
   * Without, types of the standard library are unknown and inferred local types are poorer, but it takes milliseconds.
   * Default true.
   */
  readonly lib?: boolean;
}

/**
 * Compiles all files of the stack together. `files` maps paths relative to the stack's root (`hw/net/e1000.ts`) to
 * their text.
 */
export function compile(files: ReadonlyMap<string, string>, options: CompileOptions = {}): CompileResult {
  const paths = [...files.keys()].sort();
  const program = createProgram(files, options.lib ?? true);
  const outputs = new Outputs(program.getTypeChecker());
  const errors: CompileError[] = [];
  for (const path of paths) {
    const file = program.getSourceFile(fileName(path))!;
    errors.push(...compileFile(program, file, path, outputs), ...wrongImports(file, path, files));
  }
  const { debug, release, tables, structs, globals } = outputs;
  const { functions, probes } = tables;
  const accesses = tables.accesses.all;
  const info: DebugInfo = {
    version: 1,
    buildId: buildId(files),
    files: paths,
    functions,
    probes,
    accesses,
    structs,
    globals,
  };
  return { debug, release, info, errors };
}

/** What has come of the files so far. */
class Outputs {
  readonly debug = new Map<string, string>();
  readonly release = new Map<string, string>();
  readonly tables: Tables = { functions: [], probes: [], accesses: new AccessTable() };
  readonly structs: StructInfo[] = [];
  readonly globals: GlobalInfo[] = [];
  readonly #types: TypeNames;
  readonly #constants: Constants;
  readonly #accesses: Accesses;

  constructor(checker: ts.TypeChecker) {
    this.#types = new TypeNames(checker);
    this.#constants = new Constants(checker);
    this.#accesses = new Accesses(checker, this.#types, this.#constants);
  }

  /** Adds a file, given also without its types. Throws `UnsupportedError` when it holds what the stack may not. */
  add(file: ts.SourceFile, path: string, stripped: string): void {
    const { functions, probes } = this.tables;
    const mark = { functions: functions.length, probes: probes.length };
    try {
      const edits = rewriteImports(file, instrument(file, path, stripped, this.#types, this.#accesses, this.tables));
      const last = registration(file, path);
      this.debug.set(jsPath(path), probeImport(path) + closeLine(edits.apply(stripped)) + last);
      this.release.set(jsPath(path), closeLine(rewriteImports(file).apply(stripped)) + last);
      const symbols = moduleSymbols(file, path, this.#types, this.#constants);
      this.structs.push(...symbols.structs);
      this.globals.push(...symbols.globals);
    } catch (e) {
      functions.length = mark.functions;
      probes.length = mark.probes;
      throw e;
    }
  }
}

/** Adds a file to the outputs if nothing is wrong with it. Returns what is. */
function compileFile(program: ts.Program, file: ts.SourceFile, path: string, outputs: Outputs): CompileError[] {
  const errors = syntaxErrors(program, file, path);
  const stripped = errors.length > 0 ? '' : strip(file, path, errors);
  if (errors.length > 0) {
    return errors;
  }
  try {
    outputs.add(file, path, stripped);
    return [];
  } catch (e) {
    if (!(e instanceof UnsupportedError)) {
      throw e;
    }
    return [errorAt(file, path, e.pos ?? e.node.getStart(file), e.message)];
  }
}

/**
 * What the first line of a file's debug build begins with. Constants of the module itself are a third cheaper to read
 * than imported ones: V8 folds their addresses into the code.
 */
function probeImport(path: string): string {
  const depth = path.split('/').length - 1;
  const probe = `${depth ? '../'.repeat(depth) : './'}${PROBE_MODULE}`;
  return `import*as $p from"${probe}";const{A:$A,D:$D,E:$E,R:$R,T:$T,born:$born,tick:$tick}=$p;`;
}

/** SHA-256 over paths and texts, in order of path. */
export function buildId(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) {
    hash.update(`${path}\0${files.get(path)}\0`);
  }
  return hash.digest('hex');
}

function jsPath(path: string): string {
  return path.replace(/\.ts$/, '.js');
}

/** The registration goes on the last line; after a comment that no newline ends it needs its own. */
function closeLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function errorAt(file: ts.SourceFile, path: string, pos: number, message: string): CompileError {
  const p = file.getLineAndCharacterOfPosition(pos);
  return { file: path, line: p.line + 1, column: p.character + 1, message };
}

function syntaxErrors(program: ts.Program, file: ts.SourceFile, path: string): CompileError[] {
  return program
    .getSyntacticDiagnostics(file)
    .map((d) => errorAt(file, path, d.start, ts.flattenDiagnosticMessageText(d.messageText, '\n')));
}

/**
 * An import that leads nowhere would else only show when the worker loads the file. The file is compiled all the same.
 */
function wrongImports(file: ts.SourceFile, path: string, files: ReadonlyMap<string, string>): CompileError[] {
  const errors: CompileError[] = [];
  for (const s of moduleReferences(file)) {
    const name = s.text;
    const target = posix.join(posix.dirname(path), name);
    if (!name.startsWith('.')) {
      errors.push(
        errorAt(file, path, s.getStart(file), `'${name}' cannot be imported: the stack imports only its own files`),
      );
    } else if (!name.endsWith('.ts')) {
      errors.push(errorAt(file, path, s.getStart(file), `'${name}' must be written with its extension, '.ts'`));
    } else if (!files.has(target)) {
      errors.push(errorAt(file, path, s.getStart(file), `'${name}' does not exist (${target})`));
    }
  }
  return errors;
}

/** Specifiers of imports and re-exports that remain when types are stripped. */
function moduleReferences(file: ts.SourceFile): ts.StringLiteral[] {
  return file.statements.flatMap((s) => {
    const value =
      (ts.isImportDeclaration(s) && !s.importClause?.isTypeOnly) || (ts.isExportDeclaration(s) && !s.isTypeOnly);
    return value && s.moduleSpecifier && ts.isStringLiteral(s.moduleSpecifier) ? [s.moduleSpecifier] : [];
  });
}

/** Rewrites the `.ts` of imports to `.js`. */
function rewriteImports(file: ts.SourceFile, edits: Edits = new Edits()): Edits {
  for (const s of moduleReferences(file)) {
    edits.replace(s.end - '.ts'.length - 1, s.end - 1, '.js');
  }
  return edits;
}

/** Types to spaces; what cannot be erased (enum, namespace, parameter properties) is an error. */
function strip(file: ts.SourceFile, path: string, errors: CompileError[]): string {
  return tsBlankSpace(file.text, (node) => {
    const kind = ts.SyntaxKind[node.kind];
    errors.push(
      errorAt(file, path, node.getStart(file), `only types that can be erased may be used here, not ${kind}`),
    );
  });
}
