/** Compiles a piece of stack code and runs it outside a worker, with probes that note what they are given. */
import assert from 'node:assert/strict';
import vm from 'node:vm';
import { type CompileResult, compile } from '../../adapter/compiler/compile.ts';
import type { DebugInfo, FunctionInfo, ProbeInfo } from '../../adapter/compiler/debug-info.ts';

/** A probe that was passed, and the locals by name. */
export interface Hit {
  readonly probe: ProbeInfo;
  readonly locals: Readonly<Record<string, unknown>>;
  /** The returned value, at a 'return' probe. */
  readonly ret?: unknown;
}

export interface Outcome {
  /** What `main()` returned, or the error it threw. */
  readonly value?: unknown;
  readonly error?: Error;
  /** What the program passed to `log`. */
  readonly log: readonly unknown[];
  readonly hits: readonly Hit[];
  readonly ticks: number;
}

/** Compiles files that must be right. */
export function compiled(files: Record<string, string>, options = { lib: false }): CompileResult {
  const result = compile(new Map(Object.entries(files)), options);
  assert.deepEqual(result.errors, []);
  return result;
}

/** Function of that name in the debug info. */
export function fn(info: DebugInfo, name: string): FunctionInfo {
  const found = info.functions.find((f) => f.name === name);
  assert.ok(found, `no function ${name} among ${info.functions.map((f) => f.name).join(', ')}`);
  return found;
}

export interface ExecuteOptions {
  /** A probe that makes its function return a value. */
  readonly makeReturn?: { readonly probe: number; readonly value: unknown };
  /** Called inside each armed probe. */
  readonly onHit?: (hit: Hit) => void;
}

/**
 * Runs `main()` of compiled JavaScript of a module without imports. Line numbers in stacks are those of the
 * file.
 */
export function execute(
  js: string,
  info: DebugInfo,
  armed: boolean,
  { makeReturn, onHit }: ExecuteOptions = {},
): Outcome {
  const log: unknown[] = [];
  const hits: Hit[] = [];
  const A = new Uint8Array(info.probes.length).fill(armed ? 1 : 0);
  const T = new Float64Array([0, Number.POSITIVE_INFINITY]);
  const D = info.probes.map((probe) => (...args: unknown[]): boolean => {
    const names = probe.locals.map((v) => v.name);
    const ret = probe.kind === 'return' ? { ret: args.shift() } : {};
    assert.equal(args.length, names.length);
    const hit = { probe, locals: Object.fromEntries(names.map((name, i) => [name, args[i]])), ...ret };
    hits.push(hit);
    onHit?.(hit);
    return makeReturn?.probe === probe.id;
  });
  const text = js.replace(/^import\*as \$p .*?=\$p;/, '').replace(/^export /gm, '       ');
  const unregistered = text.replace(/;globalThis\.__pktgdb\?\.module\(.*\);$/, '');
  const run = vm.compileFunction(
    `'use strict';${unregistered};return main();`,
    ['$A', '$D', '$E', '$R', '$T', '$born', '$tick', 'log'],
    {
      filename: 'test.ts',
    },
  );
  try {
    const value: unknown = run(
      A,
      D,
      new Uint8Array(info.functions.length),
      { returned: makeReturn?.value },
      T,
      () => undefined,
      assert.fail,
      (x: unknown) => log.push(x),
    );
    return { value, log, hits, ticks: T[0]! };
  } catch (error) {
    return { error: error as Error, log, hits, ticks: T[0]! };
  }
}

export interface Run {
  readonly info: DebugInfo;
  /** The instrumented text. */
  readonly debug: string;
  /** With all probes armed. */
  readonly armed: Outcome;
}

/**
 * Compiles `source` (which defines `main`) and runs it three ways: without probes, with probes, with all of them armed.
 * Asserts that all three do the same and that the armed run reports what it should.
 */
export function runAll(source: string): Run {
  const { debug, release, info } = compiled({ 'test.ts': source });
  const debugJs = debug.get('test.js')!;
  const plain = execute(release.get('test.js')!, info, false);
  const quiet = execute(debugJs, info, false);
  const armed = execute(debugJs, info, true);
  for (const o of [quiet, armed]) {
    assert.deepEqual(essence(o), essence(plain), debugJs);
  }
  assert.deepEqual(quiet.hits, []);
  assert.equal(quiet.ticks, armed.ticks);
  return { info, debug: debugJs, armed };
}

/** What must not depend on probes. The stack's first frame tells that lines are the same. */
function essence(o: Outcome): unknown {
  const where = o.error?.stack?.match(/test\.ts:\d+/)?.[0];
  return { value: o.value, error: o.error && `${o.error.name}: ${o.error.message}`, where, log: o.log };
}

/** Lines of the hits in order, those of one kind if given. */
export function lines(run: Run, kind?: ProbeInfo['kind']): number[] {
  return run.armed.hits.filter((h) => kind === undefined || h.probe.kind === kind).map((h) => h.probe.line);
}

/** The hits on a line. */
export function at(run: Run, line: number): Hit[] {
  return run.armed.hits.filter((h) => h.probe.line === line);
}
