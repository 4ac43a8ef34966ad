/** The debug info, indexed: functions, lines, names in scope, packets. What gdb calls the symbol table. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  DebugInfo,
  FunctionInfo,
  PacketInfo,
  ProbeInfo,
  SourceLocation,
  Variable,
} from '../compiler/debug-info.ts';
import type { FieldTypes } from '../inferior/describe.ts';
import { PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import { near } from '../stack/util/near.ts';
import { EngineError, type SymbolScope } from './api.ts';

/** Names that a message suggests at most. */
const MOST_NEAR = 5;

/** Where the build is. */
export interface Dist {
  /** Folder of the compiled stack with probes. */
  readonly debugDir: string;
  readonly releaseDir: string;
  readonly worker: string;
  readonly debugInfo: string;
  /** V8's code of the modules in `debugDir`, if the build could make it. */
  readonly codeCache: string;
  /** Folder of the stack's sources. */
  readonly sourceRoot: string;
}

/** Finds the build: beside this module when bundled, else in the package's `dist`. */
export function findDist(distDir?: string): Dist {
  const here = dirname(fileURLToPath(import.meta.url));
  const dist = distDir ?? (existsSync(join(here, 'worker.js')) ? here : join(here, '../../dist'));
  return {
    debugDir: join(dist, 'stack/debug'),
    releaseDir: join(dist, 'stack/release'),
    worker: join(dist, 'worker.js'),
    debugInfo: join(dist, 'stack/debug-info.json'),
    codeCache: join(dist, 'debug.cache'),
    sourceRoot: join(dist, '../adapter/stack'),
  };
}

/** The packet that a function handles, where the local that holds it is in scope. */
export function packetLocal(fn: FunctionInfo, locals: readonly Variable[]): PacketInfo | undefined {
  const { packet } = fn;
  return packet && locals.some((l) => l.name === packet.name) ? packet : undefined;
}

/** JavaScript that views the packet, with `R` as the runtime's name; `undefined` where there is none. */
export function packetExpression(
  p: PacketInfo | undefined,
  runtime: string,
  method: 'packet' | 'packetCopy' = 'packet',
): string {
  if (!p) {
    return 'undefined';
  }
  const link = p.link === 'ethernet' || p.link === 'ip' ? JSON.stringify(p.link) : p.link;
  return `${runtime}.${method}(${JSON.stringify(p.kind)},${p.name},${p.extra || 'undefined'},${link})`;
}

export interface BreakLocation extends SourceLocation {
  readonly function: string;
  readonly probe: number;
}

/** Every launch waits for it, so it is one pass. */
function tablesOf({ probes, functions }: DebugInfo): ProbeTables {
  const count = probes.length;
  const kind = new Uint8Array(count);
  const fn = new Uint32Array(count);
  const line = new Uint32Array(count);
  const entry = new Uint8Array(count);
  const canReturn = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const p = probes[i]!;
    const of = functions[p.fn]!;
    kind[i] = PROBE_KIND[p.kind];
    fn[i] = p.fn;
    line[i] = p.line;
    entry[i] = of.probes[0] === p.id ? 1 : 0;
    canReturn[i] = of.isConstructor ? 0 : 1;
  }
  return { kind, fn, line, entry, canReturn };
}

export class Image {
  readonly info: DebugInfo;
  readonly dist: Dist;
  readonly #byName = new Map<string, FunctionInfo[]>();
  readonly #byFile = new Map<string, FunctionInfo[]>();
  readonly #probesByFile = new Map<string, ProbeInfo[]>();
  readonly #globals = new Map<string, Variable>();
  #tables: ProbeTables | undefined;

  /** Types of the fields of structs, as declared. */
  get fieldTypes(): FieldTypes {
    const { structs } = this.info;
    return Object.fromEntries(structs.map((s) => [s.name, Object.fromEntries(s.fields.map((f) => [f.name, f.type]))]));
  }

