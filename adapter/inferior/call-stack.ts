/** The calls that this thread is in, as V8 tells of them. */

/** Leaves the stack from wherever it is, so that `main` can be called again. */
export class StackLeft extends Error {
  override name = 'StackLeft';
}

/** Frames of the code under `url` on this thread's call stack. */
export function stackDepth(url: string): number {
  const limit = Error.stackTraceLimit;
  const prepare = Error.prepareStackTrace;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) => sites.filter((s) => s.getFileName()?.startsWith(url)).length;
  const n = new Error().stack as unknown as number;
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return n;
}

/** Names of the functions under `url` that this thread is in, innermost first. */
export function functionNames(url: string): readonly string[] {
  const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) =>
    sites.filter((s) => s.getFileName()?.startsWith(url)).map((s) => s.getFunctionName() ?? '');
  const names = new Error().stack as unknown as readonly string[];
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return names;
}

/** A call of a function. */
export interface Call {
  readonly url: string;
  readonly line: number;
  readonly name: string;
}

/** Calls of the code under `url` that this thread is in, innermost first. */
export function callsOf(url: string): readonly Call[] {
  const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) =>
    sites.flatMap((s) => {
      const file = s.getFileName();
      const call = { url: file ?? '', line: s.getLineNumber() ?? 0, name: s.getFunctionName() ?? '' };
      return call.url.startsWith(url) ? [call] : [];
    });
  const calls = new Error().stack as unknown as readonly Call[];
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return calls;
}

/** So many callers may be left out of back traces before the one that is not. */
const CALLERS = 4;

/** The debugger's own frames are few. */
const MOST_FRAMES = 12;

/** Tells the calls of the code under a URL around the one that called the debugger, for each of very many. */
export class Callers {
  readonly #url: string;
  /** Texts of calls by file and place: V8 counts lines and looks for names each time. */
  readonly #known = new Map<string, Map<number, string>>();

  constructor(url: string) {
    this.#url = url;
  }

  /** `file:line:name` for each, innermost first, a line each; those up to `by`, which the code called, are left out. */
  of(by: ((...args: never[]) => unknown) | undefined): string {
    const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
    Error.stackTraceLimit = by ? CALLERS : MOST_FRAMES;
    Error.prepareStackTrace = this.#text;
    const at = { stack: '' };
    Error.captureStackTrace(at, by);
    const callers = at.stack;
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = limit;
    return callers;
  }

  readonly #text = (_e: unknown, sites: readonly NodeJS.CallSite[]): string =>
    sites
      .filter((s) => s.getFileName()?.startsWith(this.#url))
      .slice(1, CALLERS)
      .map((s) => this.#call(s))
      .join('\n');

  #call(s: NodeJS.CallSite): string {
    const file = s.getFileName() ?? '';
    let calls = this.#known.get(file);
    if (!calls) {
      calls = new Map();
      this.#known.set(file, calls);
    }
    const at = s.getPosition();
    let text = calls.get(at);
    if (text === undefined) {
      text = `${file.slice(this.#url.length + 1)}:${s.getLineNumber()}:${s.getFunctionName() ?? ''}`;
      calls.set(at, text);
    }
    return text;
  }
}