  constructor(info: DebugInfo, dist: Dist) {
    this.info = info;
    this.dist = dist;
    for (const f of info.functions) {
      push(this.#byName, f.name, f);
      push(this.#byFile, f.file, f);
      this.#globals.set(f.name, { name: f.name, type: 'function' });
    }
    for (const p of info.probes) {
      push(this.#probesByFile, this.fnOf(p).file, p);
    }
    for (const s of info.structs) {
      if (s.kind === 'class') {
        this.#globals.set(s.name, { name: s.name, type: 'class' });
      }
    }
    for (const g of info.globals) {
      this.#globals.set(g.name, g);
    }
  }

  /** Reads the build. Throws `EngineError` when there is none. */
  static load(distDir?: string): Image {
    const dist = findDist(distDir);
    let text: string;
    try {
      text = readFileSync(dist.debugInfo, 'utf8');
    } catch {
      throw new EngineError(`no compiled stack at ${dist.debugInfo}: run "npm run build"`);
    }
    return new Image(JSON.parse(text) as DebugInfo, dist);
  }

  isClass(name: string): boolean {
    return this.#globals.get(name)?.type === 'class';
  }

  fnOf(p: ProbeInfo): FunctionInfo {
    return this.info.functions[p.fn] as FunctionInfo;
  }

  probe(id: number): ProbeInfo | undefined {
    return this.info.probes[id];
  }

  location(p: ProbeInfo): BreakLocation {
    const fn = this.fnOf(p);
    return { file: fn.file, line: p.line, column: p.column, function: fn.name, probe: p.id };
  }

  /** Functions called `name`; `file:name` picks one file's. */
  functions(name: string): readonly FunctionInfo[] {
    const at = name.lastIndexOf(':');
    if (at > 0) {
      const file = this.file(name.slice(0, at));
      return (this.#byName.get(name.slice(at + 1)) ?? []).filter((f) => f.file === file);
    }
    return this.#byName.get(name) ?? this.info.functions.filter((f) => f.name.endsWith(`.${name}`));
  }

  /** The innermost function around a line, preferring the one V8 names. */
  functionAt(file: string, line: number, name: string): FunctionInfo | undefined {
    const around = (this.#byFile.get(file) ?? []).filter((f) => f.line <= line && line <= f.endLine);
    const plain = name.slice(name.lastIndexOf('.') + 1);
    const named = around.filter((f) => f.name === name || f.name.slice(f.name.lastIndexOf('.') + 1) === plain);
    return (named.length > 0 ? named : around).reduce<FunctionInfo | undefined>(
      (a, b) => (!a || b.endLine - b.line < a.endLine - a.line ? b : a),
      undefined,
    );
  }

  /** The known file that a path means: equal, or the only one with that tail, or that the path ends with. */
  file(path: string): string | undefined {
    const p = path.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\.js$/, '.ts');
    const files = this.info.files;
    if (files.includes(p)) {
      return p;
    }
    const root = `${this.dist.sourceRoot.replaceAll('\\', '/')}/`;
    if (p.startsWith(root)) {
      const rel = p.slice(root.length);
      return files.includes(rel) ? rel : undefined;
    }
    const tails = files.filter((f) => f.endsWith(`/${p}`));
    if (tails.length > 0) {
      return tails.length === 1 ? tails[0] : undefined;
    }
    return files.filter((f) => p.endsWith(`/${f}`)).sort((a, b) => b.length - a.length)[0];
  }

  /** Files that a short name could mean, for messages. */
  filesLike(path: string): string[] {
    const base = path.slice(path.lastIndexOf('/') + 1);
    const same = this.info.files.filter((f) => f.slice(f.lastIndexOf('/') + 1) === base);
    return same.length > 0
      ? same
      : near(
          base,
          this.info.files.map((f) => f.slice(f.lastIndexOf('/') + 1)),
          MOST_NEAR,
        );
  }

  /**
   * Where a breakpoint on a line binds: the first statement on it, else on the next line that has one, in the same
   * function if possible.
   */
  lineLocation(file: string, line: number, column = 0): ProbeInfo | undefined {
    const probes = (this.#probesByFile.get(file) ?? []).filter((p) => p.kind !== 'return');
    const onLine = probes.filter((p) => p.line === line);
    const exact = column > 0 ? onLine.find((p) => p.column >= column) : undefined;
    const first = exact ?? minBy(onLine, (p) => p.column);
    if (first) {
      return first;
    }
    const fn = this.functionAt(file, line, '');
    const inside = fn ? probes.filter((p) => p.line > line && p.line <= fn.endLine) : [];
    return minBy(inside.length > 0 ? inside : probes.filter((p) => p.line > line), (p) => p.line * 1000 + p.column);
  }

  /** Probes on the lines of a range, for breakpoint locations. */
  probesBetween(file: string, line: number, endLine: number): readonly ProbeInfo[] {
    return (this.#probesByFile.get(file) ?? []).filter(
      (p) => p.kind !== 'return' && p.line >= line && p.line <= endLine,
    );
  }

  /** Function names near to a misspelled one. */
  functionsLike(name: string): string[] {
    return near(name, [...this.#byName.keys()], MOST_NEAR);
  }

  /** What the runtime needs of the probes. */
  probeTables(): ProbeTables {
    this.#tables ??= tablesOf(this.info);
    return this.#tables;
  }

  /** Names in scope in a function, at a probe or in a frame; without a function, those that are everywhere. */
  scopeAt(fn: FunctionInfo | undefined, locals: readonly Variable[]): SymbolScope {
    const map = new Map(locals.map((l) => [l.name, l]));
    return {
      local: (name) => map.get(name),
      global: (name) => this.#globals.get(name),
      hasPacket: fn !== undefined && packetLocal(fn, locals) !== undefined,
    };
  }

  /**
   * Locals in scope in a frame whose innermost statement begins at or before `line`: those of the last probe up to
   * there.
   */
  localsAt(fn: FunctionInfo, line: number): readonly Variable[] {
    let best: ProbeInfo | undefined;
    for (const id of fn.probes) {
      const p = this.probe(id);
      if (
        p &&
        p.kind === 'statement' &&
        p.line <= line &&
        (!best || p.line > best.line || (p.line === best.line && p.column >= best.column))
      ) {
        best = p;
      }
    }
    return best?.locals ?? fn.params;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) {
    list.push(value);
  } else {
    map.set(key, [value]);
  }
}

function minBy<T>(items: readonly T[], key: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>((a, b) => (a === undefined || key(b) < key(a) ? b : a), undefined);
}
